# SPDX-License-Identifier: Apache-2.0
"""What is tuned, how often and by which estimator; its presets are values."""

import dataclasses
from dataclasses import dataclass, field

from handcraft.errors import expect_at_least
from handcraft.estimate import KEYPOINTS_LAPTOP, KEYPOINTS_PAPER, KEYPOINTS_SMOKE, KeypointConfig
from handcraft.refine import LAPTOP, PAPER, SMOKE, CycleGANConfig
from handcraft.studies.tuning.space import SearchSpace


@dataclass(frozen=True)
class TuningConfig:
    """A refiner, an estimator, and where better settings of the refiner are looked for."""

    refiner: CycleGANConfig = LAPTOP
    """What the first trial trains as it is, and every other with other settings."""
    keypoints: KeypointConfig = KEYPOINTS_LAPTOP
    """The estimator that is trained on what each refiner makes; its error decides."""
    space: SearchSpace = field(default_factory=SearchSpace)
    trials: int = 20
    """Trials in all, those before a resumption included."""
    random_trials: int = 6
    """Trials, after the first, whose settings are drawn freely; Optuna's estimator (TPE) proposes the rest."""
    seed: int = 0
    """What the proposals are drawn with; networks are trained with the seeds of their own configurations."""

    def __post_init__(self) -> None:
        """Refuse a search without trials."""
        expect_at_least(1, trials=self.trials, random_trials=self.random_trials)


SMOKE_TUNING = TuningConfig(refiner=SMOKE, keypoints=KEYPOINTS_SMOKE, trials=2)
"""Seconds: shows that everything runs. Its settings mean nothing."""

LAPTOP_TUNING = TuningConfig()
"""About two and a half minutes a trial on two cores."""

PAPER_TUNING = TuningConfig(
    refiner=PAPER,
    keypoints=dataclasses.replace(KEYPOINTS_PAPER, image_px=64),
    trials=50,
    random_trials=10,
)
"""Seed 000's refiner and estimator at its 64 pixels, fifty times over: days on a GPU."""
