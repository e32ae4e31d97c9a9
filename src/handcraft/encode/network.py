# SPDX-License-Identifier: Apache-2.0
"""The hand encoder's network: four feature maps from full size to an eighth, and one vector for the whole picture.

Convolutions work at the size their map has and averaging halves it, so that nothing aliases and gradients towards the
image, which a perceptual discriminator needs, have no holes. The vector is read from the means of all maps: those of
the fine ones tell of noise, sharpness and colour, those of the coarse ones of pose and view.
"""

import itertools

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.encode.damage import DAMAGES
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.skeleton import PARTS
from handcraft.networks import LEAKY_SLOPE, initialise_kaiming

TAP_CHANNELS = (16, 32, 64, 96)
DEEPEST_CHANNELS = 128
FEATURES = 64
"""Values of the vector: few, for a Fréchet distance needs more images than values."""
SIZE_MULTIPLE = 16
VIEW_VALUES = 6
PARTS_WIDTH = 64


def _convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    """A batch-normalised 3x3 convolution."""
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels))


class Stage(nn.Module):
    """A convolution to ``out_channels`` and a residual one."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.change = _convolution(in_channels, out_channels)
        self.residual = _convolution(out_channels, out_channels)

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels height width"]:
        """The stage's map, rectified leakily."""
        x = F.leaky_relu(self.change(x), LEAKY_SLOPE)
        return F.leaky_relu(x + self.residual(x), LEAKY_SLOPE)


class HandEncoderNet(nn.Module):
    """Images in [-1, 1], of sides that are multiples of 16, to maps and a vector."""

    def __init__(self, *, generator: torch.Generator) -> None:
        super().__init__()
        channels = (*TAP_CHANNELS, DEEPEST_CHANNELS)
        first = nn.Sequential(_convolution(3, channels[0]), nn.LeakyReLU(LEAKY_SLOPE))
        self.stages = nn.ModuleList([first, *(Stage(*pair) for pair in itertools.pairwise(channels))])
        self.vector = nn.Linear(sum(channels), FEATURES, bias=False)
        self.standard = nn.BatchNorm1d(FEATURES, affine=False)
        initialise_kaiming(self, negative_slope=LEAKY_SLOPE, generator=generator)

    def maps(
        self, images: Float[Tensor, "batch 3 height width"], count: int = len(TAP_CHANNELS)
    ) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        """The first ``count`` maps, each half the size of the one before."""
        found: list[Tensor] = []
        for stage in self.stages[:count]:
            found.append(stage(F.avg_pool2d(found[-1], 2) if found else images))
        return tuple(found)

    def vector_of(self, maps: tuple[Float[Tensor, "batch _ _ _"], ...]) -> Float[Tensor, "batch 64"]:
        """The vector of all maps, each value standardised."""
        means = torch.cat([each.mean((2, 3)) for each in maps], 1)
        return self.standard(self.vector(means))

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 64"]:
        """The vector."""
        return self.vector_of(self.maps(images, len(self.stages)))


class Teacher(nn.Module):
    """What the encoder is asked while it learns; thrown away afterwards."""

    def __init__(self, *, generator: torch.Generator) -> None:
        super().__init__()
        coarse = (TAP_CHANNELS[2], TAP_CHANNELS[3], DEEPEST_CHANNELS)
        self.entrances = nn.ModuleList(nn.Conv2d(channels, PARTS_WIDTH, 1) for channels in coarse)
        self.parts = nn.Conv2d(PARTS_WIDTH, 1 + len(PARTS), 1)
        self.told = nn.Linear(FEATURES, len(DAMAGES) + len(DOF_NAMES) + VIEW_VALUES + 2)
        initialise_kaiming(self, generator=generator)

    def part_logits(self, maps: tuple[Float[Tensor, "batch _ _ _"], ...]) -> Float[Tensor, "batch part _ _"]:
        """Background and 20 parts, from the maps at a quarter of the size and below."""
        size = maps[2].shape[-2:]
        entered = [entrance(each) for entrance, each in zip(self.entrances, maps[2:], strict=True)]
        together = torch.stack([F.interpolate(each, size=size, mode="nearest") for each in entered]).sum(0)
        return self.parts(F.relu(together))

    def answers(self, vectors: Float[Tensor, "batch 64"]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Strengths of damage, pose, view, skin tone and the logit of the photographic look, all linear in vectors."""
        sizes = (len(DAMAGES), len(DOF_NAMES), VIEW_VALUES, 1, 1)
        strengths, pose, view, tone, look = self.told(vectors).split(sizes, 1)
        return strengths, pose, view, tone[:, 0], look[:, 0]
