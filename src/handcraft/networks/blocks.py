# SPDX-License-Identifier: Apache-2.0
"""Convolution blocks that several networks share.

Normalisation is per image (instance or group normalisation) wherever a network must answer for one image alone: the
result then depends neither on the images beside it in the batch nor on training or evaluation mode. Batch normalisation
is there for the generators of seed 002, which have it.
"""

import math
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.networks.reflected import ReflectedConvolution

LEAKY_SLOPE = 0.2
"""Negative slope of every leaky ReLU in seed 000 (figures 3.6 and 3.7)."""

Upsampling = Literal["transposed", "resize"]
"""``transposed``: a transposed convolution, as published. ``resize``: nearest neighbour, then a convolution, which
cannot leave a checkerboard (Odena et al. 2016, "Deconvolution and checkerboard artifacts")."""


Normalisation = Literal["instance", "batch"]
"""What stands around the convolutions of a generator. ``instance`` (seed 000): per image, without parameters, leaky
ReLU, reflected borders. ``batch`` (seed 002): over the batch, with scale and shift, ReLU, zeros beyond the borders
where the size changes; it answers for one image alone in evaluation mode only."""


def reflect_convolution(
    in_channels: int, out_channels: int, *, kernel: int, stride: int = 1, bias: bool = True
) -> nn.Conv2d:
    """A convolution with reflected borders that keeps the size (odd kernels) or divides it by ``stride``."""
    return ReflectedConvolution(in_channels, out_channels, kernel=kernel, stride=stride, bias=bias)


def normalised(channels: int, normalisation: Normalisation) -> list[nn.Module]:
    """A normalisation and the activation that goes with it."""
    if normalisation == "batch":
        return [nn.BatchNorm2d(channels), nn.ReLU()]
    return [nn.InstanceNorm2d(channels), nn.LeakyReLU(LEAKY_SLOPE)]


def convolution_block(
    in_channels: int, out_channels: int, *, kernel: int, stride: int = 1, normalisation: Normalisation = "instance"
) -> nn.Sequential:
    """Convolution, normalisation, activation; borders are reflected, but zero in a halving ``batch`` block."""
    if normalisation == "batch" and stride > 1:
        convolution = nn.Conv2d(in_channels, out_channels, kernel, stride, (kernel - 1) // 2)
    else:
        convolution = reflect_convolution(in_channels, out_channels, kernel=kernel, stride=stride)
    return nn.Sequential(convolution, *normalised(out_channels, normalisation))


def upsampling_block(
    in_channels: int, out_channels: int, *, upsampling: Upsampling, normalisation: Normalisation = "instance"
) -> nn.Sequential:
    """Double height and width, then normalisation and activation."""
    enlarge: nn.Module
    if upsampling == "transposed":
        enlarge = nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1)
    else:
        enlarge = nn.Sequential(nn.Upsample(scale_factor=2), reflect_convolution(in_channels, out_channels, kernel=3))
    return nn.Sequential(enlarge, *normalised(out_channels, normalisation))


class ResidualBlock(nn.Module):
    """``x + f(x)`` with f = convolution block, convolution, normalisation; nothing after the addition.

    Args:
        channels: of x and of the answer.
        normalisation: of both convolutions.
        dropout: share of values after the first convolution block that training mode clears, by torch's global
            generator.
    """

    def __init__(self, channels: int, *, normalisation: Normalisation = "instance", dropout: float = 0.0) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            convolution_block(channels, channels, kernel=3, normalisation=normalisation),
            *([nn.Dropout(dropout)] if dropout > 0 else []),
            reflect_convolution(channels, channels, kernel=3),
            normalised(channels, normalisation)[0],
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
