# SPDX-License-Identifier: Apache-2.0
"""What a hand is: names, anatomy, shape, pose and mesh."""

from handcraft.hand.model import PHENOTYPES, HandMesh, HandModel, PosedHand, ShapedHand
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
