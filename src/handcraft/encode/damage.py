# SPDX-License-Identifier: Apache-2.0
"""Damage of known strength: what makes a picture look wrong, so that an encoder can be taught to tell how wrong.

Cameras blur, sharpen, tint and add noise; generators also leave coarse pixels and checkerboards (Odena et al. 2016,
"Deconvolution and checkerboard artifacts"). An encoder that must name each strength cannot be blind to it.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

DAMAGES = (
    "sharpness", "noise", "gamma", "contrast", "saturation", "red-green tint", "blue-yellow tint", "coarse pixels",
    "checkerboard",
)  # fmt: skip
"""In the order of the strengths."""
TWO_SIDED = ("sharpness", "gamma", "contrast", "saturation", "red-green tint", "blue-yellow tint")
"""Their strengths are from -1 to 1, those of the others from 0 to 1; 0 changes nothing."""

SHARE = 0.4
"""Of pictures that each damage is done to."""
NOISE_STD, CHECKERBOARD = 0.1, 0.12
LOG_GAMMA, LOG_CONTRAST, LOG_TINT = 0.7, 0.6, 0.35
_RED_GREEN, _BLUE_YELLOW = (1.0, -1.0, 0.0), (-0.5, -0.5, 1.0)


def sample_strengths(count: int, *, generator: torch.Generator) -> Float[Tensor, "batch damage"]:
    """Strengths of every damage, most of them 0."""
    shape = (count, len(DAMAGES))
    done = torch.rand(shape, generator=generator) < SHARE
    strengths = torch.rand(shape, generator=generator)
    signed = torch.tensor([name in TWO_SIDED for name in DAMAGES])
    return torch.where(done, torch.where(signed, 2 * strengths - 1, strengths), 0.0)


def damage(
    images: Float[Tensor, "batch 3 height width"],
    strengths: Float[Tensor, "batch damage"],
    *,
    generator: torch.Generator,
) -> Float[Tensor, "batch 3 height width"]:
    """Do to RGB images in [0, 1] what ``strengths`` say; the result is in [0, 1]. ``generator`` draws the noise."""
    amount = {name: strengths[:, place, None, None, None] for place, name in enumerate(DAMAGES)}
    images = images ** torch.exp(LOG_GAMMA * amount["gamma"])
    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * torch.exp(LOG_CONTRAST * amount["contrast"]) + mean
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (1 + amount["saturation"])
    images = images * torch.exp(
        LOG_TINT * (_per_channel(images, _RED_GREEN) * amount["red-green tint"]
        + _per_channel(images, _BLUE_YELLOW) * amount["blue-yellow tint"])
    )  # fmt: skip
    images = torch.lerp(images, _coarse(images), amount["coarse pixels"])
    images = images + (images - _blurred(images)) * amount["sharpness"]
    images = images + CHECKERBOARD * amount["checkerboard"] * _checkerboard(images)
    noise = torch.randn(images.shape, generator=generator).to(images)
    return (images + NOISE_STD * amount["noise"] * noise).clamp(0, 1)


def _per_channel(images: Tensor, values: tuple[float, ...]) -> Float[Tensor, "1 3 1 1"]:
    return images.new_tensor(values).view(1, 3, 1, 1)


def _coarse(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Pixels of twice the side."""
    small = F.avg_pool2d(images, 2, ceil_mode=True)
    return F.interpolate(small, scale_factor=2, mode="nearest")[..., : images.shape[-2], : images.shape[-1]]


def _blurred(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Two box filters of 3x3: nearly a Gaussian of standard deviation 1.15 px."""
    for _ in range(2):
        images = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return images


def _checkerboard(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "height width"]:
    """Plus and minus one in turn."""
    height, width = images.shape[-2:]
    places = torch.arange(height, device=images.device)[:, None] + torch.arange(width, device=images.device)
    return 1.0 - 2.0 * (places % 2)
