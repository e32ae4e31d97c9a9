# SPDX-License-Identifier: Apache-2.0
"""The network that finds the hand: a U-Net on blocks of 2x2 pixels.

Each block's twelve values go in as channels and its four logits come out as channels (Shi et al. 2016, "sub-pixel
convolution"): the answer has every pixel, at a quarter of the computation a U-Net takes at full size.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.networks import UNet, initialise_kaiming

BLOCK_PX = 2


class SegmentationNet(nn.Module):
    """RGB images with an even number of rows and columns to one logit a pixel.

    Args:
        width: channels at half size; they double with each halving.
        depth: halvings from half size on.
        generator: of the fresh weights.
    """

    def __init__(self, *, width: int, depth: int, generator: torch.Generator) -> None:
        super().__init__()
        self.unet = UNet(3 * BLOCK_PX**2, BLOCK_PX**2, width, depth)
        initialise_kaiming(self, generator=generator)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
        """Logits of the hand for images in [0, 1]."""
        blocks = F.pixel_unshuffle(4 * images - 2, BLOCK_PX)
        return F.pixel_shuffle(self.unet(blocks), BLOCK_PX)[:, 0]
