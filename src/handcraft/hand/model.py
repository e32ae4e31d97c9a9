# SPDX-License-Identifier: Apache-2.0
"""The staged hand: ``HandModel -> ShapedHand -> PosedHand -> HandMesh``, each a value of its own type.

    model = HandModel.load()
    mesh = model.with_shape(phenotypes).with_pose(angles_rad).skin()

In contrast to other hand layers: the type says which stage a hand is in, so an unposed hand cannot be skinned; identity
is computed once for many poses; poses are joint angles with anatomical signs and limits; nothing needs an account.
Hands are modelled as right hands; a left hand is the mirror image z -> -z, made by :meth:`HandMesh.mirror_where`
only. Hand frame: origin at the wrist, x dorsal, y distal, z towards the thumb, metres.
"""

from dataclasses import dataclass, replace
from functools import cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from handcraft.geometry.rotations import X_AXIS, Z_AXIS, rotation_from_axis_angle
from handcraft.hand.anatomy import DEGREES_OF_FREEDOM, DOF_NAMES
from handcraft.hand.anny_hand import PHENOTYPES, AnnyHand
from handcraft.hand.skeleton import FINGERS, KEYPOINTS, Side
from handcraft.hand.topology import HandTopology, forearm_vertices_m, vertex_normals

LEANING_JOINTS = tuple(dof.joint for dof in DEGREES_OF_FREEDOM if dof.motion == "deviation")
FLEXING_JOINTS = tuple(dof.joint for dof in DEGREES_OF_FREEDOM if dof.motion == "flexion")


@cache
def _axes() -> Float[Tensor, "dof 3"]:
    """The axis of each degree of freedom in its bone's frame.

    Anny's fingers flex about x and lean towards the thumb about -z; its wrist flexes about z and leans about x.
    """
    of_fingers, of_wrist = {"flexion": X_AXIS, "deviation": (0.0, 0.0, -1.0)}, {"flexion": Z_AXIS, "deviation": X_AXIS}
    return torch.tensor([(of_wrist if dof.joint == "wrist" else of_fingers)[dof.motion] for dof in DEGREES_OF_FREEDOM])


@dataclass(frozen=True)
class HandMesh:
    """Skinned hands: a batch of meshes that share one topology."""

    vertices_m: Float[Tensor, "batch vertices 3"]
    keypoints_m: Float[Tensor, "batch 21 3"]
    is_left: Bool[Tensor, " batch"]
    topology: HandTopology

    def mirror_where(self, mirrored: Bool[Tensor, " batch"]) -> "HandMesh":
        """The other hand where ``mirrored``: z -> -z. The only place where sides are made.

        Applied twice it undoes itself. Triangles keep their order, so their winding flips; :meth:`vertex_normals`
        knows that.
        """
        sign = torch.where(mirrored, -1.0, 1.0).to(self.vertices_m)
        flip = torch.stack([torch.ones_like(sign), torch.ones_like(sign), sign], -1)[:, None]
        return replace(
            self,
            vertices_m=self.vertices_m * flip,
            keypoints_m=self.keypoints_m * flip,
            is_left=self.is_left ^ mirrored,
        )

    def vertex_normals(self) -> Float[Tensor, "batch vertices 3"]:
        """Unit normals at the vertices, outwards for either side: area-weighted means of the triangles around."""
        outwards = torch.where(self.is_left, -1.0, 1.0).to(self.vertices_m)[:, None, None]
        return vertex_normals(self.vertices_m, self.topology.faces.to(self.vertices_m.device)) * outwards


@dataclass(frozen=True)
class PosedHand:
    """Hands with shape and pose, not yet skinned."""

    shaped: "ShapedHand"
    hand_from_bones: Float[Tensor, "batch bones 4 4"]

    def skin(self) -> HandMesh:
        """Linear blend skinning: every vertex follows the weighted mean of its bones' motions."""
        shaped, topology = self.shaped, self.shaped.model.topology
        motion = self.hand_from_bones @ torch.linalg.inv(shaped.rest_from_bones)
        blended = torch.einsum("vk,bkij->bvij", topology.weights.to(motion), motion[:, :, :3])
        rest_m = shaped.rest_vertices_m
        vertices_m = (blended[..., :3] @ rest_m[..., None])[..., 0] + blended[..., 3]
        keypoints_m = self._keypoints_m(vertices_m[:, topology.fingertips])
        right = torch.zeros(len(vertices_m), dtype=torch.bool, device=vertices_m.device)
        mesh = HandMesh(vertices_m, keypoints_m, right, topology)
        return mesh.mirror_where(~right) if shaped.model.side == "left" else mesh

    def keypoints_m(self) -> Float[Tensor, "batch 21 3"]:
        """The 21 keypoints of right hands, without the cost of skinning the whole mesh."""
        shaped, tips = self.shaped, self.shaped.model.topology.fingertips
        distal = self.shaped.model.topology.weights[tips].argmax(1)
        motion = self.hand_from_bones[:, distal] @ torch.linalg.inv(shaped.rest_from_bones[:, distal])
        tips_m = (motion[..., :3, :3] @ shaped.rest_vertices_m[:, tips, :, None])[..., 0] + motion[..., :3, 3]
        return self._keypoints_m(tips_m)

    def _keypoints_m(self, tips_m: Float[Tensor, "batch 5 3"]) -> Float[Tensor, "batch 21 3"]:
        heads = self.hand_from_bones[:, :, :3, 3]
        columns = [
            tips_m[:, FINGERS.index(name.removesuffix("_tip"))]
            if name.endswith("_tip")
            else heads[:, self.shaped.model.bone_of_joint[name]]
            for name in KEYPOINTS
        ]
        return torch.stack(columns, dim=1)


@dataclass(frozen=True)
class ShapedHand:
    """Hands of given identities in rest pose."""

    model: "HandModel"
    rest_vertices_m: Float[Tensor, "batch vertices 3"]
    rest_from_bones: Float[Tensor, "batch bones 4 4"]

    def select(self, rows: Int[Tensor, " count"]) -> "ShapedHand":
        """The identities ``rows`` of this batch, any of them as often as wanted."""
        return replace(self, rest_vertices_m=self.rest_vertices_m[rows], rest_from_bones=self.rest_from_bones[rows])

    def with_pose(self, angles_rad: Float[Tensor, "batch dof"]) -> PosedHand:
        """Bend the joints: one angle per entry of ``DEGREES_OF_FREEDOM``, radians, anatomical signs.

        One identity may be posed many times, or one pose given to many identities: batches of 1 are repeated.
        """
        batch = max(len(angles_rad), len(self.rest_vertices_m))
        joint_rotations = self.model.bone_rotations(angles_rad)
        reference = self.model.reference_offsets(self.rest_from_bones)
        posed: list[Tensor] = []
        for bone, parent in enumerate(self.model.bone_parents):
            turn = torch.eye(4, dtype=angles_rad.dtype, device=angles_rad.device).repeat(batch, 1, 1)
            turn[:, :3, :3] = joint_rotations[:, bone]
            posed.append(turn if parent < 0 else posed[parent] @ reference[:, bone] @ turn)
        hand_from_bones = torch.stack(posed, dim=1)
        shaped = replace(
            self,
            rest_vertices_m=self.rest_vertices_m.expand(batch, -1, -1),
            rest_from_bones=self.rest_from_bones.expand(batch, -1, -1, -1),
        )
        return PosedHand(shaped, hand_from_bones)


@dataclass(frozen=True)
class HandModel:
    """A hand that can take any shape and pose."""

    anny: AnnyHand
    topology: HandTopology
    side: Side
    rest_from_bones: Float[Tensor, "bones 4 4"]
    """Rest frames of the template's bones, in hand frame."""
    zero_rotations: Float[Tensor, "bones 3 3"]
    """What turns each bone from Anny's relaxed reference pose to angle zero of our degrees of freedom."""

    @staticmethod
    def load(side: Side = "right", device: str | torch.device = "cpu") -> "HandModel":
        """Anny's hand with a forearm, on ``device``; the first call on a machine takes about a minute."""
        anny = AnnyHand.load(device)
        middle = torch.full((1, len(PHENOTYPES)), 0.5, device=device)
        rest_vertices_m, rest_from_bones = anny.rest(middle)
        topology = HandTopology.build(anny, rest_vertices_m[0].cpu(), rest_from_bones[0].cpu())
        return HandModel(anny, topology, side, rest_from_bones[0], anny.zero_rotations())

    @property
    def bone_parents(self) -> tuple[int, ...]:
        """Parent of every bone; -1 for the root."""
        return self.anny.bone_parents

    @property
    def bone_of_joint(self) -> dict[str, int]:
        """Which bone turns at a joint."""
        return self.anny.bone_of_joint

    def with_shape(self, phenotypes: Float[Tensor, "batch 6"]) -> ShapedHand:
        """Hands of given phenotypes: ``PHENOTYPES`` in order, each 0 to 1 (age 0.67 is a young adult)."""
        rest_vertices_m, rest_from_bones = self.anny.rest(phenotypes)
        loop = self.topology.loop.to(rest_vertices_m.device)
        forearm_m = forearm_vertices_m(rest_vertices_m[:, loop])
        return ShapedHand(self, torch.cat([rest_vertices_m, forearm_m], dim=1), rest_from_bones)

    def bone_rotations(self, angles_rad: Float[Tensor, "batch dof"]) -> Float[Tensor, "batch bones 3 3"]:
        """Each bone's turn in its own frame: first lean, then flex, so that a finger curls in the plane it leans to."""
        axis_angles = angles_rad[..., None] * _axes().to(angles_rad)
        turns = rotation_from_axis_angle(axis_angles)
        lean, flex = (
            turns[:, [DOF_NAMES.index(f"{joint}_{motion}") for joint in joints]]
            for motion, joints in (("deviation", LEANING_JOINTS), ("flexion", FLEXING_JOINTS))
        )
        rotations = self.zero_rotations.to(angles_rad).expand(len(angles_rad), -1, -1, -1).clone()
        flexing, leaning = (
            [self.bone_of_joint[joint] for joint in joints] for joints in (FLEXING_JOINTS, LEANING_JOINTS)
        )
        rotations[:, flexing] = rotations[:, flexing] @ flex
        rotations[:, leaning] = lean @ rotations[:, leaning]
        return rotations

    def reference_offsets(self, rest_from_bones: Float[Tensor, "batch bones 4 4"]) -> Float[Tensor, "batch bones 4 4"]:
        """Parent-from-child transforms of Anny's reference pose: rest bone lengths, reference orientations."""
        orientation = self.anny.reference_orientations.to(rest_from_bones)
        parents = list(self.bone_parents)
        parents[0] = 0
        offsets = torch.zeros_like(rest_from_bones)
        offsets[..., 3, 3] = 1
        offsets[..., :3, :3] = orientation[parents].transpose(-1, -2) @ orientation
        head = rest_from_bones[..., :3, 3]
        in_rest_parent = rest_from_bones[:, parents, :3, :3].transpose(-1, -2) @ (head - head[:, parents])[..., None]
        offsets[..., :3, 3] = in_rest_parent[..., 0]
        return offsets
