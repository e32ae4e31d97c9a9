# SPDX-License-Identifier: Apache-2.0
"""The finder's network: residual, down to maps of a thirty-second of the picture and back up to an eighth.

Every cell of the last maps says whether a hand's middle is in it and, if so, what hand (Zhou et al. 2019, "Objects as
points"). Coarse maps see the whole picture at little cost; the box is regressed, so fine maps are not needed.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.estimate.compact import BasicBlock
from handcraft.estimate.finder.config import STRIDE_PX, FinderConfig
from handcraft.networks import initialise_kaiming

SIZE_UNIT = 4.0
"""Boxes have logarithmic sizes; 0 stands for the picture's side divided by this."""
LARGEST_LOG = 3.0
PRIOR = 0.02
"""Share of cells that a fresh network takes for hands (Lin et al. 2017, section 4.1, for rare classes)."""
ANSWERS = (1, 2, 2, 2)
"""Channels: hand, offset, size, direction."""


@dataclass(frozen=True)
class FinderMaps:
    """What every cell says."""

    heat: Float[Tensor, "n cells cells"]
    """Logit of a hand's middle being here."""
    boxes_px: Float[Tensor, "n 4 cells cells"]
    """The hand's box: left, top, right, bottom in pixels of the square."""
    direction: Float[Tensor, "n 2 cells cells"]
    """Cosine and sine of its turn, times anything above 0."""
    score: Float[Tensor, "n cells cells"]
    """Logit of the box being a hand's: ``heat`` made a probability, which the focal loss does not leave it."""


class FinderNet(nn.Module):
    """RGB pictures in [0, 1], fitted into a square, to ``FinderMaps``.

    Batch normalisation: it learns fastest, and in use it has stored statistics, so pictures do not depend on others.
    """

    def __init__(self, config: FinderConfig, *, generator: torch.Generator) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, coarsest = config.channels
        self.image_px = config.image_px
        self.quarter = nn.Sequential(_convolution(3, half, 2), _convolution(half, quarter, 2), BasicBlock(quarter))
        self.eighth = nn.Sequential(_convolution(quarter, eighth, 2), BasicBlock(eighth))
        self.sixteenth = nn.Sequential(_convolution(eighth, sixteenth, 2), BasicBlock(sixteenth), BasicBlock(sixteenth))
        self.coarsest = nn.Sequential(_convolution(sixteenth, coarsest, 2), BasicBlock(coarsest), BasicBlock(coarsest))
        self.to_sixteenth, self.to_eighth = nn.Conv2d(coarsest, sixteenth, 1), nn.Conv2d(sixteenth, eighth, 1)
        self.merged_sixteenth, self.merged_eighth = _convolution(sixteenth, sixteenth), _convolution(eighth, eighth)
        self.head = _convolution(eighth, eighth)
        self.answers = nn.Conv2d(eighth, sum(ANSWERS), 1)
        initialise_kaiming(self, generator=generator)
        with torch.no_grad():
            self.answers.weight.mul_(0.1)
            assert self.answers.bias is not None
            self.answers.bias[0] = torch.logit(torch.tensor(PRIOR))
        self.score_from_heat = nn.Parameter(torch.tensor([1.0, 0.0]))

    def outer_layers(self) -> tuple[nn.Module, ...]:
        """Those that take pictures in or give answers out."""
        return self.quarter[0], self.answers

    def forward(self, images: Float[Tensor, "n 3 size size"]) -> FinderMaps:
        """What every cell says of the pictures."""
        eighth = self.eighth(self.quarter((4 * images - 2).contiguous(memory_format=torch.channels_last)))
        sixteenth = self.sixteenth(eighth)
        coarsest = self.coarsest(sixteenth)
        sixteenth = self.merged_sixteenth(sixteenth + _doubled(self.to_sixteenth(coarsest)))
        eighth = self.merged_eighth(eighth + _doubled(self.to_eighth(sixteenth)))
        answers = self.answers(self.head(eighth)).float()
        heat, offset, size, direction = answers.split(ANSWERS, 1)
        slope, shift = self.score_from_heat.unbind()
        score = slope * heat[:, 0].detach() + shift  # judging the map must not change it (Platt 1999)
        return FinderMaps(heat[:, 0], self._boxes(offset, size), direction, score)

    def _boxes(
        self, offset: Float[Tensor, "n 2 cells cells"], size: Float[Tensor, "n 2 cells cells"]
    ) -> Float[Tensor, "n 4 cells cells"]:
        middle_px = STRIDE_PX * (cell_centres(self.image_px // STRIDE_PX).to(offset) + offset)
        half_px = self.image_px / SIZE_UNIT / 2 * torch.exp(size.clamp(-LARGEST_LOG, LARGEST_LOG))
        return torch.cat([middle_px - half_px, middle_px + half_px], 1)


def cell_centres(cells: int) -> Float[Tensor, "2 {cells} {cells}"]:
    """X and y of the middles of cells, in cells."""
    centres = torch.arange(cells) + 0.5
    return torch.stack([centres[None].expand(cells, -1), centres[:, None].expand(-1, cells)])


def _convolution(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


def _doubled(x: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n channels 2*height 2*width"]:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
