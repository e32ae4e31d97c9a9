# SPDX-License-Identifier: Apache-2.0
"""The generator and the patch discriminator of seed 000 (figures 3.6 and 3.7).

Both normalise per image and without parameters, so what they do to an image depends neither on its batch mates nor on
training or evaluation mode. Figure 3.7 names batch normalisation; the thesis' networks use instance normalisation, as
figure 3.6 says of the generator, and we follow the networks.
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.networks import (
    LEAKY_SLOPE,
    ResidualBlock,
    Upsampling,
    convolution_block,
    reflect_convolution,
    upsampling_block,
)

FeatureLevel = Literal[1, 2]

SIZE_MULTIPLE = 4
"""Heights and widths a generator can translate are multiples of this ..."""

SIZE_MINIMUM = 8
"""... and at least this: below, instance normalisation would see a single pixel."""


class CycleGenerator(nn.Module):
    """An image of one domain in, the same hand in the other domain out; both in [-1, 1] (figure 3.6).

    A 7x7 convolution, two halvings, ``blocks`` residual blocks, two doublings, a 7x7 convolution and tanh. Heights and
    widths are multiples of ``SIZE_MULTIPLE``. 5,477,379 parameters with the published width 64, 4 blocks and
    transposed convolutions.
    """

    def __init__(self, width: int = 64, blocks: int = 4, upsample: Upsampling = "transposed") -> None:
        super().__init__()
        _expect_positive(width=width, blocks=blocks)
        self.layers = nn.Sequential(
            convolution_block(3, width, kernel=7),
            convolution_block(width, 2 * width, kernel=3, stride=2),
            convolution_block(2 * width, 4 * width, kernel=3, stride=2),
            *(ResidualBlock(4 * width) for _ in range(blocks)),
            upsampling_block(4 * width, 2 * width, upsampling=upsample),
            upsampling_block(2 * width, width, upsampling=upsample),
            reflect_convolution(width, 3, kernel=7),
            nn.Tanh(),
        )

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Translate images in [-1, 1]."""
        return self.layers(images)


class PatchDiscriminator(nn.Module):
    """How real each 46x46 pixel patch looks: about 1 for real, 0 for made (figure 3.7).

    Three halving convolutions and one of stride 1; a 7x7 answer at 64 pixels. 662,528 parameters with the published
    width 64.

    Args:
        width: channels after the first convolution.
        sigmoid: end in a sigmoid as figure 3.7 says, although the losses are least squares; without it the answer is
            linear, as in Zhu et al. 2017 and seed 002.
    """

    def __init__(self, width: int = 64, *, sigmoid: bool = True) -> None:
        super().__init__()
        _expect_positive(width=width)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(_patch_convolution(3, width), nn.LeakyReLU(LEAKY_SLOPE)),
                _patch_block(width, 2 * width),
                _patch_block(2 * width, 4 * width),
            ]
        )
        last = _patch_convolution(4 * width, 1, stride=1)
        self.head = nn.Sequential(last, nn.Sigmoid()) if sigmoid else nn.Sequential(last)

    def features(
        self, images: Float[Tensor, "batch 3 height width"], level: FeatureLevel
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Feature map D_m of equation 3.8, after the first or second convolution block.

        At 64 pixels and width 64: level 1 is 64x32x32 (the text of the thesis), level 2 is 128x16x16 (its notebook).
        """
        for block in self.blocks[:level]:
            images = block(images)
        return images

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 rows columns"]:
        """Judge images in [-1, 1], patch by patch."""
        x = images
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def _patch_convolution(in_channels: int, out_channels: int, *, stride: int = 2) -> nn.Conv2d:
    return reflect_convolution(in_channels, out_channels, kernel=4, stride=stride, bias=False)


def _patch_block(in_channels: int, out_channels: int) -> nn.Sequential:
    convolution = _patch_convolution(in_channels, out_channels)
    return nn.Sequential(convolution, nn.InstanceNorm2d(out_channels), nn.LeakyReLU(LEAKY_SLOPE))


def _expect_positive(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise HandcraftError(f"Expected `{name}` to be at least 1, but got {value}.")
