# SPDX-License-Identifier: Apache-2.0
"""Label images made visible: masks, part ids, depth and normals as pictures with hard pixels, enlarged like the image.

The finger colours of the skeletons return in the part ids, so one legend serves every picture.
"""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Tensor

from handcraft.data.drawing import enlarged
from handcraft.hand.skeleton import FINGER_COLOURS, FOREARM_ID, OCCLUDER_ID, PARTS, finger_of

EMPTY_COLOUR = (236, 236, 236)
"""What a label picture shows where there is no hand: neither black nor white, so that it hides no edge."""

_EMPTY = np.array(EMPTY_COLOUR, dtype=np.uint8)
_HAND = np.array((70, 70, 74), dtype=np.uint8)


def show_mask(mask: Bool[Tensor, "height width"], *, scale: int = 4) -> Image.Image:
    """A mask as a picture: the hand dark, the rest the colour of emptiness."""
    hand = mask.detach().cpu().numpy()
    return _nearest(np.where(hand[..., None], _HAND, _EMPTY), scale)


def show_parts(parts: UInt8[Tensor, "height width"], *, scale: int = 4) -> Image.Image:
    """A part image (0 background, 1 to 20 parts, then the forearm) in the finger colours, lighter towards the tips."""
    return _nearest(_part_palette()[parts.detach().cpu().numpy()], scale)


def show_depth(
    depth_m: Float[Tensor, "height width"], *, near_m: float | None = None, far_m: float | None = None, scale: int = 4
) -> Image.Image:
    """A depth image in the cividis colours, yellow near and blue far; 0 m means that nothing is there.

    ``near_m`` and ``far_m`` fix the range, so that pictures can be compared; without them it is the picture's own.
    """
    depth = depth_m.detach().cpu().double().numpy()
    present = depth > 0
    if not present.any():
        return _nearest(np.broadcast_to(_EMPTY, (*depth.shape, 3)), scale)
    near = float(depth[present].min()) if near_m is None else near_m
    far = float(depth[present].max()) if far_m is None else far_m
    import matplotlib  # only here, as in drawing

    nearness = np.clip((far - depth) / max(far - near, 1e-9), 0, 1)
    coloured = matplotlib.colormaps["cividis"](nearness, bytes=True)[..., :3]
    return _nearest(np.where(present[..., None], coloured, _EMPTY), scale)


def show_normals(normals: Float[Tensor, "3 height width"], *, scale: int = 4) -> Image.Image:
    """Unit normals of the OpenCV camera frame in the colours normal maps have elsewhere; zero vectors are empty.

    Red is right, green is up and blue is towards the viewer, so y and z change sign (the camera has y down, z forward).
    """
    towards_viewer = normals.detach().cpu().double().permute(1, 2, 0).numpy() * np.array([1.0, -1.0, -1.0])
    present = np.linalg.norm(towards_viewer, axis=-1, keepdims=True) > 0.5
    coloured = np.clip(np.round((towards_viewer + 1) / 2 * 255), 0, 255).astype(np.uint8)
    return _nearest(np.where(present, coloured, _EMPTY), scale)


@cache
def _part_palette() -> np.ndarray:
    palette = np.full((256, 3), EMPTY_COLOUR, dtype=np.uint8)
    for finger in ("palm", *FINGER_COLOURS):
        names = [name for name in PARTS if finger_of(name) == finger]
        base = np.array(FINGER_COLOURS["wrist" if finger == "palm" else finger])
        for step, name in enumerate(names):
            whitened = base + (1 - base) * 0.62 * step / max(len(names) - 1, 1)
            palette[PARTS.index(name) + 1] = np.round(whitened * 255)
    palette[FOREARM_ID] = (196, 186, 176)
    palette[OCCLUDER_ID] = (120, 126, 140)
    return palette


def _nearest(pixels: np.ndarray, scale: int) -> Image.Image:
    return enlarged(Image.fromarray(np.ascontiguousarray(pixels)), scale, Image.Resampling.NEAREST)
