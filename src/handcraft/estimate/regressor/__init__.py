# SPDX-License-Identifier: Apache-2.0
"""The model-based regressor (seed 001): a crop to pose, shape and camera of a hand by iterative error feedback."""

from handcraft.estimate.regressor.camera import CameraConvention
from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.estimate.regressor.hands import load_hand
from handcraft.estimate.regressor.learner import RegressorLearner
from handcraft.estimate.regressor.losses import reprojection_loss, shape_loss, total_loss
from handcraft.estimate.regressor.network import FeedbackHead, RegressorNet
from handcraft.estimate.regressor.numbers import AnnyNumbers, HandNumbers, MANONumbers
from handcraft.estimate.regressor.parameters import HandParameters, VectorParts
from handcraft.estimate.regressor.presets import REGRESSOR_LAPTOP, REGRESSOR_PRESETS, REGRESSOR_SMOKE
from handcraft.estimate.regressor.regressor import RegressedHands, Regressor
from handcraft.estimate.regressor.targets import THUMB_CMC_CERTAINTY, Targets, supervised_rows, targets_of
from handcraft.estimate.regressor.train import train_regressor

__all__ = [
    "REGRESSOR_LAPTOP",
    "REGRESSOR_PRESETS",
    "REGRESSOR_SMOKE",
    "THUMB_CMC_CERTAINTY",
    "AnnyNumbers",
    "CameraConvention",
    "FeedbackHead",
    "HandNumbers",
    "HandParameters",
    "MANONumbers",
    "RegressedHands",
    "Regressor",
    "RegressorConfig",
    "RegressorLearner",
    "RegressorNet",
    "Targets",
    "VectorParts",
    "load_hand",
    "reprojection_loss",
    "shape_loss",
    "supervised_rows",
    "targets_of",
    "total_loss",
    "train_regressor",
]
