# SPDX-License-Identifier: Apache-2.0
"""What is drawn in one picture, layer by layer: the hand, other hands, solids. Depth decides, at every position."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from handcraft.geometry.cameras import Camera

NEAREST_DEPTH_M = 0.02

FAR_M = 30.0
"""Weak-perspective scenes are drawn as if from so far away. The kernels interpolate in perspective, which there is the
same to within 5 micrometres of depth across any triangle, and single precision keeps 2."""


@dataclass(frozen=True)
class Layer:
    """One surface: which triangle it shows at each position, and what that looks like."""

    keys: Int64[Tensor, "batch height width"]
    """At the pixels' centres: depth above, triangle below."""
    fine_keys: Int64[Tensor, "batch fine_height fine_width"]
    """At the positions that colour is averaged over."""
    labels: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
    """Depth, part and normal images of ``keys``."""
    colours: Callable[[Tensor, Tensor, Tensor], Tensor]
    """Light of ``fine_keys`` laid over what is behind, and coverage; given the normal image of ``keys``."""


def nearest_only(layers: list[Layer]) -> list[Layer]:
    """The same layers, each without what lies behind another; at one depth, the lesser triangle, or the first layer."""
    if len(layers) == 1:
        return layers
    keys, fine_keys = (_nearest_only([getattr(layer, name) for layer in layers]) for name in ("keys", "fine_keys"))
    return [
        replace(layer, keys=coarse, fine_keys=fine) for layer, coarse, fine in zip(layers, keys, fine_keys, strict=True)
    ]


def _nearest_only(keys: list[Tensor]) -> list[Tensor]:
    nothing = torch.iinfo(torch.int64).max
    kept = []
    for number, of_layer in enumerate(keys):
        hidden = torch.zeros_like(of_layer, dtype=torch.bool)
        for other, of_other in enumerate(keys):
            if other != number:
                hidden |= of_other <= of_layer if other < number else of_other < of_layer
        kept.append(of_layer.masked_fill(hidden, nothing))
    return kept


def drawn_from_camera(camera: Camera, points_m: Float[Tensor, "batch points 3"]) -> Float[Tensor, "batch points 3"]:
    """Points in the camera's frame as the kernels take them: those of a weak-perspective camera are far away.

    What is behind the camera stays there, so that it is not drawn.
    """
    if camera.projection == "pinhole":
        return points_m
    far_m = points_m + torch.tensor([0.0, 0.0, FAR_M], device=points_m.device)
    return torch.where(points_m[..., 2:] < NEAREST_DEPTH_M, points_m, far_m)


def depth_from_drawn(
    camera: Camera, depth_m: Float[Tensor, "batch height width"]
) -> Float[Tensor, "batch height width"]:
    """Undo :func:`drawn_from_camera`; 0 where nothing is."""
    return depth_m if camera.projection == "pinhole" else torch.where(depth_m > 0, depth_m - FAR_M, 0.0)
