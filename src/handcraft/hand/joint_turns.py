# SPDX-License-Identifier: Apache-2.0
"""Joint angles to turns of bones, and back.

Both ways hold for any hand whose bones' frames are ours: a finger bone flexes about its x, lies along its y and leans
to the thumb about -z (its z is palmar); the wrist's frame is the hand's (x dorsal, y distal, z towards the thumb). A
bone's turn at zero angles, which makes the fingers straight and parallel, is the hand's own (``zero_rotations``).
"""

from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.geometry.rotations import X_AXIS, Z_AXIS, rotation_about, rotation_from_axis_angle
from handcraft.hand.anatomy import DEGREES_OF_FREEDOM, DOF_NAMES

LEANING_JOINTS = tuple(dof.joint for dof in DEGREES_OF_FREEDOM if dof.motion == "deviation")
FLEXING_JOINTS = tuple(dof.joint for dof in DEGREES_OF_FREEDOM if dof.motion == "flexion")
"""All joints: each flexes, and six of them lean as well."""

_LEANING = [FLEXING_JOINTS.index(joint) for joint in LEANING_JOINTS]
_FLEXIONS = [DOF_NAMES.index(f"{joint}_flexion") for joint in FLEXING_JOINTS]
_DEVIATIONS = [DOF_NAMES.index(f"{joint}_deviation") for joint in LEANING_JOINTS]


@cache
def _axes() -> Float[Tensor, "dof 3"]:
    """The axis of each degree of freedom in its bone's frame."""
    of_fingers, of_wrist = {"flexion": X_AXIS, "deviation": (0.0, 0.0, -1.0)}, {"flexion": Z_AXIS, "deviation": X_AXIS}
    return torch.tensor([(of_wrist if dof.joint == "wrist" else of_fingers)[dof.motion] for dof in DEGREES_OF_FREEDOM])


@dataclass(frozen=True)
class PoseReading:
    """Joint angles read from the turns of bones, and what of the turns no joint angle explains."""

    angles_rad: Float[Tensor, "batch dof"]
    residual_rad: Float[Tensor, "batch joints"]
    """The angle left over at each of ``FLEXING_JOINTS``: twist, and lean of joints that only flex."""


def bone_rotations(
    angles_rad: Float[Tensor, "batch dof"],
    zero_rotations: Float[Tensor, "bones 3 3"],
    bone_of_joint: dict[str, int],
) -> Float[Tensor, "batch bones 3 3"]:
    """Each bone's turn in its own frame: first lean, then flex, so that a finger curls in the plane it leans to."""
    turns = rotation_from_axis_angle(angles_rad[..., None] * _axes().to(angles_rad))
    rotations = zero_rotations.to(angles_rad).expand(angles_rad.shape[0], -1, -1, -1).clone()
    flexing, leaning = ([bone_of_joint[joint] for joint in joints] for joints in (FLEXING_JOINTS, LEANING_JOINTS))
    rotations[:, flexing] = rotations[:, flexing] @ turns[:, _FLEXIONS]
    rotations[:, leaning] = turns[:, _DEVIATIONS] @ rotations[:, leaning]
    return rotations


def read_angles(
    rotations: Float[Tensor, "batch bones 3 3"],
    zero_rotations: Float[Tensor, "bones 3 3"],
    bone_of_joint: dict[str, int],
) -> PoseReading:
    """The angles of which :func:`bone_rotations` makes these turns, or comes nearest to them.

    A turn is ``lean zero flex``. Lean moves the image of the flexion axis, flexion does not, so lean is read from
    that image; flexion is then the turn about its axis nearest to what is left (swing and twist).
    """
    axes = _axes().to(rotations)
    bones = [bone_of_joint[joint] for joint in FLEXING_JOINTS]
    turns, zero = rotations[:, bones], zero_rotations[bones].to(rotations).expand(len(rotations), -1, -1, -1)
    flex_axes = axes[_FLEXIONS].expand(len(rotations), -1, -1)
    lean_axes = axes[_DEVIATIONS].expand(len(rotations), -1, -1)
    before, after = ((matrix @ flex_axes[..., None])[:, _LEANING, :, 0] for matrix in (zero, turns))
    leans_rad = _angle_about(lean_axes, before, after)
    rest = zero.transpose(-1, -2).clone()
    rest[:, _LEANING] = rest[:, _LEANING] @ rotation_from_axis_angle(-leans_rad[..., None] * lean_axes)
    rest = rest @ turns
    flexions_rad = _nearest_angle(flex_axes, rest)
    left_over = rest @ rotation_from_axis_angle(-flexions_rad[..., None] * flex_axes)
    angles_rad = rotations.new_zeros(len(rotations), len(DOF_NAMES))
    angles_rad[:, _FLEXIONS], angles_rad[:, _DEVIATIONS] = flexions_rad, leans_rad
    return PoseReading(angles_rad, rotation_angle(left_over))


def rotation_angle(rotation: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch"]:
    """How far each rotation turns, 0 to pi; exact at both ends."""
    return torch.atan2(_twice_sine_axis(rotation).norm(dim=-1), rotation.diagonal(dim1=-2, dim2=-1).sum(-1) - 1)


def _twice_sine_axis(rotation: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """The axis of each rotation times twice the sine of its angle."""
    (_, xy, xz), (yx, _, yz), (zx, zy, _) = (row.unbind(-1) for row in rotation.unbind(-2))
    return torch.stack([zy - yz, xz - zx, yx - xy], -1)


def _angle_about(
    axis: Float[Tensor, "*batch 3"], before: Float[Tensor, "*batch 3"], after: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch"]:
    """The angle about a unit axis by which ``before`` has turned to ``after``, seen along the axis."""
    sine = (axis * torch.linalg.cross(before, after)).sum(-1)
    cosine = (before * after).sum(-1) - (axis * before).sum(-1) * (axis * after).sum(-1)
    return torch.atan2(sine, cosine)


def _nearest_angle(axis: Float[Tensor, "*batch 3"], rotation: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch"]:
    """The angle of the turn about a unit axis that is nearest to each rotation."""
    sine = (axis * _twice_sine_axis(rotation)).sum(-1)
    along = (axis[..., None, :] @ rotation @ axis[..., None])[..., 0, 0]
    return torch.atan2(sine, rotation.diagonal(dim1=-2, dim2=-1).sum(-1) - along)


def straightening_rotations(
    orientations: Float[Tensor, "bones 3 3"], bone_parents: tuple[int, ...], bone_of_joint: dict[str, int]
) -> Float[Tensor, "bones 3 3"]:
    """Turns that bring the fingers from a reference pose to flat and parallel to the middle one's metacarpal.

    The outer joints are straightened by flexion alone. The thumb stays.
    """
    zero = torch.eye(3, device=orientations.device).repeat(len(orientations), 1, 1)
    hand_axis = orientations[bone_parents[bone_of_joint["middle_mcp"]], :, 1]
    for joint, bone in bone_of_joint.items():
        if joint.startswith(("wrist", "thumb")):
            continue
        along = hand_axis if joint.endswith("mcp") else orientations[bone_parents[bone], :, 1]
        x, y, z = (orientations[bone].T @ along).unbind()
        lean = torch.atan2(-x, y) if joint.endswith("mcp") else torch.zeros_like(x)
        zero[bone] = rotation_about(Z_AXIS, lean) @ rotation_about(X_AXIS, -torch.atan2(-z, y))
    return zero
