# SPDX-License-Identifier: Apache-2.0
"""Images to one vector of features: a trunk of our own that needs no file, or a well-known network of timm's."""

from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.estimate.compact import BasicBlock
from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.networks import initialise_kaiming
from handcraft.networks.backbones import Backbone, load_backbone
from handcraft.networks.fitting import fitted
from handcraft.randomness import generator_for

CELLS = 4
"""Side of the compact trunk's last map, whose cells are all kept: where a fingertip is must not be averaged away."""


def _halvings(widths: tuple[int, ...]) -> Iterator[nn.Module]:
    for given, made in zip((3, *widths), widths, strict=False):
        yield nn.Sequential(
            nn.Conv2d(given, made, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU(inplace=True)
        )
        if given > 3:
            yield BasicBlock(made)


class CompactEncoder(nn.Module):
    """Four halvings with residual blocks; the last map, brought to 4 x 4 cells, is the feature."""

    def __init__(self, *, image_px: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.image_px = image_px
        self.trunk = nn.Sequential(*_halvings((width, 2 * width, 4 * width, 4 * width)))
        self.narrowed = nn.Conv2d(4 * width, 2 * width, 1)
        self.cells = nn.AdaptiveAvgPool2d(CELLS)
        self.feature_count = 2 * width * CELLS**2
        initialise_kaiming(self, generator=generator)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch feature"]:
        """Features of RGB images in [0, 1] of any one size."""
        x = (4 * fitted(images, self.image_px) - 2).contiguous(memory_format=torch.channels_last)
        return self.cells(self.narrowed(self.trunk(x))).flatten(1)


def make_encoder(config: RegressorConfig, *, weights: Path | None) -> CompactEncoder | Backbone:
    """The encoder of ``config``, every weight of it ready to learn; with the weights of a file, or with random ones.

    Raises:
        HandcraftError: timm is missing, or the file is missing, damaged or of another network.
    """
    if config.encoder == "compact":
        return CompactEncoder(image_px=config.image_px, width=config.width, generator=generator_for(config.seed))
    return load_backbone(config.encoder, weights, seed=config.seed).without_classes().requires_grad_(True)


def starting_weights(config: RegressorConfig) -> Path | None:
    """The file that ``config`` starts from, or None where it starts from random weights.

    Raises:
        HandcraftError: a pretrained start without a file.
    """
    if config.start == "random":
        return None
    if config.weights is None:
        raise HandcraftError(
            f"Expected `weights` to name a file of {config.encoder}'s weights for a pretrained start, but got none; "
            "give your own with --weights FILE, or take --start random."
        )
    return config.weights
