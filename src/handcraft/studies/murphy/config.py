# SPDX-License-Identifier: Apache-2.0
"""Seed 000's study as a value: its refiners, its estimator, and on how many images realism is measured."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from handcraft.data import MURPHY_RENDERS
from handcraft.data.readers.freihand import MURPHY_TEST_FRAMES
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.estimate import KEYPOINTS_LAPTOP, KEYPOINTS_PAPER, SEGMENTER_LAPTOP
from handcraft.refine import (
    LAPTOP,
    PAPER,
    PAPER_FEATURES,
    SMOKE,
    VAEGAN_LAPTOP,
    VAEGAN_PAPER,
    VAEGAN_SMOKE,
    CycleGANConfig,
    RefinerConfig,
    VAEGANConfig,
)
from handcraft.studies.murphy.published import CYCLEGAN, FEATURE_MAP, REFINERS, VAEGAN
from handcraft.studies.refinement.config import SMOKE_STUDY, StudyConfig, cyclegans
from handcraft.training import LoopConfig

Scale = Literal["smoke", "laptop", "paper"]


@dataclass(frozen=True)
class MurphyConfig:
    """Sets, refiners, estimators and measures of one run.

    Raises:
        HandcraftError: refiners that are not the document's, or a count below what can be measured.
    """

    scale: Scale
    hands: StudyConfig
    """Sizes of the sets, seeds, estimator, and ``refiners``: the document's three in its order."""
    draws: int = 5
    """Disjoint draws of images that Figures 4.1 to 4.4 repeat their measures over."""
    draw_size: int = 200
    """Images in each of them (12,800 in the document, which overlap); fewer where there are not enough."""
    layouts: int = 16
    """Classes that stand in for ImageNet's where ResNet-34 has no weights."""
    weights: Path | None = None
    """ResNet-34's, for the document's own spaces; the hand encoder stands in without."""
    embedded: int = 150
    """Images of each set in Figures 4.5 and 4.6 (1,024 in the document)."""
    first_test_frame: int = MURPHY_TEST_FRAMES.start
    """FreiHAND's frames before it are refined towards, those from it on are the test."""

    def __post_init__(self) -> None:
        """Refuse what makes no table."""
        expect_at_least(1, draws=self.draws, first_test_frame=self.first_test_frame)
        expect_at_least(4, draw_size=self.draw_size, embedded=self.embedded)
        expect_at_least(2, layouts=self.layouts)
        if tuple(self.hands.refiners) != REFINERS:
            raise HandcraftError(
                f"Expected `hands.refiners` to be {', '.join(REFINERS)}, but got {', '.join(self.hands.refiners)}."
            )

    def towards_photographs(self) -> "MurphyConfig":
        """The same where people's own photographs are the target: they are upright, the renders have any roll."""
        return dataclasses.replace(self, hands=self.hands.towards_photographs())


def _refiners(vaegan: VAEGANConfig, cyclegan: CycleGANConfig) -> dict[str, RefinerConfig]:
    return {VAEGAN: vaegan, **cyclegans(cyclegan)}


SMOKE_MURPHY = MurphyConfig(
    scale="smoke",
    hands=dataclasses.replace(
        SMOKE_STUDY, refiners=_refiners(VAEGAN_SMOKE, dataclasses.replace(SMOKE, input="normalised")), seeds=(0, 1)
    ),
    draws=2,
    draw_size=8,
    layouts=2,
    embedded=10,
)
"""Under a minute: shows that everything runs. Its figures mean nothing."""

LAPTOP_MURPHY = MurphyConfig(
    scale="laptop",
    hands=StudyConfig(
        source_count=2400,
        target_count=1600,
        test_count=600,
        helper_count=2000,
        segmenter=dataclasses.replace(SEGMENTER_LAPTOP, steps=400),
        refiners=_refiners(
            dataclasses.replace(
                VAEGAN_LAPTOP,
                vae_steps=650,
                loop=LoopConfig(steps=1000, log_every=20, checkpoint_every=200, draw_every=250),
            ),
            dataclasses.replace(
                LAPTOP,
                input="normalised",
                loop=LoopConfig(steps=450, log_every=10, checkpoint_every=150, draw_every=225),
            ),
        ),
        keypoints=dataclasses.replace(KEYPOINTS_LAPTOP, steps=450),
        seeds=(0, 1),
    ),
)
"""About half an hour of one core, from two seeds. Refiners are four times narrower than published and see 1,800
(CycleGANs) and 16,000 (VAEGAN) images of a domain, in the document 730,000; renders go into them with their tint taken
out, as there."""

PAPER_MURPHY = MurphyConfig(
    scale="paper",
    hands=StudyConfig(
        helper_count=6000,
        refiners={VAEGAN: VAEGAN_PAPER, CYCLEGAN: PAPER, FEATURE_MAP: PAPER_FEATURES},
        keypoints=dataclasses.replace(KEYPOINTS_PAPER, image_px=64),
        crops=MURPHY_RENDERS,
        seeds=(0, 1, 2),
    ),
    draw_size=3256,
    embedded=1024,
)
"""RHD and FreiHAND in the document's crops, its refiners and hand3d's schedule, from three seeds: days of a GPU."""
