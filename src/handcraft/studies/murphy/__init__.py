# SPDX-License-Identifier: Apache-2.0
"""Seed 000 as one run: each of its tables and figures, our figure beside the published one."""

from handcraft.studies.murphy.config import LAPTOP_MURPHY, PAPER_MURPHY, SMOKE_MURPHY, MurphyConfig
from handcraft.studies.murphy.sets import MurphyData
from handcraft.studies.murphy.study import run_murphy

__all__ = ["LAPTOP_MURPHY", "PAPER_MURPHY", "SMOKE_MURPHY", "MurphyConfig", "MurphyData", "run_murphy"]
