# SPDX-License-Identifier: Apache-2.0
"""Image to joints: keypoint estimators and the hand segmenter, their training and their use."""

from handcraft.estimate.augment import AugmentConfig
from handcraft.estimate.degrade import DegradeConfig
from handcraft.estimate.estimator import Estimator
from handcraft.estimate.heatmaps import HeatmapCodec
from handcraft.estimate.keypoint_config import (
    KEYPOINTS_LAPTOP,
    KEYPOINTS_PAPER,
    KEYPOINTS_SMOKE,
    KeypointConfig,
)
from handcraft.estimate.keypoint_learner import KeypointLearner
from handcraft.estimate.kinds import load_estimator
from handcraft.estimate.segmenter import Segmenter, largest_component, train_segmenter
from handcraft.estimate.segmenter_config import (
    SEGMENTER_LAPTOP,
    SEGMENTER_PAPER,
    SEGMENTER_SMOKE,
    SegmenterConfig,
)
from handcraft.estimate.segmenter_learner import SegmenterLearner
from handcraft.estimate.train import predict, train_estimator

__all__ = [
    "KEYPOINTS_LAPTOP",
    "KEYPOINTS_PAPER",
    "KEYPOINTS_SMOKE",
    "SEGMENTER_LAPTOP",
    "SEGMENTER_PAPER",
    "SEGMENTER_SMOKE",
    "AugmentConfig",
    "DegradeConfig",
    "Estimator",
    "HeatmapCodec",
    "KeypointConfig",
    "KeypointLearner",
    "Segmenter",
    "SegmenterConfig",
    "SegmenterLearner",
    "largest_component",
    "load_estimator",
    "predict",
    "train_estimator",
    "train_segmenter",
]
