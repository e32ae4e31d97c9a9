# SPDX-License-Identifier: Apache-2.0
"""Which networks a CycleGAN is made of, as values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from handcraft.encode.hand_encoder import HandEncoder
from handcraft.errors import HandcraftError, expect_at_least, expect_below_one, expect_one_of
from handcraft.networks import FeatureTaps, Normalisation, Upsampling, Vgg16Taps
from handcraft.randomness import generator_for
from handcraft.refine.discriminators import (
    PatchDiscriminator,
    PatchDiscriminator70,
    PerceptualDiscriminator,
    PixelDiscriminator,
)
from handcraft.refine.generators import CycleGenerator

_TAPS_STREAM = 0x7A95

DiscriminatorKind = Literal["patch46", "patch70", "pixel", "perceptual"]
Taps = Literal["hand_encoder", "vgg16", "random_vgg16"]
AnyDiscriminator = PatchDiscriminator | PatchDiscriminator70 | PixelDiscriminator | PerceptualDiscriminator


@dataclass(frozen=True)
class GeneratorConfig:
    """A ``CycleGenerator``; the defaults are seed 000's.

    Raises:
        HandcraftError: a value outside its range.
    """

    width: int = 64
    blocks: int = 4
    """4 in seed 000; 4, 6 or 9 in seed 002."""
    upsample: Upsampling = "transposed"
    norm: Normalisation = "instance"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values that make no network."""
        expect_at_least(1, width=self.width, blocks=self.blocks)
        expect_one_of(get_args(Upsampling), upsample=self.upsample)
        expect_one_of(get_args(Normalisation), norm=self.norm)
        expect_below_one(dropout=self.dropout)

    def build(self) -> CycleGenerator:
        """A generator of this size, with weights yet to be set."""
        return CycleGenerator(self.width, self.blocks, self.upsample, self.norm, self.dropout)


@dataclass(frozen=True)
class DiscriminatorConfig:
    """One of the discriminators; the defaults are seed 000's.

    Raises:
        HandcraftError: a value outside its range.
    """

    kind: DiscriminatorKind = "patch46"
    """Patches of 46 pixels (seed 000) or 70, single pixels, or what a frozen network sees at several scales (seed
    002)."""
    width: int = 64
    """Channels after the first convolution; of the ``perceptual`` kind, of random taps."""
    sigmoid: bool = True
    """End in a sigmoid, as in figure 3.7; ``patch46`` only, the others are linear."""
    full_resolution_features: bool = False
    """Begin with a residual block that keeps the image's size, so that feature level 1 has it (seed 000, section
    5.1.4); ``patch46`` only."""
    grids: tuple[int, ...] = (16, 8, 4)
    """Sides of the maps of judgements of the ``perceptual`` kind."""
    taps: Taps = "hand_encoder"
    """What the ``perceptual`` kind looks through: handcraft's own encoder of hands, the publication's VGG-16 from a
    file, or the same with random weights, a stand-in."""
    taps_file: str = ""
    """Weights of ``vgg16``, as torchvision or timm names them; run of another ``hand_encoder`` than the one that comes
    with handcraft."""

    def __post_init__(self) -> None:
        """Refuse values that make no network."""
        expect_at_least(1, width=self.width)
        expect_one_of(get_args(DiscriminatorKind), kind=self.kind)
        expect_one_of(get_args(Taps), taps=self.taps)
        if self.taps == "vgg16" and not self.taps_file:
            raise HandcraftError(
                "Expected `taps_file` to be a file of VGG-16's weights, but got none; name it with "
                "--discriminator.taps-file FILE, or take other taps."
            )

    @property
    def is_linear(self) -> bool:
        """Whether it answers with any number, as a Wasserstein critic must."""
        return self.kind != "patch46" or not self.sigmoid

    def build(self, *, size_px: int, seed: int) -> AnyDiscriminator:
        """A discriminator of images of ``size_px`` pixels, with weights yet to be set."""
        match self.kind:
            case "patch46":
                return PatchDiscriminator(
                    self.width, sigmoid=self.sigmoid, full_resolution_features=self.full_resolution_features
                )
            case "patch70":
                return PatchDiscriminator70(self.width)
            case "pixel":
                return PixelDiscriminator(self.width)
            case "perceptual":
                return PerceptualDiscriminator(self._open_taps(seed), size_px=size_px, grids=self.grids)

    def _open_taps(self, seed: int) -> FeatureTaps:
        match self.taps:
            case "hand_encoder":
                return HandEncoder.load(Path(self.taps_file) if self.taps_file else None)
            case "vgg16":
                return Vgg16Taps.from_file(Path(self.taps_file))
            case "random_vgg16":
                return Vgg16Taps.stand_in(generator_for(seed, _TAPS_STREAM), width=self.width)
