# SPDX-License-Identifier: Apache-2.0
"""Which settings of a refiner serve an estimator best? Seed 000's outlook (section 5.1.1), by Optuna."""

from handcraft.studies.tuning.config import (
    LAPTOP_TUNING,
    PAPER_TUNING,
    SMOKE_TUNING,
    TuningConfig,
)
from handcraft.studies.tuning.space import SearchSpace
from handcraft.studies.tuning.study import tune
from handcraft.studies.tuning.trials import TuningSets

__all__ = [
    "LAPTOP_TUNING",
    "PAPER_TUNING",
    "SMOKE_TUNING",
    "SearchSpace",
    "TuningConfig",
    "TuningSets",
    "tune",
]
