# SPDX-License-Identifier: Apache-2.0
"""MANO's hand, from the user's own file, as a source for ``HandModel``.

MANO keeps all joints parallel to one frame and calls the template flat. Here every bone gets a frame of its own (y
along the bone, flexion about x), found from the template's joints and vertices, so that MANO's hand takes the same
anatomical pose as Anny's; ``rotation_bones_from_mano`` carries a rotation from the one way to the other. A left file is
read as the right hand that it mirrors. MANO's native parameters are in ``mano_layer``.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.geometry.interpolation import axis_angle_from_rotation
from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand.joint_turns import PoseReading, bone_rotations, read_angles, straightening_rotations
from handcraft.hand.mano_file import MANOFile
from handcraft.hand.mano_keypoints import MANO_JOINTS, MANO_PARENTS
from handcraft.hand.skeleton import FINGERS, Side, finger_of
from handcraft.hand.skinning import rigid_from_parts

DORSAL = {
    "thumb": (0.38, -0.40, 0.83),
    "index": (0.92, -0.07, 0.38),
    "middle": (0.97, -0.08, 0.25),
    "ring": (0.98, -0.10, 0.18),
    "little": (0.99, -0.16, -0.06),
}
"""Where the back of each finger of the flat hand faces, in hand frame: as in Anny's rig, to two digits. The knuckles
form an arch, so a finger bends in a plane of its own; MANO's joints bend about any axis and do not say."""

WRIST_BLEND_M = 0.012
"""Skin this far behind the wrist's joint moves with the forearm alone, on which MANO, having none, says nothing."""

FOREARM_BONES = 1

BETAS = tuple(f"shape_{number}" for number in range(10))
"""Names of the numbers of a MANO shape."""


@dataclass(frozen=True)
class MANOHand:
    """MANO's right hand in hand frame with a forearm's bone before its own 16."""

    side: Side
    """Which hand the file holds; everything below is a right hand's."""
    faces: Int[Tensor, "1538 3"]
    weights: Float[Tensor, "778 17"]
    template_m: Float[Tensor, "778 3"]
    shape_directions_m: Float[Tensor, "10 778 3"]
    joints_m: Float[Tensor, "16 3"]
    joint_directions_m: Float[Tensor, "10 16 3"]
    pose_directions_m: Float[Tensor, "135 2334"]
    hand_from_mano: Float[Tensor, "3 3"]
    reference_orientations: Float[Tensor, "17 3 3"]
    """The bones' orientations in hand frame, those of the template for every shape."""

    @staticmethod
    def load(path: str | Path, device: str | torch.device = "cpu") -> "MANOHand":
        """Read ``MANO_RIGHT.pkl`` or ``MANO_LEFT.pkl``, the left one's shape sign mended."""
        return MANOHand.from_file(MANOFile.load(path).with_shape_sign_mended(), device)

    @staticmethod
    def from_file(file: MANOFile, device: str | torch.device = "cpu") -> "MANOHand":
        """Turn a file's hand into hand frame and give its bones frames; all of it in double precision."""
        right = file if file.side == "right" else file.mirrored()
        mano_m, regressor = torch.from_numpy(right.template_m), torch.from_numpy(right.joint_regressor)
        turn = hand_frame(regressor @ mano_m)
        template_m = (mano_m - (regressor @ mano_m)[0]) @ turn.T
        shapes_m, poses_m = (
            torch.from_numpy(directions_m).movedim(2, 0) @ turn.T
            for directions_m in (right.shape_directions_m, right.pose_directions_m)
        )
        weights = torch.from_numpy(right.weights)
        tensors = (
            template_m, shapes_m, regressor @ template_m, regressor @ shapes_m, poses_m.flatten(1), turn,
            bone_orientations(regressor @ template_m, template_m, weights),
        )  # fmt: skip
        weights_and_arm = _with_forearm(weights, template_m[:, 1]).float()
        single = (tensor.to(device, torch.float32) for tensor in tensors)
        return MANOHand(file.side, torch.from_numpy(right.faces), weights_and_arm, *single)

    @property
    def shape_names(self) -> tuple[str, ...]:
        """MANO's shapes have numbers."""
        return BETAS

    @property
    def template_shape(self) -> Float[Tensor, " shape"]:
        """The mean of MANO's people."""
        return torch.zeros(10, device=self.template_m.device)

    @property
    def bone_parents(self) -> tuple[int, ...]:
        """The forearm, then MANO's joints."""
        return (-1, *(parent + FOREARM_BONES for parent in MANO_PARENTS))

    @cached_property
    def bone_of_joint(self) -> dict[str, int]:
        """MANO's joints behind the forearm."""
        return {joint: number for number, joint in enumerate(MANO_JOINTS, start=FOREARM_BONES)}

    @cached_property
    def finger_bones(self) -> dict[str, list[int]]:
        """The three bones of each finger, from the palm outwards."""
        return {
            finger: [bone for joint, bone in self.bone_of_joint.items() if joint.startswith(finger)]
            for finger in FINGERS
        }

    def zero_rotations(self) -> Float[Tensor, "bones 3 3"]:
        """Turns that bring the template's fingers, which fan out a little, to straight and parallel."""
        return straightening_rotations(self.reference_orientations, self.bone_parents, self.bone_of_joint)

    def rest(
        self, shape: Float[Tensor, "batch 10"]
    ) -> tuple[Float[Tensor, "batch 778 3"], Float[Tensor, "batch 17 4 4"]]:
        """Rest vertices and bone frames about the wrist's joint; differentiable in the shape."""
        joints_m = self.joints_m.to(shape) + torch.tensordot(shape, self.joint_directions_m.to(shape), 1)
        vertices_m = self.template_m.to(shape) + torch.tensordot(shape, self.shape_directions_m.to(shape), 1)
        heads_m = joints_m[:, [0, *range(len(MANO_JOINTS))]] - joints_m[:, :1]
        orientations = self.reference_orientations.to(shape).expand(len(shape), -1, -1, -1)
        return vertices_m - joints_m[:, :1], rigid_from_parts(orientations, heads_m)

    def corrected(
        self, rest_vertices_m: Float[Tensor, "batch closed 3"], bone_rotations: Float[Tensor, "batch bones 3 3"]
    ) -> Float[Tensor, "batch closed 3"]:
        """Add MANO's pose-corrective blend shapes, which are linear in its 15 joints' rotations."""
        rotations = self.mano_from_bones(bone_rotations)[:, 1:]
        bending = (rotations - torch.eye(3).to(rotations)).flatten(1)
        offsets_m = (bending @ self.pose_directions_m.to(bending)).unflatten(1, (-1, 3))
        return rest_vertices_m + torch.nn.functional.pad(
            offsets_m, (0, 0, 0, rest_vertices_m.shape[1] - offsets_m.shape[1])
        )

    def mano_from_bones(self, bone_rotations: Float[Tensor, "batch 17 3 3"]) -> Float[Tensor, "batch 16 3 3"]:
        """Turns in the bones' frames as rotations of a right hand's joints in MANO's frame, the wrist's first."""
        basis = self._mano_from_bone_bases().to(bone_rotations)
        return basis @ bone_rotations[:, FOREARM_BONES:] @ basis.transpose(-1, -2)

    def bones_from_mano(self, rotations: Float[Tensor, "batch 16 3 3"]) -> Float[Tensor, "batch 17 3 3"]:
        """Undoes :meth:`mano_from_bones`; the forearm rests."""
        basis = self._mano_from_bone_bases().to(rotations)
        turns = basis.transpose(-1, -2) @ rotations @ basis
        return torch.cat([torch.eye(3).to(turns).expand(len(turns), 1, 3, 3), turns], 1)

    def _mano_from_bone_bases(self) -> Float[Tensor, "16 3 3"]:
        return self.hand_from_mano.T @ self.reference_orientations[FOREARM_BONES:]

    def bones_from_pose(self, pose_rad: Float[Tensor, "batch 45"]) -> Float[Tensor, "batch 17 3 3"]:
        """Turns of the bones for a pose of the file's own side, axis-angle by joint; the wrist stays straight.

        With ``ShapedHand.with_bone_rotations`` it poses the hand exactly, twist and all.
        """
        turns_rad = pose_rad.unflatten(1, (15, 3)) * self._mirror_turn(pose_rad)
        rotations = rotation_from_axis_angle(torch.nn.functional.pad(turns_rad, (0, 0, 1, 0)))
        return self.bones_from_mano(rotations)

    def angles_from_pose(self, pose_rad: Float[Tensor, "batch 45"]) -> PoseReading:
        """The anatomical pose nearest to a MANO pose (mean included) and the twist that it leaves out."""
        return read_angles(self.bones_from_pose(pose_rad), self.zero_rotations(), self.bone_of_joint)

    def pose_from_angles(self, angles_rad: Float[Tensor, "batch dof"]) -> Float[Tensor, "batch 45"]:
        """An anatomical pose as MANO's 45 numbers (mean included); the wrist's angles are not among them."""
        turns = bone_rotations(angles_rad, self.zero_rotations(), self.bone_of_joint)
        turns_rad = axis_angle_from_rotation(self.mano_from_bones(turns)[:, 1:])
        return (turns_rad * self._mirror_turn(angles_rad)).flatten(1)

    def _mirror_turn(self, like: Tensor) -> Float[Tensor, " 3"]:
        """What mirroring x does to an axis-angle vector, if the file is a left hand's."""
        return torch.tensor([1.0, 1.0, 1.0] if self.side == "right" else [1.0, -1.0, -1.0]).to(like)


def hand_frame(joints_m: Float[Tensor, "16 3"]) -> Float[Tensor, "3 3"]:
    """The hand's axes as rows, from a right hand's joints: distal to the middle finger, dorsal across the knuckles."""
    wrist, index, middle, little = (
        joints_m[MANO_JOINTS.index(name)] for name in ("wrist", "index_mcp", "middle_mcp", "little_mcp")
    )
    distal = torch.nn.functional.normalize(middle - wrist, dim=0)
    dorsal = torch.nn.functional.normalize(torch.linalg.cross(distal, index - little), dim=0)
    return torch.stack([dorsal, distal, torch.linalg.cross(dorsal, distal)])


def bone_orientations(
    joints_m: Float[Tensor, "16 3"], vertices_m: Float[Tensor, "778 3"], weights: Float[Tensor, "778 16"]
) -> Float[Tensor, "17 3 3"]:
    """Frames of the forearm's and MANO's bones in hand frame: y to the next joint or the finger's far end, z palmar."""
    orientations = torch.eye(3, dtype=joints_m.dtype).repeat(len(MANO_JOINTS) + FOREARM_BONES, 1, 1)
    owner = weights.argmax(1)
    for number, joint in enumerate(MANO_JOINTS[1:], start=1):
        if number in MANO_PARENTS:
            end_m = joints_m[MANO_PARENTS.index(number)]
        else:
            own_m = vertices_m[owner == number]
            end_m = own_m[(own_m - joints_m[number]).norm(dim=1).argmax()]
        along = torch.nn.functional.normalize(end_m - joints_m[number], dim=0)
        dorsal = torch.tensor(DORSAL[finger_of(joint)]).to(along)
        palmar = torch.nn.functional.normalize((dorsal @ along) * along - dorsal, dim=0)
        orientations[number + FOREARM_BONES] = torch.stack([torch.linalg.cross(along, palmar), along, palmar], 1)
    return orientations


def _with_forearm(weights: Float[Tensor, "778 16"], distal_m: Float[Tensor, " 778"]) -> Float[Tensor, "778 17"]:
    """Weights with the forearm's before them: behind the joint it takes over the wrist's, along a smooth step."""
    progress = (0.5 - 0.5 * distal_m / WRIST_BLEND_M).clamp(0, 1)
    share = progress * progress * (3 - 2 * progress)
    forearm = share * weights[:, 0]
    return torch.cat([forearm[:, None], (weights[:, 0] - forearm)[:, None], weights[:, 1:]], 1)
