# SPDX-License-Identifier: Apache-2.0
"""What a hand is: names, anatomy, shape, pose and mesh."""

from handcraft.hand.anny_hand import PHENOTYPES
from handcraft.hand.model import HandMesh, HandModel, PosedHand, ShapedHand
from handcraft.hand.skeleton import BONES, FINGERS, KEYPOINTS, PARTS, Side

__all__ = [
    "BONES",
    "FINGERS",
    "KEYPOINTS",
    "PARTS",
    "PHENOTYPES",
    "HandMesh",
    "HandModel",
    "PosedHand",
    "ShapedHand",
    "Side",
]
