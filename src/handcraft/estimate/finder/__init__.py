# SPDX-License-Identifier: Apache-2.0
"""The finder: where in a whole photograph hands are, how they are turned and which they are; or that there is none."""

from handcraft.estimate.finder.composed import ComposedScenes, compose
from handcraft.estimate.finder.config import (
    FINDER_LAPTOP,
    FINDER_SHIPPED,
    FINDER_SMOKE,
    ComposedConfig,
    FinderConfig,
)
from handcraft.estimate.finder.cutouts import HandCutouts, cut_out
from handcraft.estimate.finder.evaluation import (
    HELD_OUT_BLOCK,
    FinderScores,
    evaluate_finder,
    held_out_scenes,
    score_found,
)
from handcraft.estimate.finder.export import export_finder
from handcraft.estimate.finder.finder import Finder
from handcraft.estimate.finder.labels import Found, SceneLabels
from handcraft.estimate.finder.learner import FinderLearner
from handcraft.estimate.finder.train import rendered_hands, train_finder

__all__ = [
    "FINDER_LAPTOP",
    "FINDER_SHIPPED",
    "FINDER_SMOKE",
    "HELD_OUT_BLOCK",
    "ComposedConfig",
    "ComposedScenes",
    "Finder",
    "FinderConfig",
    "FinderLearner",
    "FinderScores",
    "Found",
    "HandCutouts",
    "SceneLabels",
    "compose",
    "cut_out",
    "evaluate_finder",
    "export_finder",
    "held_out_scenes",
    "rendered_hands",
    "score_found",
    "train_finder",
]
