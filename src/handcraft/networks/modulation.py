# SPDX-License-Identifier: Apache-2.0
"""Layers that are told something about the whole image by a short code: adaptive instance normalisation.

Huang, Belongie 2017, "Arbitrary style transfer in real-time with adaptive instance normalization", equation 8, with the
scale and offset computed from a code as in StyleGAN (Karras et al. 2019, section 2). What a code changes is the same at
every place of the image, so it cannot move anything.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.networks.blocks import LEAKY_SLOPE, Upsampling, reflect_convolution


class Modulation(nn.Module):
    """``(1 + scale) * normalised(x) + offset``, per channel, scale and offset linear in the code."""

    def __init__(self, channels: int, code_size: int) -> None:
        super().__init__()
        self.scale_and_offset = nn.Linear(code_size, 2 * channels)

    def forward(
        self, x: Float[Tensor, "batch channels height width"], code: Float[Tensor, "batch code"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Normalise each image and channel, then scale and offset it."""
        scale, offset = self.scale_and_offset(code)[..., None, None].chunk(2, dim=1)
        return F.instance_norm(x) * (1 + scale) + offset


class ModulatedConvolution(nn.Module):
    """Reflected 3x3 convolution, modulation, leaky ReLU unless it is left out."""

    def __init__(self, in_channels: int, out_channels: int, code_size: int, *, activate: bool = True) -> None:
        super().__init__()
        self.convolution = reflect_convolution(in_channels, out_channels, kernel=3)
        self.modulation = Modulation(out_channels, code_size)
        self.activation = nn.LeakyReLU(LEAKY_SLOPE) if activate else nn.Identity()

    def forward(
        self, x: Float[Tensor, "batch _ height width"], code: Float[Tensor, "batch code"]
    ) -> Float[Tensor, "batch _ height width"]:
        """Same height and width."""
        return self.activation(self.modulation(self.convolution(x), code))


class ModulatedBlock(nn.Module):
    """``x + f(x)`` with f two modulated convolutions, the second linear: ``ResidualBlock`` with a code."""

    def __init__(self, channels: int, code_size: int) -> None:
        super().__init__()
        self.first = ModulatedConvolution(channels, channels, code_size)
        self.second = ModulatedConvolution(channels, channels, code_size, activate=False)

    def forward(
        self, x: Float[Tensor, "batch channels height width"], code: Float[Tensor, "batch code"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Add the residual to the input."""
        return x + self.second(self.first(x, code), code)


class ModulatedUpsampling(nn.Module):
    """Height and width doubled, modulation, leaky ReLU: ``upsampling_block`` with a code."""

    def __init__(self, in_channels: int, out_channels: int, code_size: int, *, upsampling: Upsampling) -> None:
        super().__init__()
        self.enlarge: nn.Module
        if upsampling == "transposed":
            self.enlarge = nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1)
        else:
            convolution = reflect_convolution(in_channels, out_channels, kernel=3)
            self.enlarge = nn.Sequential(nn.Upsample(scale_factor=2), convolution)
        self.modulation = Modulation(out_channels, code_size)
        self.activation = nn.LeakyReLU(LEAKY_SLOPE)

    def forward(
        self, x: Float[Tensor, "batch _ height width"], code: Float[Tensor, "batch code"]
    ) -> Float[Tensor, "batch _ _ _"]:
        """Twice the height and width."""
        return self.activation(self.modulation(self.enlarge(x), code))
