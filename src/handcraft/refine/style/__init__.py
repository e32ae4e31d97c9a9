# SPDX-License-Identifier: Apache-2.0
"""One-to-many: a render becomes many photographed hands, their looks drawn or taken from a photograph."""

from handcraft.refine.style.config import STYLE_LAPTOP, STYLE_SMOKE, StyleConfig, StyleSource
from handcraft.refine.style.learner import StyleLearner
from handcraft.refine.style.networks import StyleEncoder, StyleGenerator, StyleNetwork, shape_of
from handcraft.refine.style.translator import StyleTranslator, translator_from

__all__ = [
    "STYLE_LAPTOP",
    "STYLE_SMOKE",
    "StyleConfig",
    "StyleEncoder",
    "StyleGenerator",
    "StyleLearner",
    "StyleNetwork",
    "StyleSource",
    "StyleTranslator",
    "shape_of",
    "translator_from",
]
