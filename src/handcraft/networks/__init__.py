# SPDX-License-Identifier: Apache-2.0
"""Building blocks used by several stages: convolution blocks, initialisers, padding, a small U-Net."""

from handcraft.networks.blocks import (
    LEAKY_SLOPE,
    Normalisation,
    ResidualBlock,
    Upsampling,
    convolution_block,
    double_convolution,
    group_normalisation,
    reflect_convolution,
    upsampling_block,
)
from handcraft.networks.feature_taps import FeatureTaps, Vgg16Taps
from handcraft.networks.initialise import (
    initialise_constant_output,
    initialise_kaiming,
    initialise_normal,
    initialise_xavier,
    parameter_count,
)
from handcraft.networks.padding import Padding
from handcraft.networks.unet import UNet

__all__ = [
    "LEAKY_SLOPE",
    "FeatureTaps",
    "Normalisation",
    "Padding",
    "ResidualBlock",
    "UNet",
    "Upsampling",
    "Vgg16Taps",
    "convolution_block",
    "double_convolution",
    "group_normalisation",
    "initialise_constant_output",
    "initialise_kaiming",
    "initialise_normal",
    "initialise_xavier",
    "parameter_count",
    "reflect_convolution",
    "upsampling_block",
]
