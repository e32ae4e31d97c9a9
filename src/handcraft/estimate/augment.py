# SPDX-License-Identifier: Apache-2.0
"""Augmentation that moves labels with pixels: one affine map moves images, masks and keypoints alike.

Maps act on unit coordinates: the square image spans [0, 1] in both axes whatever its size, so the same map serves a
64 px photograph, its 256 px enlargement and its labels. Mirroring shows a hand of the other side: every keypoint keeps
its name (a mirrored index finger is an index finger), hence the identity map on the 21 keypoints.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError

REDUCE_FIRST = 1.5
"""How many times larger than its result an image may be before plain bilinear sampling would skip its pixels."""


@dataclass(frozen=True)
class AugmentConfig:
    """How far training images are moved and recoloured; zeros (and ``scale=1``) leave them as they are."""

    rotation_deg: float = 180.0
    """Rotation about the middle, uniform in plus or minus this angle."""
    scale: float = 1.2
    """Magnification, log-uniform between ``1 / scale`` and ``scale``."""
    shift: float = 0.06
    """Shift along each axis as a fraction of the side, uniform in plus or minus this value."""
    mirror: bool = True
    """Mirror every second image on average."""
    colour_jitter: float = 0.0
    """Strength of random gamma and per-channel gain; black stays black. 0 leaves colours alone."""

    def __post_init__(self) -> None:
        """Refuse ranges without meaning."""
        if self.scale < 1:
            raise HandcraftError(f"Expected `scale` to be at least 1, but got {self.scale}.")
        for name in ("rotation_deg", "shift", "colour_jitter"):
            if getattr(self, name) < 0:
                raise HandcraftError(f"Expected `{name}` to be at least 0, but got {getattr(self, name)}.")


def _plus_minus_one(count: int, generator: torch.Generator) -> Float[Tensor, " batch"]:
    return 2 * torch.rand(count, generator=generator) - 1


def sample_warps(count: int, config: AugmentConfig, *, generator: torch.Generator) -> Float[Tensor, "batch 2 3"]:
    """Random ``output_from_input`` maps: mirror, then rotate and scale about the middle, then shift."""
    angle = _plus_minus_one(count, generator) * math.radians(config.rotation_deg)
    scale = torch.exp(_plus_minus_one(count, generator) * math.log(config.scale))
    shift = torch.stack([_plus_minus_one(count, generator) for _ in range(2)], -1) * config.shift
    mirrored = torch.rand(count, generator=generator) < (0.5 if config.mirror else 0.0)
    across = torch.where(mirrored, -1.0, 1.0)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    linear = torch.stack([torch.stack([cosine * across, -sine], -1), torch.stack([sine * across, cosine], -1)], -2)
    middle = torch.full((2,), 0.5)
    return torch.cat([linear, (middle + shift - linear @ middle)[..., None]], -1)


def mirror_warps(count: int) -> Float[Tensor, "batch 2 3"]:
    """The map that mirrors left and right; its own inverse."""
    return torch.tensor([[-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]).expand(count, 2, 3)


def warp_images(
    images: Float[Tensor, "batch channels height width"],
    output_from_input: Float[Tensor, "batch 2 3"],
    *,
    size: int,
    outside: Literal["zeros", "reflection"] = "zeros",
) -> Float[Tensor, "batch channels size size"]:
    """Move image content by ``output_from_input`` into images of side ``size``, bilinear.

    Images much larger than ``size`` are reduced to it first (antialiased), so that no pixel is skipped.

    Args:
        images: of any height and width; unit coordinates span both.
        output_from_input: maps on unit coordinates.
        size: side of the result.
        outside: what stands where nothing was; ``reflection`` mirrors the image at its border, labels with it.
    """
    if min(images.shape[-2:]) >= REDUCE_FIRST * size:
        images = F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False, antialias=True)
    linear = torch.linalg.inv(output_from_input[..., :2])
    offset = -(linear @ output_from_input[..., 2:])
    # affine_grid speaks of [-1, 1]: u = (n + 1) / 2, hence n_in = linear n_out + (linear 1 + 2 offset - 1)
    offset_grid = linear.sum(-1, keepdim=True) + 2 * offset - 1
    theta = torch.cat([linear, offset_grid], -1).to(images)
    grid = F.affine_grid(theta, [len(images), 1, size, size], align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode=outside, align_corners=False)


def warp_keypoints(
    keypoints_px: Float[Tensor, "batch joint 2"],
    output_from_input: Float[Tensor, "batch 2 3"],
    *,
    input_px: int,
    output_px: int,
) -> Float[Tensor, "batch joint 2"]:
    """Move keypoints of an image of side ``input_px`` to where ``warp_images`` to ``output_px`` moves its content."""
    output_from_input = output_from_input.to(keypoints_px)
    moved = keypoints_px / input_px @ output_from_input[..., :2].mT + output_from_input[:, None, :, 2]
    return moved * output_px


def jitter_colours(
    images: Float[Tensor, "batch 3 height width"], strength: float, *, generator: torch.Generator
) -> Float[Tensor, "batch 3 height width"]:
    """A random gamma per image and a random gain per channel, as another light and another camera would give.

    Black stays black, so a removed background stays removed.
    """
    if strength == 0:
        return images
    count = len(images)
    gamma = torch.exp(strength * _plus_minus_one(count, generator)).to(images).view(-1, 1, 1, 1)
    tint = torch.rand(count, 3, generator=generator) - 0.5
    gain = torch.exp(strength * (_plus_minus_one(count, generator)[:, None] * 0.5 + tint)).to(images)
    return (images.clamp(0, 1) ** gamma * gain[..., None, None]).clamp(0, 1)
