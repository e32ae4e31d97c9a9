# SPDX-License-Identifier: Apache-2.0
"""Does refining renders help an estimator on photographs? The study of seed 000 (its table 4.1), with baselines."""

from handcraft.studies.refinement.config import LAPTOP_STUDY, LONG_STUDY, SMOKE_STUDY, STYLE_STUDY, StudyConfig
from handcraft.studies.refinement.study import run_study

__all__ = ["LAPTOP_STUDY", "LONG_STUDY", "SMOKE_STUDY", "STYLE_STUDY", "StudyConfig", "run_study"]
