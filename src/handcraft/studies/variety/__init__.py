# SPDX-License-Identifier: Apache-2.0
"""What each source of variety in the renders is worth to the hand network."""

from handcraft.studies.variety.config import ARMS, LAPTOP_VARIETY, SMOKE_VARIETY, VarietyConfig
from handcraft.studies.variety.study import run_variety

__all__ = ["ARMS", "LAPTOP_VARIETY", "SMOKE_VARIETY", "VarietyConfig", "run_variety"]
