# SPDX-License-Identifier: Apache-2.0
"""Discriminators: patches of 46 or 70 pixels, single pixels, or what a frozen network sees at several scales."""

from handcraft.refine.discriminators.patch import PatchDiscriminator, PatchDiscriminator70
from handcraft.refine.discriminators.perceptual import PerceptualDiscriminator
from handcraft.refine.discriminators.pixel import PixelDiscriminator
from handcraft.refine.discriminators.protocol import Discriminator, FeatureLevel, Judgements

__all__ = [
    "Discriminator",
    "FeatureLevel",
    "Judgements",
    "PatchDiscriminator",
    "PatchDiscriminator70",
    "PerceptualDiscriminator",
    "PixelDiscriminator",
]
