# SPDX-License-Identifier: Apache-2.0
"""The hand network: one crop to keypoints, 3D joints, side, pose and shape; trained on a stream of renders, and on."""

from handcraft.estimate.hand.config import HAND_LAPTOP, HAND_PAPER, HAND_SHIPPED, HAND_SMOKE, HandNetConfig
from handcraft.estimate.hand.crops import HandCropConfig
from handcraft.estimate.hand.losses import HandLossWeights
from handcraft.estimate.hand.network import HandNet, HandOutputs
from handcraft.estimate.hand.photographs import LabelledPhotographs, labelled_photographs
from handcraft.estimate.hand.start import HandStart, open_start
from handcraft.estimate.hand.stream import StreamConfig
from handcraft.estimate.hand.train import train_hand_net
from handcraft.estimate.hand.tune import tune_hand_net
from handcraft.estimate.hand.tune_config import TUNE_LAPTOP, TUNE_SMOKE, HandTuneConfig

__all__ = [
    "HAND_LAPTOP",
    "HAND_PAPER",
    "HAND_SHIPPED",
    "HAND_SMOKE",
    "TUNE_LAPTOP",
    "TUNE_SMOKE",
    "HandCropConfig",
    "HandLossWeights",
    "HandNet",
    "HandNetConfig",
    "HandOutputs",
    "HandStart",
    "HandTuneConfig",
    "LabelledPhotographs",
    "StreamConfig",
    "labelled_photographs",
    "open_start",
    "train_hand_net",
    "tune_hand_net",
]
