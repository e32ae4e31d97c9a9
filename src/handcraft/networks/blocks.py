# SPDX-License-Identifier: Apache-2.0
"""Convolution blocks that several networks share.

Normalisation is per image (instance or group normalisation) wherever a network must answer for one image alone: the
result then depends neither on the images beside it in the batch nor on training or evaluation mode.
"""

import math
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

LEAKY_SLOPE = 0.2
"""Negative slope of every leaky ReLU in seed 000 (figures 3.6 and 3.7)."""

Upsampling = Literal["transposed", "resize"]
"""``transposed``: a transposed convolution, as published. ``resize``: nearest neighbour, then a convolution, which
cannot leave a checkerboard (Odena et al. 2016, "Deconvolution and checkerboard artifacts")."""


def reflect_convolution(
    in_channels: int, out_channels: int, *, kernel: int, stride: int = 1, bias: bool = True
) -> nn.Conv2d:
    """A convolution with reflected borders that keeps the size (odd kernels) or divides it by ``stride``."""
    padding = (kernel - 1) // 2
    return nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=bias, padding_mode="reflect")


def convolution_block(in_channels: int, out_channels: int, *, kernel: int, stride: int = 1) -> nn.Sequential:
    """Reflected convolution, instance normalisation without parameters, leaky ReLU."""
    return nn.Sequential(
        reflect_convolution(in_channels, out_channels, kernel=kernel, stride=stride),
        nn.InstanceNorm2d(out_channels),
        nn.LeakyReLU(LEAKY_SLOPE),
    )


def upsampling_block(in_channels: int, out_channels: int, *, upsampling: Upsampling) -> nn.Sequential:
    """Double height and width, then instance normalisation without parameters and leaky ReLU."""
    enlarge: nn.Module
    if upsampling == "transposed":
        enlarge = nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1)
    else:
        enlarge = nn.Sequential(nn.Upsample(scale_factor=2), reflect_convolution(in_channels, out_channels, kernel=3))
    return nn.Sequential(enlarge, nn.InstanceNorm2d(out_channels), nn.LeakyReLU(LEAKY_SLOPE))


class ResidualBlock(nn.Module):
    """``x + f(x)`` with f = convolution block, convolution, instance normalisation; nothing after the addition."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            convolution_block(channels, channels, kernel=3),
            reflect_convolution(channels, channels, kernel=3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Add the residual to the input."""
        return x + self.residual(x)


def group_normalisation(channels: int) -> nn.GroupNorm:
    """Group normalisation with eight groups, or with as many as divide ``channels`` when eight do not."""
    return nn.GroupNorm(math.gcd(8, channels), channels)


def double_convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    """Twice: 3x3 convolution (zero padded), group normalisation, ReLU. The step of a U-Net."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        group_normalisation(out_channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        group_normalisation(out_channels),
        nn.ReLU(inplace=True),
    )
