# SPDX-License-Identifier: Apache-2.0
"""The discriminator of single pixels: colour, and nothing of shape (pixCycleGAN of seed 002)."""

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import expect_at_least
from handcraft.networks import LEAKY_SLOPE
from handcraft.refine.discriminators.protocol import Judgements, after_blocks


class PixelDiscriminator(nn.Module):
    """How real the colour of each pixel looks: three 1x1 convolutions, linear (Isola et al. 2017, "PixelGAN").

    8,961 parameters with the published width 64. Batch normalisation: not for use as a critic.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        expect_at_least(1, width=width)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(3, width, 1), nn.LeakyReLU(LEAKY_SLOPE)),
                nn.Sequential(nn.Conv2d(width, 2 * width, 1), nn.BatchNorm2d(2 * width), nn.LeakyReLU(LEAKY_SLOPE)),
            ]
        )
        self.head = nn.Conv2d(2 * width, 1, 1)

    def features(
        self, images: Float[Tensor, "batch 3 height width"], level: int
    ) -> Float[Tensor, "batch channels height width"]:
        """Feature map after block 1 or 2, of the image's size."""
        return after_blocks(self.blocks, images, level)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Judgements:
        """Judge images in [-1, 1], pixel by pixel; one map."""
        return (self.head(self.features(images, len(self.blocks))),)
