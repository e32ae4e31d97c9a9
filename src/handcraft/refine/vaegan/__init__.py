# SPDX-License-Identifier: Apache-2.0
"""The VAEGAN of seed 000: hands encoded without their tint, decoded with the colours of photographs."""

from handcraft.refine.vaegan.config import VAEGAN_LAPTOP, VAEGAN_PAPER, VAEGAN_SMOKE, VAEGANConfig
from handcraft.refine.vaegan.learner import VAEGANLearner
from handcraft.refine.vaegan.translation import VAEGANTranslator, translator_from

__all__ = [
    "VAEGAN_LAPTOP",
    "VAEGAN_PAPER",
    "VAEGAN_SMOKE",
    "VAEGANConfig",
    "VAEGANLearner",
    "VAEGANTranslator",
    "translator_from",
]
