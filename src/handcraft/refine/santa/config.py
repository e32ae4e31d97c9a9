# SPDX-License-Identifier: Apache-2.0
"""What a one-sided refiner with a slider is trained with (SANTA: Xie et al. 2023), and three presets of it."""

from dataclasses import dataclass, field
from typing import get_args

from handcraft.errors import HandcraftError, expect_at_least, expect_below_one, expect_one_of
from handcraft.networks import Upsampling
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.santa.networks import SantaGenerator
from handcraft.training import LoopConfig, Precision
from handcraft.training.recorded import Recorded


@dataclass(frozen=True)
class SantaConfig(Recorded):
    """One generator with a domain input, one discriminator, and how they are trained; weights as published.

    Raises:
        HandcraftError: a value outside its range.
    """

    adversarial_weight: float = 1.0
    reconstruction_weight: float = 5.0
    """Of renders decoded at 0, which are to stay."""
    identity_weight: float = 5.0
    """Of photographs decoded at 1, which are to stay."""
    latent_weight: float = 0.01
    """Of the mean square of latents, to which noise from N(0, 1) is added while training."""
    path_weight: float = 0.1
    """Of the squared speed of the decoder's features on the way from render to photograph; published: 0.01 to 0.1."""
    smallest_gap: float = 0.05
    largest_gap: float = 0.10
    """The speed is measured between d - gap and d + gap, gap drawn evenly between these."""
    turn_photographs_deg: float = 0.0
    """Photographs are turned by a random angle within plus or minus this; 180 where the renders show hands at any roll
    and the photographs do not."""
    generator_width: int = 64
    encoder_blocks: int = 4
    decoder_blocks: int = 5
    upsample: Upsampling = "resize"
    discriminator_width: int = 64
    batch_size: int = 1
    """Images per domain and step, over all processes together."""
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    ema_decay: float = 0.0
    """The refiner's weights are a moving average over steps with this decay; 0 keeps the last step's."""
    precision: Precision = "float32"
    seed: int = 0
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=400_000))

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        for name in ("generator_width", "encoder_blocks", "decoder_blocks", "discriminator_width", "batch_size"):
            expect_at_least(1, **{name: getattr(self, name)})
        for name in ("adversarial", "reconstruction", "identity", "latent", "path"):
            expect_at_least(0, **{f"{name}_weight": getattr(self, f"{name}_weight")})
        expect_at_least(0, turn_photographs_deg=self.turn_photographs_deg)
        expect_below_one(ema_decay=self.ema_decay)
        if not 0 < self.smallest_gap <= self.largest_gap < 0.5:
            raise HandcraftError(
                "Expected `smallest_gap` and `largest_gap` to rise within 0 to 0.5, "
                f"but got {self.smallest_gap} and {self.largest_gap}."
            )
        for name, choices in (("upsample", Upsampling), ("precision", Precision)):
            expect_one_of(get_args(choices), **{name: getattr(self, name)})

    def network(self) -> SantaGenerator:
        """A generator of this size, as training starts with it."""
        return SantaGenerator(
            width=self.generator_width,
            encoder_blocks=self.encoder_blocks,
            decoder_blocks=self.decoder_blocks,
            upsample=self.upsample,
            seed=self.seed,
        )


SANTA_SMOKE = SantaConfig(
    generator_width=4,
    encoder_blocks=1,
    decoder_blocks=1,
    discriminator_width=4,
    batch_size=4,
    ema_decay=0.9,
    loop=LoopConfig(steps=6, log_every=2, checkpoint_every=3, draw_every=6),
)
"""Seconds, to see that everything runs. Its pictures mean nothing."""

SANTA_LAPTOP = SantaConfig(
    generator_width=16,
    encoder_blocks=1,
    decoder_blocks=2,
    discriminator_width=32,
    batch_size=4,
    optimiser=OptimiserConfig(learning_rate=5e-4),
    ema_decay=0.99,
    precision="auto",
    loop=LoopConfig(steps=1400, log_every=25, checkpoint_every=200, draw_every=350),
)
"""A few minutes on one core at 64 pixels."""

SANTA_PAPER = SantaConfig(optimiser=OptimiserConfig(constant_steps=200_000, decay_steps=200_000))
"""The published weights. What is not published with them (nine blocks, batches of one, Adam 2e-4, 200 epochs and 200 of
decay, here of 1,000 images) is that of CUT, on whose code SANTA stands."""
