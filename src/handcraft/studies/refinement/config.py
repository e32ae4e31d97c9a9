# SPDX-License-Identifier: Apache-2.0
"""What the refinement study trains and measures; its presets are values."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from handcraft.data import PreprocessConfig
from handcraft.errors import HandcraftError
from handcraft.estimate import (
    KEYPOINTS_LAPTOP,
    KEYPOINTS_SMOKE,
    SEGMENTER_LAPTOP,
    SEGMENTER_SMOKE,
    KeypointConfig,
    SegmenterConfig,
)
from handcraft.refine import (
    LAPTOP,
    LAPTOP_FEATURES,
    SANTA_LAPTOP,
    SMOKE,
    STYLE_LAPTOP,
    STYLE_SMOKE,
    CycleGANConfig,
    RefinerConfig,
)
from handcraft.training import LoopConfig

Refiners = Mapping[str, RefinerConfig]
"""The refiners under test, of any kind, by the names of their arms."""

CEILING_FOLDS = 2
"""Parts that the people of a labelled test set are split into, each to be tested by the ceiling of the others."""


@dataclass(frozen=True)
class StudyConfig:
    """Sizes of the sets, and how each network is trained."""

    source_count: int = 3000
    """Plain renders with labels, that refiners translate and estimators learn from."""
    target_count: int = 1800
    """Simulated photographs to refine towards; their labels are used by the ceiling only."""
    test_count: int = 600
    """Simulated photographs of other hands to be tested on."""
    helper_count: int = 2400
    """Renders of other hands that the segmenter and the judge of label drift learn from."""
    drift_count: int = 256
    """Renders whose hands are checked for having moved."""
    render_px: int = 128
    data_seed: int = 0
    seeds: tuple[int, ...] = (0,)
    """Training seeds: every arm is trained once for each."""
    crops: PreprocessConfig = field(default_factory=PreprocessConfig)
    segmenter: SegmenterConfig = SEGMENTER_LAPTOP
    refiners: Refiners = field(default_factory=lambda: cyclegans(LAPTOP))
    """One arm for each; their seeds are the arms'."""
    keypoints: KeypointConfig = KEYPOINTS_LAPTOP
    judge_jitter: float = 0.5
    """Colour jitter of the judge's training, which makes it see hands of any look."""
    tolerated: float = 0.0
    """Share of raw renders that keep-or-reject may lose to each of its respects; every refiner gets an arm that learns
    from its kept images then. 0 leaves those arms out."""

    def __post_init__(self) -> None:
        """Refuse sets that are too small to mean anything."""
        for name in ("source_count", "target_count", "test_count", "helper_count", "drift_count"):
            if getattr(self, name) < 16:
                raise HandcraftError(f"Expected `{name}` to be at least 16, but got {getattr(self, name)}.")
        if not self.refiners:
            raise HandcraftError("Expected `refiners` to be at least one, but got none.")
        if not 0 <= self.tolerated < 1:
            raise HandcraftError(f"Expected `tolerated` to be from 0 to below 1, but got {self.tolerated}.")
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise HandcraftError(f"Expected `seeds` to be different numbers, at least one, but got {self.seeds}.")

    def towards_photographs(self) -> "StudyConfig":
        """The same study with photographs as its target: people take them upright, the renders have any roll."""
        turned = {name: dataclasses.replace(each, turn_photographs_deg=180.0) for name, each in self.refiners.items()}
        return dataclasses.replace(self, refiners=turned)

    def refiner_config(self, name: str, seed: int) -> RefinerConfig:
        """The configuration of one of ``refiners``."""
        return dataclasses.replace(self.refiners[name], seed=seed)

    def keypoint_config(self, seed: int, *, normalised: bool = False) -> KeypointConfig:
        """The configuration of an estimator; all arms share it but for the colours they see."""
        return dataclasses.replace(self.keypoints, seed=seed, input="normalised" if normalised else "colour")

    def judge_config(self) -> KeypointConfig:
        """The configuration of the judge: another seed, other hands, strong colour jitter."""
        augment = dataclasses.replace(self.keypoints.augment, colour_jitter=self.judge_jitter)
        return dataclasses.replace(self.keypoints, seed=self.data_seed + 7919, augment=augment)


def cyclegans(pixels: CycleGANConfig) -> Refiners:
    """Seed 000's two CycleGANs, alike but for where they compare a cycled image with its original."""
    return {"CycleGAN": pixels, "feature-map CycleGAN": dataclasses.replace(pixels, cycle="discriminator_features")}


SMOKE_STUDY = StudyConfig(
    source_count=48, target_count=32, test_count=24, helper_count=48, drift_count=16, render_px=64,
    crops=PreprocessConfig(size=32), segmenter=SEGMENTER_SMOKE, keypoints=KEYPOINTS_SMOKE,
    refiners={**cyclegans(SMOKE), "style refiner": STYLE_SMOKE},
)  # fmt: skip
"""Under a minute: shows that everything runs. Its figures mean nothing."""

LAPTOP_STUDY = StudyConfig(
    refiners={
        "feature-map CycleGAN": LAPTOP_FEATURES,
        "style refiner": dataclasses.replace(
            STYLE_LAPTOP, loop=LoopConfig(steps=550, checkpoint_every=100, draw_every=275)
        ),
    }
)
"""What ``handcraft demo`` runs: under ten minutes on two cores."""

LONG_STUDY = StudyConfig(
    source_count=4000,
    target_count=3000,
    test_count=1000,
    helper_count=3000,
    segmenter=dataclasses.replace(SEGMENTER_LAPTOP, steps=1500),
    refiners={
        **cyclegans(
            dataclasses.replace(LAPTOP, loop=LoopConfig(steps=1400, log_every=25, checkpoint_every=200, draw_every=350))
        ),
        "style refiner": STYLE_LAPTOP,
        "SANTA": SANTA_LAPTOP,
    },
    keypoints=dataclasses.replace(KEYPOINTS_LAPTOP, steps=1500),
    tolerated=0.05,
)
"""Every kind of refiner that reads no masks, and what rejecting buys each: about an hour on one core for each seed."""

STYLE_STUDY = dataclasses.replace(LONG_STUDY, refiners={"style refiner": STYLE_LAPTOP}, tolerated=0.0)
"""The one-to-many refiner alone, as long: a quarter of an hour on one core for each seed."""
