# SPDX-License-Identifier: Apache-2.0
"""What a hand is: names, anatomy, shape, pose and mesh."""

from handcraft.hand.anny_hand import PHENOTYPES, AnnyHand
from handcraft.hand.joint_turns import PoseReading
from handcraft.hand.mano_file import MANOFile
from handcraft.hand.mano_hand import MANOHand
from handcraft.hand.mano_keypoints import MANO_JOINTS, TIP_VERTICES, freihand_from_mano
from handcraft.hand.mano_layer import MANOLayer, MANOMesh
from handcraft.hand.model import HandMesh, HandModel, PosedHand, ShapedHand
from handcraft.hand.pose_library import PoseLibrary
from handcraft.hand.skeleton import BONES, FINGERS, KEYPOINTS, PARTS, Side
from handcraft.hand.source import HandSource

__all__ = [
    "BONES",
    "FINGERS",
    "KEYPOINTS",
    "MANO_JOINTS",
    "PARTS",
    "PHENOTYPES",
    "TIP_VERTICES",
    "AnnyHand",
    "HandMesh",
    "HandModel",
    "HandSource",
    "MANOFile",
    "MANOHand",
    "MANOLayer",
    "MANOMesh",
    "PoseLibrary",
    "PoseReading",
    "PosedHand",
    "ShapedHand",
    "Side",
    "freihand_from_mano",
]
