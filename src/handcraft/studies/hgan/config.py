# SPDX-License-Identifier: Apache-2.0
"""Seed 002's study as a value: its five models, what they are measured with, and on how many images."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from handcraft.data import HGAN_TEST, HGAN_TRAINING, PreprocessConfig
from handcraft.encode import DOMAINS_LAPTOP, DOMAINS_PAPER, DOMAINS_SMOKE, DomainConfig, SpaceChoice
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.estimate import KEYPOINTS_PAPER, SEGMENTER_PAPER
from handcraft.refine import (
    GEOCONGAN,
    MSH_GAN4,
    MSH_GAN6,
    PIX_CYCLEGAN4,
    PIX_CYCLEGAN6,
    SILHOUETTE_LAPTOP,
    SILHOUETTE_PAPER,
    SILHOUETTE_SMOKE,
    CycleGANConfig,
    OptimiserConfig,
    RefinerConfig,
    SilhouetteConfig,
)
from handcraft.studies.hgan.published import TABLE_I
from handcraft.studies.refinement import SMOKE_STUDY, StudyConfig
from handcraft.training import LoopConfig

Scale = Literal["smoke", "laptop", "paper"]

MODELS: dict[str, CycleGANConfig] = {
    "pixCycleGAN6": PIX_CYCLEGAN6,
    "pixCycleGAN4": PIX_CYCLEGAN4,
    "GeoConGAN": GEOCONGAN,
    "msH-GAN4": MSH_GAN4,
    "msH-GAN6": MSH_GAN6,
}
"""In the order of Table I."""


@dataclass(frozen=True)
class HganConfig:
    """Sets, models and measures of one run.

    Raises:
        HandcraftError: models that are not the document's, or a count below what can be measured.
    """

    scale: Scale
    hands: StudyConfig
    """How many hands there are in each set, how training crops are cut, and how the judges of label drift are trained:
    ``drift_count`` is the number of test renders, ``test_count`` that of test photographs, ``helper_count`` that of the
    judges' hands; ``refiners`` are the document's models, in the order of Table I."""
    test_crops: PreprocessConfig
    """How test crops are cut."""
    silhouette: SilhouetteConfig
    """The network that GeoConGAN keeps silhouettes by."""
    classifier: DomainConfig
    """Of Tables II and III."""
    space: SpaceChoice = "hand encoder"
    """Where Table I's distances are measured."""
    layouts: int = 16
    """Classes for the inception score in the hand encoder's space, which has none of its own (``learn_layouts``)."""
    draws: int = 5
    """Disjoint draws of test images that Table I repeats its figures over."""
    draw_size: int = 100
    """Images in each of them; fewer where there are not enough."""
    subsets: int = 100
    """Random subsets for the kernel distance as it is printed."""
    classified: str = "msH-GAN6"
    """The model whose images Tables II and III call generated."""
    taught_each: int = 700
    """Training images of a class in Tables II and III."""
    tested_each: int = 500
    """Test images of a class."""

    def __post_init__(self) -> None:
        """Refuse what makes no table."""
        expect_at_least(1, draws=self.draws, subsets=self.subsets)
        expect_at_least(4, draw_size=self.draw_size, taught_each=self.taught_each, tested_each=self.tested_each)
        if list(self.hands.refiners) != list(TABLE_I):
            names = ", ".join(TABLE_I)
            raise HandcraftError(f"Expected `hands.refiners` to be {names}, but got {', '.join(self.hands.refiners)}.")
        if self.classified not in TABLE_I:
            raise HandcraftError(f"Expected `classified` to be one of the models, but got {self.classified!r}.")

    def towards_photographs(self) -> "HganConfig":
        """The same where people's own photographs are the target: they are upright, the renders have any roll."""
        return dataclasses.replace(self, hands=self.hands.towards_photographs())

    def with_weights(self, *, vgg16: Path | None, inception: Path | None, vit: Path | None) -> "HganConfig":
        """The same with the document's own networks, as far as there are files of their weights."""
        config = self
        if vgg16 is not None:
            seeing = {name: _seeing(each, vgg16) for name, each in self.hands.refiners.items()}
            config = dataclasses.replace(config, hands=dataclasses.replace(self.hands, refiners=seeing))
        if inception is not None:
            config = dataclasses.replace(config, space="inception_v3")
        if vit is not None:
            config = dataclasses.replace(config, classifier=dataclasses.replace(DOMAINS_PAPER, weights=vit))
        return config


def _seeing(model: RefinerConfig, vgg16: Path) -> RefinerConfig:
    """With VGG-16's taps, if it is one of those that look through a network."""
    if not isinstance(model, CycleGANConfig) or model.discriminator.kind != "perceptual":
        return model
    return dataclasses.replace(
        model, discriminator=dataclasses.replace(model.discriminator, taps="vgg16", taps_file=str(vgg16))
    )


def _small(model: CycleGANConfig, *, width: int, batch_size: int, loop: LoopConfig) -> CycleGANConfig:
    """Narrow, fast learning and short.

    In so few channels and so small batches dropout and statistics of the batch are mostly noise, so both go. All models
    take equally many steps; the document gives GeoConGAN 20,000 and the others 57,910.
    """
    return dataclasses.replace(
        model,
        generator=dataclasses.replace(
            model.generator, width=width, upsample="resize", norm="instance", dropout=0.0
        ),
        discriminator=dataclasses.replace(model.discriminator, width=2 * width),
        optimiser=OptimiserConfig(learning_rate=5e-4),
        batch_size=batch_size,
        ema_decay=0.99,
        precision="auto",
        loop=loop,
    )  # fmt: skip


def _all_small(*, width: int, batch_size: int, loop: LoopConfig) -> dict[str, CycleGANConfig]:
    return {name: _small(model, width=width, batch_size=batch_size, loop=loop) for name, model in MODELS.items()}


_WHITE = PreprocessConfig(background="white")
_WHITE_SMOKE = PreprocessConfig(size=32, background="white")

SMOKE_HGAN = HganConfig(
    scale="smoke",
    hands=dataclasses.replace(
        SMOKE_STUDY,
        source_count=24,
        target_count=24,
        test_count=40,
        helper_count=20,
        drift_count=20,
        crops=_WHITE_SMOKE,
        refiners=_all_small(
            width=4, batch_size=2, loop=LoopConfig(steps=2, log_every=1, checkpoint_every=2, draw_every=2)
        ),
    ),
    test_crops=_WHITE_SMOKE,
    silhouette=SILHOUETTE_SMOKE,
    classifier=DOMAINS_SMOKE,
    draws=2,
    draw_size=8,
    subsets=4,
    taught_each=12,
    tested_each=8,
)
"""Seconds: shows that everything runs. Its figures mean nothing."""

LAPTOP_HGAN = HganConfig(
    scale="laptop",
    hands=StudyConfig(
        source_count=1200,
        target_count=1000,
        test_count=1060,
        helper_count=1200,
        drift_count=520,
        crops=_WHITE,
        refiners=_all_small(
            width=16, batch_size=4, loop=LoopConfig(steps=350, log_every=10, checkpoint_every=50, draw_every=350)
        ),
    ),
    test_crops=_WHITE,
    silhouette=SILHOUETTE_LAPTOP,
    classifier=dataclasses.replace(DOMAINS_LAPTOP, width=64, depth=4, epochs=15),
)
"""About 25 minutes of one core. A quarter of the published width and crops of 64 pixels, so its figures are not the
document's."""

PAPER_HGAN = HganConfig(
    scale="paper",
    hands=StudyConfig(
        test_count=12_000, drift_count=6_000, helper_count=10_500, crops=HGAN_TRAINING,
        segmenter=SEGMENTER_PAPER, keypoints=KEYPOINTS_PAPER, refiners=MODELS,
    ),
    test_crops=HGAN_TEST,
    silhouette=SILHOUETTE_PAPER,
    classifier=DOMAINS_LAPTOP,
    draws=3,
    draw_size=2_000,
    taught_each=10_500,
    tested_each=3_500,
)  # fmt: skip
"""Seed 002's crops, networks and numbers, on a GPU and the user's SynthHands and RealHands. Name the files of VGG-16,
Inception-v3 and ViT; without one handcraft's own encoder or transformer takes its place, and the tables say so."""
