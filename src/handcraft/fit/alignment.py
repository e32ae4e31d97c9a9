# SPDX-License-Identifier: Apache-2.0
"""Anybody's joints on our hand: turned into hand frame by the palm, with the middle hand's bones.

Every bone beyond the palm keeps its direction and takes the middle hand's length, so what is left to find is angles;
the size a person has is kept beside it as one number.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.hand import BONES, FINGERS, KEYPOINTS, HandModel
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.joint_checks import expect_hands, hand_length_m
from handcraft.hand.pose_library import middle_hand

KNUCKLES = [KEYPOINTS.index(f"{finger}_mcp") for finger in FINGERS[1:]]


@dataclass(frozen=True)
class NormalisedJoints:
    """Joints as a pose library holds them, and what was taken out."""

    joints_m: Float[Tensor, "pose 21 3"]
    """In hand frame, the palm and the lengths of the bones those of the middle hand."""
    scale: Float[Tensor, " pose"]
    """The hand's length as a multiple of the middle hand's."""


def normalise_joints(model: HandModel, joints_m: Float[Tensor, "pose 21 3"]) -> NormalisedJoints:
    """Bring right hands, wherever and however turned, into hand frame and onto the middle hand's bones.

    Raises:
        HandcraftError: joints that are not finite, not in metres or not in our order.
    """
    expect_hands(joints_m)
    flat_m = flat_joints_m(model).to(joints_m)
    from_wrist_m = joints_m - joints_m[:, :1]
    hand_from_given = _rotation_between(_directions(from_wrist_m[:, KNUCKLES]), _directions(flat_m[KNUCKLES]))
    turned_m = from_wrist_m @ hand_from_given.transpose(-1, -2)
    return NormalisedJoints(_with_bones_of(flat_m, turned_m), hand_length_m(joints_m) / hand_length_m(flat_m))


def flat_joints_m(model: HandModel) -> Float[Tensor, "21 3"]:
    """The middle hand with all angles at zero."""
    hand = middle_hand(model)
    return hand.with_pose(hand.rest_vertices_m.new_zeros(1, len(DOF_NAMES))).keypoints_m()[0]


def _rotation_between(
    given: Float[Tensor, "pose point 3"], wanted: Float[Tensor, "point 3"]
) -> Float[Tensor, "pose 3 3"]:
    """The rotation that brings ``given`` nearest to ``wanted`` (Kabsch 1976)."""
    left, _, right = torch.linalg.svd(torch.einsum("pi,npj->nij", wanted, given))
    left[..., 2] = left[..., 2] * torch.linalg.det(left @ right)[:, None]
    return left @ right


def _with_bones_of(flat_m: Float[Tensor, "21 3"], turned_m: Float[Tensor, "pose 21 3"]) -> Float[Tensor, "pose 21 3"]:
    columns = [flat_m[0].expand(len(turned_m), 3)]
    for parent, child in BONES:
        bone_m = flat_m[child] - flat_m[parent]
        if parent > 0:
            bone_m = _directions(turned_m[:, child] - turned_m[:, parent]) * bone_m.norm()
        columns.append(columns[parent] + bone_m)
    return torch.stack(columns, 1)


def _directions(vectors: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-9)
