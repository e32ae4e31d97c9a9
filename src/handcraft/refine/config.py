# SPDX-License-Identifier: Apache-2.0
"""What a CycleGAN refiner is trained with: the family that seeds 000 and 002 are members of (``presets.py``).

The defaults are seed 000's figures, so its ``PAPER`` is ``CycleGANConfig()``.
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

from handcraft.errors import HandcraftError, expect_at_least, expect_below_one, expect_one_of
from handcraft.refine.architecture import DiscriminatorConfig, GeneratorConfig
from handcraft.refine.discriminators import FeatureLevel
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.range import RenderedInput
from handcraft.training import LoopConfig, Precision
from handcraft.training.recorded import Recorded

Adversary = Literal["least_squares", "wasserstein"]
Cycle = Literal["pixels", "discriminator_features"]
Initialiser = Literal["normal", "xavier"]
SilhouetteTruth = Literal["masks", "network"]

_CHOICES = {
    "adversary": get_args(Adversary),
    "cycle": get_args(Cycle),
    "feature_level": get_args(FeatureLevel),
    "initialiser": get_args(Initialiser),
    "silhouette_truth": get_args(SilhouetteTruth),
    "input": get_args(RenderedInput),
    "precision": get_args(Precision),
}

FREIHAND_PHOTOGRAPHS = 24_420
"""Photographs the thesis (seed 000) trained on: FreiHAND's green-screen images 0 to 24,419."""

EPOCHS = 30
"""How often the thesis showed each of them."""


@dataclass(frozen=True)
class CycleGANConfig(Recorded):
    """Two generators, two discriminators, and how they are trained.

    Raises:
        HandcraftError: a value outside its range.
    """

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    initialiser: Initialiser = "normal"
    """Weights at the start: from N(0, 0.02^2) (seed 000), or Xavier's (seed 002) with gain 1."""
    adversary: Adversary = "least_squares"
    """What discriminators and generators play for: least squares (both seeds), or the earth mover's distance with a
    gradient penalty (seed 000, section 5.1.2)."""
    penalty_weight: float = 10.0
    """Of the gradient penalty; for ``wasserstein`` only."""
    critic_steps: int = 1
    """Generators move in every such step only, so that critics stay ahead; 5 is usual for ``wasserstein``."""
    cycle: Cycle = "pixels"
    """Where a cycled image is compared with its original: on pixels ("Authentic CycleGAN", equation 3.6) or on a
    feature map of the discriminator ("Discriminator Feature Map CycleGAN", equation 3.8)."""
    feature_level: FeatureLevel = 1
    """Which feature map: 1 as the thesis says, 2 as its notebook has it. Used by ``discriminator_features`` only."""
    cycle_weight: float = 10.0
    """Lambda of equations 3.7 and 3.9."""
    identity_weight: float = 0.0
    """Weight of the identity loss: none in seed 000, 5 in seed 002 (0.5 times the cycle's); it helps where colours
    invert."""
    silhouette_weight: float = 0.0
    """Weight of GeoConGAN's loss: the silhouette of a translation stays its source's; 1 in seed 002."""
    silhouette: str = ""
    """Run folder of the silhouette network that judges it."""
    silhouette_truth: SilhouetteTruth = "masks"
    """The source's silhouette: the set's own masks (rendered ones are exact), or what the network sees there."""
    composite: bool = False
    """Keep everything outside the hand's mask as it was, in training as in use, as seed 002 does."""
    input: RenderedInput = "normalised"
    """Renders go in with their tint taken out (``normalise_colour``, as in the seed) or in colour. Photographs always
    keep their colour."""
    turn_photographs_deg: float = 0.0
    """Photographs are turned by a random angle within plus or minus this; 180 where the renders show hands at any roll
    and the photographs do not, or the refiner learns to turn hands."""
    match_tones: bool = False
    """Show renders and photographs of like skin tones together (seed 000, section 5.1.3), so that no tone is painted
    over another."""
    batch_size: int = 64
    """Images per domain and step, over all processes together."""
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """Of generators and of discriminators alike."""
    pool: int = 256
    """Past translations the discriminators are also shown; 0 for none."""
    ema_decay: float = 0.0
    """The refiner's weights are a moving average over steps with this decay; 0 keeps the last step's, as in the
    seeds."""
    precision: Precision = "float32"
    seed: int = 0
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=EPOCHS * (FREIHAND_PHOTOGRAPHS // 64)))

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        weights = ("penalty_weight", "cycle_weight", "identity_weight", "silhouette_weight")
        expect_at_least(0, **{name: getattr(self, name) for name in (*weights, "pool", "turn_photographs_deg")})
        expect_at_least(1, **{name: getattr(self, name) for name in ("batch_size", "critic_steps")})
        expect_below_one(ema_decay=self.ema_decay)
        for name, choices in _CHOICES.items():
            expect_one_of(choices, **{name: getattr(self, name)})
        if self.adversary == "wasserstein":
            self._expect_critics()

    def _expect_critics(self) -> None:
        judge = self.discriminator
        if not judge.is_linear:
            raise HandcraftError(
                "Expected `discriminator.sigmoid` to be False for a Wasserstein critic, whose answer is no share, but "
                "got True."
            )
        if judge.kind in ("patch70", "pixel"):
            raise HandcraftError(
                "Expected `discriminator.kind` to be patch46 or perceptual for a Wasserstein critic, which must not "
                f"normalise over the batch, but got {judge.kind}."
            )
