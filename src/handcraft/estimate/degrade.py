# SPDX-License-Identifier: Apache-2.0
"""Strong changes of look for the segmenter's training images: it learns on renders and must read photographs.

Light, white balance, saturation, sharpness and noise change freely; where the hand is does not.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.estimate.augment import jitter_colours


@dataclass(frozen=True)
class DegradeConfig:
    """How far the look of training images is changed; zeros leave it as it is."""

    colour: float = 0.35
    """Strength of random gamma and per-channel gain."""
    brightness: float = 0.15
    """Offset added to all channels, uniform in plus or minus this value."""
    contrast: float = 0.3
    """Contrast about the image's mean, log-uniform in plus or minus this value."""
    saturation: float = 0.7
    """Share of colour replaced by grey, uniform from 0 to this value."""
    blur: float = 1.0
    """Share replaced by a blurred copy, uniform from 0 to this value."""
    noise: float = 0.05
    """Standard deviation of Gaussian noise, uniform from 0 to this value."""

    def __post_init__(self) -> None:
        """Refuse strengths without meaning."""
        for name in ("colour", "brightness", "contrast", "noise"):
            if getattr(self, name) < 0:
                raise HandcraftError(f"Expected `{name}` to be at least 0, but got {getattr(self, name)}.")
        for name in ("saturation", "blur"):
            if not 0 <= getattr(self, name) <= 1:
                raise HandcraftError(f"Expected `{name}` to be from 0 to 1, but got {getattr(self, name)}.")


def degrade(
    images: Float[Tensor, "batch 3 height width"], config: DegradeConfig, *, generator: torch.Generator
) -> Float[Tensor, "batch 3 height width"]:
    """Another camera's view of the same pixels: images in [0, 1] to images in [0, 1]."""

    def up_to(highest: float) -> Float[Tensor, "batch 1 1 1"]:
        return highest * torch.rand(len(images), 1, 1, 1, generator=generator).to(images)

    images = jitter_colours(images, config.colour, generator=generator)
    images = torch.lerp(images, images.mean(1, keepdim=True), up_to(config.saturation))
    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * torch.exp(up_to(2 * config.contrast) - config.contrast) + mean
    images = images + up_to(2 * config.brightness) - config.brightness
    images = torch.lerp(images, _blurred(images), up_to(config.blur))
    noise = torch.randn(images.shape, generator=generator).to(images)
    return (images + noise * up_to(config.noise)).clamp(0, 1)


def _blurred(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Two box filters of 3x3: nearly a Gaussian of standard deviation 1.15 px. As sums: pooling is slow on a CPU."""
    for _ in range(2):
        padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
        rows = padded[..., :-2, :] + padded[..., 1:-1, :] + padded[..., 2:, :]
        images = (rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]) / 9
    return images
