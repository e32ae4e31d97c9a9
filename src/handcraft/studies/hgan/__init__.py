# SPDX-License-Identifier: Apache-2.0
"""Do perceptual discriminators make rendered hands more real? Seed 002: Tables I to III, Figures 5 and 7."""

from handcraft.studies.hgan.config import LAPTOP_HGAN, PAPER_HGAN, SMOKE_HGAN, HganConfig
from handcraft.studies.hgan.sets import HganInputs
from handcraft.studies.hgan.study import run_hgan

__all__ = ["LAPTOP_HGAN", "PAPER_HGAN", "SMOKE_HGAN", "HganConfig", "HganInputs", "run_hgan"]
