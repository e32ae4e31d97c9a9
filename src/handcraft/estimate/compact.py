# SPDX-License-Identifier: Apache-2.0
"""A small keypoint network for 64 px crops that learns in seconds of CPU time.

Half the computation sits at 8x8 and 4x4, where a cell sees the whole hand; two steps up with skips give 16x16 heatmaps.
Sub-pixel decoding makes finer maps unnecessary, and coarser ones learn faster. The loss treats each map as a
probability over places: cross-entropy towards the encoded Gaussian pulls at every cell from the first step on (the
squared error of a score map is nearly blind to its few warm cells then), and the expected place adds what
cross-entropy ignores, that far is worse than near (after Nibali et al. 2018, "Numerical coordinate regression").
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.estimate.heatmaps import HeatmapCodec
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.networks import initialise_kaiming

COORDINATE_WEIGHT = 10.0
"""Weight of the distance of expected places (in sides of the image) beside the cross-entropy (in nats)."""


def _convolution(in_channels: int, out_channels: int, *, stride: int = 1, activate: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if activate else []))


def _doubled(x: Float[Tensor, "batch channels _ _"]) -> Float[Tensor, "batch channels _ _"]:
    return F.interpolate(x, scale_factor=2, mode="nearest")


class BasicBlock(nn.Module):
    """``relu(x + f(x))`` with two batch-normalised 3x3 convolutions (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _convolution(channels, channels), _convolution(channels, channels, activate=False)
        )

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Add the residual and rectify."""
        return F.relu(x + self.residual(x))


class CompactNet(nn.Module):
    """64 px images (or any multiple of 16) to 21 heatmaps of a quarter of their side.

    Batch normalisation: it learns fastest in few steps, and at prediction it uses stored statistics, so images do not
    depend on their batch mates.
    """

    def __init__(self, *, image_px: int = 64, width: int = 24, generator: torch.Generator) -> None:
        super().__init__()
        if image_px % 16 or image_px < 32:
            raise HandcraftError(f"Expected `image_px` to be a multiple of 16 from 32 on, but got {image_px}.")
        cells = image_px // 4
        self.codec = HeatmapCodec(image_px, cells, sigma_px=1.0 * image_px / cells, window_cells=min(7, cells))
        self.stem = _convolution(3, width, stride=2)
        self.quarter = nn.Sequential(_convolution(width, 2 * width, stride=2), BasicBlock(2 * width))
        self.eighth = nn.Sequential(_convolution(2 * width, 4 * width, stride=2), BasicBlock(4 * width))
        self.sixteenth = nn.Sequential(
            _convolution(4 * width, 4 * width, stride=2), BasicBlock(4 * width), BasicBlock(4 * width)
        )
        self.lateral = nn.Conv2d(4 * width, 2 * width, 1)
        self.merge = _convolution(2 * width, 2 * width)
        self.head = nn.Conv2d(2 * width, len(KEYPOINTS), 1)
        initialise_kaiming(self, generator=generator)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch stage 21 height/4 width/4"]:
        """Logits over places for images in [0, 1]; one stage."""
        x = (4 * images - 2).contiguous(memory_format=torch.channels_last)
        quarter = self.quarter(self.stem(x))
        eighth = self.eighth(quarter)
        eighth = eighth + _doubled(self.sixteenth(eighth))
        merged = self.merge(quarter + _doubled(self.lateral(eighth)))
        return self.head(merged)[:, None]

    def loss(
        self,
        scoremaps: Float[Tensor, "batch stage joint cells cells"],
        keypoints_px: Float[Tensor, "batch joint 2"],
        confidence: Float[Tensor, "batch joint"],
    ) -> Float[Tensor, ""]:
        """``place_loss`` of the only stage."""
        return place_loss(scoremaps[:, 0], keypoints_px, confidence, self.codec)

    def heatmaps(
        self, scoremaps: Float[Tensor, "batch stage joint cells cells"]
    ) -> Float[Tensor, "batch joint cells cells"]:
        """Probabilities over places, for decoding."""
        return scoremaps[:, -1].flatten(-2).softmax(-1).view_as(scoremaps[:, -1])


def place_loss(
    logits: Float[Tensor, "batch joint cells cells"],
    keypoints_px: Float[Tensor, "batch joint 2"],
    confidence: Float[Tensor, "batch joint"],
    codec: HeatmapCodec,
) -> Float[Tensor, ""]:
    """Cross-entropy towards the encoded Gaussian plus the distance of the expected places.

    Both expectations are taken on the same cells, so a Gaussian cut by the border pulls nothing off its place. Averaged
    over keypoints with weight ``confidence``; those outside the image count nothing.
    """
    encoded, inside = codec.encode(keypoints_px)
    target = encoded / encoded.sum((-2, -1), keepdim=True).clamp_min(1e-12)
    log_share = logits.flatten(-2).log_softmax(-1).view_as(logits)
    cross_entropy = -(target * log_share).sum((-2, -1))
    offset_px = codec.expected(log_share.exp()) - codec.expected(target)
    distance = torch.sqrt(offset_px.square().sum(-1) + 1e-6) / codec.image_px
    weights = confidence * inside
    return (weights * (cross_entropy + COORDINATE_WEIGHT * distance)).sum() / weights.sum().clamp_min(1e-6)
