# SPDX-License-Identifier: Apache-2.0
"""CycleGANs as values: small ones for a laptop, and the documents' own."""

import dataclasses

from handcraft.refine.architecture import DiscriminatorConfig, GeneratorConfig
from handcraft.refine.config import EPOCHS, FREIHAND_PHOTOGRAPHS, CycleGANConfig
from handcraft.refine.optimising import OptimiserConfig
from handcraft.training import LoopConfig

SMOKE = CycleGANConfig(
    generator=GeneratorConfig(width=4, blocks=1, upsample="resize"),
    discriminator=DiscriminatorConfig(width=4),
    batch_size=4,
    pool=8,
    ema_decay=0.9,
    loop=LoopConfig(steps=6, log_every=2, checkpoint_every=3, draw_every=6),
)
"""Seconds, to see that everything runs. Its pictures mean nothing."""

LAPTOP = CycleGANConfig(
    input="colour",
    generator=GeneratorConfig(width=16, blocks=3, upsample="resize"),
    discriminator=DiscriminatorConfig(width=32, sigmoid=False),
    batch_size=4,
    optimiser=OptimiserConfig(learning_rate=5e-4),
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
    loop=LoopConfig(steps=EPOCHS * (FREIHAND_PHOTOGRAPHS // 32)),
)
"""Seed 000, section 3.3.3: the same with equation 3.8 and batches of 32."""

PAPER_FULL_RESOLUTION = dataclasses.replace(
    PAPER_FEATURES, discriminator=DiscriminatorConfig(full_resolution_features=True)
)
"""Seed 000, section 5.1.4: the same with feature maps of the images' own size."""

PAPER_WASSERSTEIN = dataclasses.replace(
    PAPER,
    adversary="wasserstein",
    critic_steps=5,
    pool=0,
    discriminator=DiscriminatorConfig(sigmoid=False),
    optimiser=OptimiserConfig(learning_rate=1e-4, beta1=0.0, beta2=0.9),
)
"""Seed 000, section 5.1.2, which names no figures: those of Gulrajani et al. 2017, algorithm 1. Steps are critics'."""

_REAL_HANDS = 49_332 - 3_000
"""RealHands' masked frames but for those that seed 002 validates and tests on."""

MSH_GAN4 = CycleGANConfig(
    generator=GeneratorConfig(blocks=4, norm="batch", dropout=0.5),
    discriminator=DiscriminatorConfig(kind="perceptual"),
    initialiser="xavier",
    identity_weight=5.0,
    composite=True,
    input="colour",
    batch_size=8,
    optimiser=OptimiserConfig(learning_rate=5e-5),
    pool=50,
    loop=LoopConfig(steps=10 * (_REAL_HANDS // 8)),
)
"""Seed 002, section IV.A, made for crops of 128 pixels: 10 epochs of RealHands in batches of 8, Adam 5e-5, cycle 10,
identity 0.5 times that. The perceptual discriminator looks through the hand encoder unless it is given VGG-16's file;
which of them it was stands on every result."""

MSH_GAN6 = dataclasses.replace(MSH_GAN4, generator=dataclasses.replace(MSH_GAN4.generator, blocks=6))
"""The same with 6 blocks."""

PIX_CYCLEGAN4 = dataclasses.replace(MSH_GAN4, discriminator=DiscriminatorConfig(kind="pixel"))
"""Seed 002's model with discriminators of single pixels."""

PIX_CYCLEGAN6 = dataclasses.replace(MSH_GAN6, discriminator=DiscriminatorConfig(kind="pixel"))
"""The same with 6 blocks."""

GEOCONGAN = dataclasses.replace(
    MSH_GAN4,
    generator=dataclasses.replace(MSH_GAN4.generator, blocks=9),
    discriminator=DiscriminatorConfig(kind="patch70"),
    composite=False,
    silhouette_weight=1.0,
    silhouette_truth="network",
    optimiser=OptimiserConfig(learning_rate=2e-4),
    loop=LoopConfig(steps=20_000),
)
"""Mueller et al. 2018 as seed 002 has it for comparison: 9 blocks, patches of 70 pixels, silhouettes in the place of
masks, 20,000 steps of Adam 2e-4. Needs ``silhouette``, the run of a silhouette network."""
