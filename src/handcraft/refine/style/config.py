# SPDX-License-Identifier: Apache-2.0
"""What a one-to-many refiner is trained with, and two presets of it. No publication has quite this refiner."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from handcraft.errors import expect_at_least, expect_below_one, expect_one_of
from handcraft.networks import Upsampling
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.style.networks import StyleNetwork
from handcraft.training import LoopConfig, Precision
from handcraft.training.recorded import Recorded

StyleSource = Literal["photographs", "noise"]
"""Where styles come from at use: ``photographs`` draws one of the target's own, which have its true variety; ``noise``
draws from the normal distribution with their mean and covariance, so that none is a photograph's."""


@dataclass(frozen=True)
class StyleConfig(Recorded):
    """One generator with a style input, an encoder of styles, one discriminator, and how they are trained.

    Raises:
        HandcraftError: a value outside its range.
    """

    style_size: int = 8
    """Numbers in a style."""
    styles: StyleSource = "photographs"
    bank: int = 2048
    """Photographs, spread evenly over the set, whose styles the trained refiner keeps."""
    adversarial_weight: float = 1.0
    pixel_weight: float = 10.0
    """Of a photograph repainted from its luminance and its style, compared on pixels; the same for renders."""
    feature_weight: float = 5.0
    """The same of photographs, compared on the discriminator's first feature map (equation 3.8)."""
    content_weight: float = 2.0
    """Of a refined render's luminance, which is to stay the render's own but for brightness and contrast."""
    style_weight: float = 0.5
    """Of the style that is found in a refined render, which is to be the one it was painted with."""
    prior_weight: float = 0.01
    """Of the divergence of styles from N(0, 1), in nats; it keeps what lies between two styles a style."""
    turn_photographs_deg: float = 0.0
    """Photographs are turned by a random angle within plus or minus this; 180 where the renders show hands at any roll
    and the photographs do not."""
    generator_width: int = 64
    blocks: int = 4
    upsample: Upsampling = "resize"
    encoder_width: int = 64
    discriminator_width: int = 64
    batch_size: int = 8
    """Images per domain and step, over all processes together."""
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    ema_decay: float = 0.99
    """The refiner's weights are a moving average over steps with this decay; 0 keeps the last step's."""
    precision: Precision = "float32"
    seed: int = 0
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=100_000))

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        for name in ("style_size", "bank", "generator_width", "blocks", "encoder_width", "discriminator_width"):
            expect_at_least(1, **{name: getattr(self, name)})
        expect_at_least(1, batch_size=self.batch_size)
        for name in ("adversarial", "pixel", "feature", "content", "style", "prior"):
            expect_at_least(0, **{f"{name}_weight": getattr(self, f"{name}_weight")})
        expect_at_least(0, turn_photographs_deg=self.turn_photographs_deg)
        expect_below_one(ema_decay=self.ema_decay)
        for name, choices in (("styles", StyleSource), ("upsample", Upsampling), ("precision", Precision)):
            expect_one_of(get_args(choices), **{name: getattr(self, name)})

    def network(self) -> StyleNetwork:
        """Generator and encoder of this size, as training starts with them."""
        return StyleNetwork(
            width=self.generator_width,
            blocks=self.blocks,
            style_size=self.style_size,
            upsample=self.upsample,
            encoder_width=self.encoder_width,
            seed=self.seed,
        )


STYLE_SMOKE = StyleConfig(
    bank=16,
    generator_width=4,
    blocks=1,
    encoder_width=4,
    discriminator_width=4,
    batch_size=4,
    ema_decay=0.9,
    loop=LoopConfig(steps=6, log_every=2, checkpoint_every=3, draw_every=6),
)
"""Seconds, to see that everything runs. Its pictures mean nothing."""

STYLE_LAPTOP = StyleConfig(
    generator_width=16,
    blocks=3,
    encoder_width=16,
    discriminator_width=32,
    batch_size=4,
    optimiser=OptimiserConfig(learning_rate=5e-4),
    precision="auto",
    loop=LoopConfig(steps=1400, log_every=25, checkpoint_every=200, draw_every=350),
)
"""A few minutes on one core at 64 pixels."""
