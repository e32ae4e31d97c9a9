# SPDX-License-Identifier: Apache-2.0
"""What every keypoint network offers, and the one place that builds one from a configuration."""

from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.data.preprocess import normalise_colour
from handcraft.estimate.compact import CompactNet
from handcraft.estimate.heatmaps import HeatmapCodec
from handcraft.estimate.keypoint_config import KeypointConfig
from handcraft.estimate.posenet import PoseNet


@runtime_checkable
class KeypointNetwork(Protocol):
    """A module from images to score maps that also knows their loss and how they are decoded."""

    codec: HeatmapCodec
    """Decodes ``heatmaps``."""

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch stage joint _ _"]:
        """Score maps of every stage."""
        ...

    def loss(
        self,
        scoremaps: Float[Tensor, "batch stage joint cells cells"],
        keypoints_px: Float[Tensor, "batch joint 2"],
        confidence: Float[Tensor, "batch joint"],
    ) -> Float[Tensor, ""]:
        """What training makes small; keypoints are in pixels of the network's input."""
        ...

    def heatmaps(
        self, scoremaps: Float[Tensor, "batch stage joint cells cells"]
    ) -> Float[Tensor, "batch joint cells cells"]:
        """Maps without negative cells, for decoding."""
        ...


def make_network(config: KeypointConfig, *, generator: torch.Generator) -> CompactNet | PoseNet:
    """The network of ``config`` with fresh weights."""
    if config.network == "posenet":
        return PoseNet(image_px=config.image_px, generator=generator)
    return CompactNet(image_px=config.image_px, width=config.width, generator=generator)


def network_input(
    images: Float[Tensor, "batch 3 height width"], config: KeypointConfig
) -> Float[Tensor, "batch 3 {config.image_px} {config.image_px}"]:
    """Images in [0, 1] as the network sees them: resampled to its size (half-pixel, antialiased), then normalised."""
    size = (config.image_px, config.image_px)
    if images.shape[-2:] != size:
        images = F.interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=True)
    return normalise_colour(images) if config.input == "normalised" else images
