# SPDX-License-Identifier: Apache-2.0
"""What a VAEGAN refiner is trained with, and three presets of it: smoke, laptop, paper.

The defaults are the figures of seed 000, section 3.3.1, so ``VAEGAN_PAPER`` is ``VAEGANConfig()``.
"""

from dataclasses import dataclass, field
from typing import get_args

from handcraft.errors import expect_at_least, expect_below_one, expect_one_of
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.vaegan.losses import Reduction
from handcraft.refine.vaegan.networks import ContentLevel, VAEGANNetworks
from handcraft.training import LoopConfig, Precision
from handcraft.training.recorded import Recorded

_CHOICES = {
    "content_level": get_args(ContentLevel),
    "content_reduction": get_args(Reduction),
    "precision": get_args(Precision),
}

_EPOCH = 24_420 // 128
"""Steps in which the thesis saw every photograph once: FreiHAND's green-screen images 0 to 24,419, in batches."""


@dataclass(frozen=True)
class VAEGANConfig(Recorded):
    """An encoder, a decoder, a discriminator, and the three stages in which they are trained, one after another.

    Raises:
        HandcraftError: a value outside its range.
    """

    gan_steps: int = 30 * _EPOCH
    """Stage 1: the discriminator learns photographs against a generator that starts from noise."""
    vae_steps: int = 30 * _EPOCH
    """Stage 2: encoder and decoder learn hands of both domains. Stage 3 is what remains of ``loop.steps``."""
    content_level: ContentLevel = 1
    """Whose feature map a reconstruction is compared on: block 1 as the thesis says, block 4 as its code has it."""
    content_weight: float = 6e-3
    """Lambda of equation 3.4. With a ``sum`` over 64x32x32 features it is what 393 is with their ``mean``. Features of
    two photographs differ by a sum of about 80 at level 1, where nothing is normalised, and about 4,000 at level 4
    (fresh weights, width 64): 6e-3 weighs fifty times more at level 4; 0.3 at level 1 weighs as much as that."""
    content_reduction: Reduction = "sum"
    """``mean`` makes lambda independent of the feature map's size, and so of ``width``."""
    width: int = 64
    """Channels after the first convolution of encoder and discriminator; all others are multiples of it."""
    latent: int = 128
    """Values that an image is encoded in."""
    turn_photographs_deg: float = 0.0
    """Photographs are turned by a random angle within plus or minus this; 180 where the renders show hands at any roll
    and the photographs do not."""
    batch_size: int = 128
    """Images per domain and step, over all processes together; at least 2 for each, which are normalised together."""
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """Of every network. Each stage begins with fresh moments; a schedule counts the steps of the run."""
    ema_decay: float = 0.0
    """The refiner's decoder is a moving average over steps with this decay; 0 keeps the last step's, as in the seed."""
    precision: Precision = "float32"
    seed: int = 0
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=(30 + 30 + 5) * _EPOCH))

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        expect_at_least(1, width=self.width, latent=self.latent)
        expect_at_least(2, batch_size=self.batch_size)
        for name in ("gan_steps", "vae_steps", "content_weight", "turn_photographs_deg"):
            expect_at_least(0, **{name: getattr(self, name)})
        expect_below_one(ema_decay=self.ema_decay)
        for name, choices in _CHOICES.items():
            expect_one_of(choices, **{name: getattr(self, name)})

    @property
    def pretraining_steps(self) -> int:
        """Steps before the third stage, in which the refiner itself is trained."""
        return self.gan_steps + self.vae_steps

    def networks(self, size: int) -> VAEGANNetworks:
        """Networks for crops of ``size`` pixels, with weights that follow from the seed."""
        return VAEGANNetworks(size, self.width, self.latent, self.seed)


VAEGAN_SMOKE = VAEGANConfig(
    gan_steps=2,
    vae_steps=2,
    width=4,
    latent=8,
    batch_size=4,
    ema_decay=0.9,
    loop=LoopConfig(steps=6, log_every=2, checkpoint_every=3, draw_every=6),
)
"""Seconds, to see that everything runs. Its pictures mean nothing."""

VAEGAN_LAPTOP = VAEGANConfig(
    gan_steps=100,
    vae_steps=800,
    content_weight=0.1,
    width=16,
    latent=64,
    batch_size=16,
    optimiser=OptimiserConfig(learning_rate=1e-3),
    ema_decay=0.99,
    precision="auto",
    loop=LoopConfig(steps=1200, log_every=20, checkpoint_every=200, draw_every=300),
)
"""A few minutes on two cores at 64 pixels. Smaller, faster learning and far shorter than published, so its figures are
not the publication's. Lambda is larger, because a narrow discriminator has fewer features to sum over: with 6e-3 at
this width hands lose their shape within a hundred steps."""

VAEGAN_PAPER = VAEGANConfig()
"""Seed 000, section 3.3.1: 30 epochs of each pre-training and 5 of the VAEGAN, 24,420 photographs in batches of 128,
Adam 2e-4, lambda 6e-3 on the first feature map. The published code differs: it took 1e-4, the fourth map, and the
encoder and decoder of epoch 21."""
