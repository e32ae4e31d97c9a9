# SPDX-License-Identifier: Apache-2.0
"""One-sided, the shortest way from render to photograph, with a slider along it (SANTA: Xie et al. 2023)."""

from handcraft.refine.santa.config import SANTA_LAPTOP, SANTA_PAPER, SANTA_SMOKE, SantaConfig
from handcraft.refine.santa.learner import SantaLearner
from handcraft.refine.santa.networks import SantaGenerator
from handcraft.refine.santa.translator import SantaTranslator, translator_from

__all__ = [
    "SANTA_LAPTOP",
    "SANTA_PAPER",
    "SANTA_SMOKE",
    "SantaConfig",
    "SantaGenerator",
    "SantaLearner",
    "SantaTranslator",
    "translator_from",
]
