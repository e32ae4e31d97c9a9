# SPDX-License-Identifier: Apache-2.0
"""What a CycleGAN refiner is trained with, and three presets of it: smoke, laptop, paper.

The defaults are seed 000's figures, so ``PAPER`` is ``CycleGANConfig()``.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from handcraft.errors import HandcraftError
from handcraft.networks import Upsampling
from handcraft.refine.networks import CycleGenerator, FeatureLevel
from handcraft.refine.range import RenderedInput
from handcraft.training import LoopConfig, Precision

Cycle = Literal["pixels", "discriminator_features"]

_CHOICES = {
    "cycle": get_args(Cycle),
    "feature_level": get_args(FeatureLevel),
    "input": get_args(RenderedInput),
    "upsample": get_args(Upsampling),
    "precision": get_args(Precision),
}

_FREIHAND_PHOTOGRAPHS = 24_420
"""Photographs the thesis trained on: FreiHAND's green-screen images 0 to 24,419."""

_EPOCHS = 30


@dataclass(frozen=True)
class CycleGANConfig:
    """Two generators, two discriminators, and how they are trained.

    Raises:
        HandcraftError: a value outside its range.
    """

    cycle: Cycle = "pixels"
    """Where a cycled image is compared with its original: on pixels ("Authentic CycleGAN", equation 3.6) or on a
    feature map of the discriminator ("Discriminator Feature Map CycleGAN", equation 3.8)."""
    feature_level: FeatureLevel = 1
    """Which feature map: 1 as the thesis says, 2 as its notebook has it. Used by ``discriminator_features`` only."""
    cycle_weight: float = 10.0
    """Lambda of equations 3.7 and 3.9."""
    identity_weight: float = 0.0
    """Weight of the identity loss, which the seed does not have; 5 is usual where colours invert."""
    input: RenderedInput = "normalised"
    """Renders go in with their tint taken out (``normalise_colour``, as in the seed) or in colour. Photographs always
    keep their colour."""
    turn_photographs_deg: float = 0.0
    """Photographs are turned by a random angle within plus or minus this; 180 where the renders show hands at any roll
    and the photographs do not, or the refiner learns to turn hands."""
    generator_width: int = 64
    blocks: int = 4
    upsample: Upsampling = "transposed"
    discriminator_width: int = 64
    sigmoid: bool = True
    """End the discriminators in a sigmoid, as in figure 3.7."""
    batch_size: int = 64
    """Images per domain and step, over all processes together."""
    learning_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    pool: int = 256
    """Past translations the discriminators are also shown; 0 for none."""
    ema_decay: float = 0.0
    """The refiner's weights are a moving average over steps with this decay; 0 keeps the last step's, as in the
    seed."""
    precision: Precision = "float32"
    seed: int = 0
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=_EPOCHS * (_FREIHAND_PHOTOGRAPHS // 64)))

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        for name in ("generator_width", "blocks", "discriminator_width", "batch_size"):
            self._expect(name, getattr(self, name) >= 1, "at least 1")
        for name in ("cycle_weight", "identity_weight", "pool", "turn_photographs_deg"):
            self._expect(name, getattr(self, name) >= 0, "at least 0")
        for name in ("beta1", "beta2", "ema_decay"):
            self._expect(name, 0 <= getattr(self, name) < 1, "at least 0 and below 1")
        self._expect("learning_rate", self.learning_rate > 0, "above 0")
        for name, choices in _CHOICES.items():
            self._expect(name, getattr(self, name) in choices, " or ".join(str(choice) for choice in choices))

    def _expect(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise HandcraftError(f"Expected `{name}` to be {wanted}, but got {getattr(self, name)}.")

    def generator(self) -> CycleGenerator:
        """A generator of this size, with weights yet to be set."""
        return CycleGenerator(self.generator_width, self.blocks, self.upsample)

    def without_loop(self) -> dict[str, Any]:
        """All that must stay the same when a run is resumed; how long it goes on may change."""
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name != "loop"}

    @classmethod
    def from_recorded(cls, values: Mapping[str, Any]) -> "CycleGANConfig":
        """The configuration a checkpoint holds (``without_loop``), with the default loop.

        Raises:
            HandcraftError: fields that this version does not know.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise HandcraftError(f"Expected the checkpoint's configuration to be a CycleGAN's, but {error}.") from error


SMOKE = CycleGANConfig(
    generator_width=4,
    blocks=1,
    upsample="resize",
    discriminator_width=4,
    batch_size=4,
    pool=8,
    ema_decay=0.9,
    loop=LoopConfig(steps=6, log_every=2, checkpoint_every=3, draw_every=6),
)
"""Seconds, to see that everything runs. Its pictures mean nothing."""

LAPTOP = CycleGANConfig(
    input="colour",
    generator_width=16,
    blocks=3,
    upsample="resize",
    discriminator_width=32,
    sigmoid=False,
    batch_size=4,
    learning_rate=5e-4,
    pool=64,
    ema_decay=0.99,
    precision="auto",
    loop=LoopConfig(steps=550, log_every=10, checkpoint_every=100, draw_every=275),
)
"""Under two minutes on two cores at 64 pixels. Smaller, faster learning and shorter than published, so its figures are
not the publication's. Many steps of small batches beat fewer of large ones by far within the same time."""

LAPTOP_FEATURES = dataclasses.replace(LAPTOP, cycle="discriminator_features")
"""The same with equation 3.8."""

PAPER = CycleGANConfig()
"""Seed 000, section 3.3.2: 30 epochs of 24,420 photographs in batches of 64, least squares, lambda 10, Adam 2e-4."""

PAPER_FEATURES = CycleGANConfig(
    cycle="discriminator_features",
    batch_size=32,
    loop=LoopConfig(steps=_EPOCHS * (_FREIHAND_PHOTOGRAPHS // 32)),
)
"""Seed 000, section 3.3.3: the same with equation 3.8 and batches of 32."""
