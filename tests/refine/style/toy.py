# SPDX-License-Identifier: Apache-2.0
"""Grey discs for renders, discs of two colours for photographs, and a tiny one-to-many refiner."""

import dataclasses

from handcraft.data import PreparedSet
from handcraft.refine.style import STYLE_SMOKE, StyleLearner
from handcraft.training import make_accelerator
from tests.refine.toy import blobs, renders

TINY = dataclasses.replace(STYLE_SMOKE, bank=6, style_size=3)
RED, BLUE = (0.9, 0.3, 0.2), (0.2, 0.3, 0.9)


def photographs():
    return PreparedSet.joined([blobs(5, RED, seed=2), blobs(5, BLUE, seed=3)], source="blobs")


def learner(config=TINY):
    return StyleLearner(renders(), photographs(), config, make_accelerator("cpu", config.precision))
