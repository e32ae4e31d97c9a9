# SPDX-License-Identifier: Apache-2.0
"""The hand network: one crop to keypoints, 3D joints, side, pose and shape; trained on a stream of renders."""

from handcraft.estimate.hand.config import HAND_LAPTOP, HAND_PAPER, HAND_SHIPPED, HAND_SMOKE, HandNetConfig
from handcraft.estimate.hand.crops import HandCropConfig
from handcraft.estimate.hand.losses import HandLossWeights
from handcraft.estimate.hand.network import HandNet, HandOutputs
from handcraft.estimate.hand.stream import StreamConfig
from handcraft.estimate.hand.train import train_hand_net

__all__ = [
    "HAND_LAPTOP",
    "HAND_PAPER",
    "HAND_SHIPPED",
    "HAND_SMOKE",
    "HandCropConfig",
    "HandLossWeights",
    "HandNet",
    "HandNetConfig",
    "HandOutputs",
    "StreamConfig",
    "train_hand_net",
]
