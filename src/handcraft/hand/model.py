# SPDX-License-Identifier: Apache-2.0
"""The staged hand: ``HandModel -> ShapedHand -> PosedHand -> HandMesh``, each a value of its own type.

    model = HandModel.load()  # Anny; or HandModel.load_mano("MANO_RIGHT.pkl")
    mesh = model.with_shape(shape).with_pose(angles_rad).skin()

In contrast to other hand layers: the type says which stage a hand is in, so an unposed hand cannot be skinned; identity
is computed once for many poses; poses are joint angles with anatomical signs and limits, the same ones for every
source, and can be read back from the bones; nothing needs an account.
Hands are modelled as right hands; a left hand is the mirror image z -> -z, made by :meth:`HandMesh.mirror_where`
only. Hand frame: origin at the wrist, x dorsal, y distal, z towards the thumb, metres.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.anny_hand import AnnyHand
from handcraft.hand.joint_turns import PoseReading, bone_rotations, read_angles
from handcraft.hand.mano_hand import MANOHand
from handcraft.hand.skeleton import FINGERS, KEYPOINTS, Side
from handcraft.hand.skinning import blend_skin, bone_motions, chained, rigid_from_parts
from handcraft.hand.source import HandSource
from handcraft.hand.topology import HandTopology, forearm_vertices_m, vertex_normals


@dataclass(frozen=True)
class HandMesh:
    """Skinned hands: a batch of meshes that share one topology."""

    vertices_m: Float[Tensor, "batch vertices 3"]
    keypoints_m: Float[Tensor, "batch 21 3"]
    is_left: Bool[Tensor, " batch"]
    topology: HandTopology

    def rows(self, part: slice) -> "HandMesh":
        """Some of the hands, without copying."""
        parts = self.vertices_m[part], self.keypoints_m[part], self.is_left[part]
        return HandMesh(*parts, self.topology)

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
    bone_rotations: Float[Tensor, "batch bones 3 3"]
    """Each bone's turn in its own frame."""

    def skin(self) -> HandMesh:
        """Linear blend skinning: every vertex follows the weighted mean of its bones' motions."""
        model, topology = self.shaped.model, self.shaped.model.topology
        motions = bone_motions(self.hand_from_bones, self.shaped.rest_from_bones)
        rest_m = model.source.corrected(self.shaped.rest_vertices_m, self.bone_rotations)
        vertices_m = blend_skin(rest_m, motions, topology.weights.to(motions)).contiguous()
        keypoints_m = self._keypoints_m(vertices_m[:, topology.fingertips])
        right = torch.zeros(len(vertices_m), dtype=torch.bool, device=vertices_m.device)
        mesh = HandMesh(vertices_m, keypoints_m, right, topology)
        return mesh.mirror_where(~right) if model.side == "left" else mesh

    def keypoints_m(self) -> Float[Tensor, "batch 21 3"]:
        """The 21 keypoints of right hands, without the cost of skinning the whole mesh."""
        model, tips = self.shaped.model, self.shaped.model.topology.fingertips
        distal = model.topology.weights[tips].argmax(1)
        motion = bone_motions(self.hand_from_bones[:, distal], self.shaped.rest_from_bones[:, distal])
        rest_m = model.source.corrected(self.shaped.rest_vertices_m, self.bone_rotations)[:, tips]
        return self._keypoints_m((motion[..., :3] @ rest_m[..., None])[..., 0] + motion[..., 3])

    def read_angles(self) -> PoseReading:
        """The joint angles, read back from the bones' frames."""
        return self.shaped.read_angles(self.hand_from_bones)

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
        return self.with_bone_rotations(self.model.bone_rotations(angles_rad))

    def with_bone_rotations(self, rotations: Float[Tensor, "batch bones 3 3"]) -> PosedHand:
        """Turn every bone in its own frame, freely: twists that no joint angle has are kept."""
        batch = max(len(rotations), len(self.rest_vertices_m))
        turns = rigid_from_parts(rotations, torch.zeros_like(rotations[..., 0]))
        frames = chained(self.model.reference_offsets(self.rest_from_bones) @ turns, self.model.bone_parents)
        shaped = replace(
            self,
            rest_vertices_m=self.rest_vertices_m.expand(batch, -1, -1),
            rest_from_bones=self.rest_from_bones.expand(batch, -1, -1, -1),
        )
        return PosedHand(shaped, frames, rotations.expand(batch, -1, -1, -1))

    def read_angles(self, hand_from_bones: Float[Tensor, "batch bones 4 4"]) -> PoseReading:
        """The joint angles of bones posed by anybody: undoes :meth:`with_pose`, and says what no angle explains."""
        parents = [max(parent, 0) for parent in self.model.bone_parents]
        hand_from_reference = (
            hand_from_bones[:, parents, :3, :3] @ self.model.reference_offsets(self.rest_from_bones)[..., :3, :3]
        )
        turns = hand_from_reference.transpose(-1, -2) @ hand_from_bones[..., :3, :3]
        return read_angles(turns, self.model.zero_rotations, self.model.bone_of_joint)


@dataclass(frozen=True)
class HandModel:
    """A hand that can take any shape and pose."""

    source: HandSource
    topology: HandTopology
    side: Side
    rest_from_bones: Float[Tensor, "bones 4 4"]
    """Rest frames of the template's bones, in hand frame."""
    zero_rotations: Float[Tensor, "bones 3 3"]
    """What turns each bone from the source's reference pose to angle zero of our degrees of freedom."""

    @staticmethod
    def load(side: Side = "right", device: str | torch.device = "cpu") -> "HandModel":
        """Anny's hand with a forearm, on ``device``; the first call on a machine takes about a minute."""
        return HandModel.of(AnnyHand.load(device), side)

    @staticmethod
    def load_mano(path: str | Path, device: str | torch.device = "cpu") -> "HandModel":
        """MANO's hand with a forearm, from the user's ``MANO_RIGHT.pkl`` or ``MANO_LEFT.pkl``, of the file's side."""
        mano = MANOHand.load(path, device)
        return HandModel.of(mano, mano.side)

    @staticmethod
    def of(source: HandSource, side: Side) -> "HandModel":
        """Any source's hand with a forearm; left hands are the mirror images of what the source makes."""
        rest_vertices_m, rest_from_bones = source.rest(source.template_shape[None])
        topology = HandTopology.build(source, rest_vertices_m[0].cpu(), rest_from_bones[0].cpu())
        return HandModel(source, topology, side, rest_from_bones[0], source.zero_rotations())

    @property
    def bone_parents(self) -> tuple[int, ...]:
        """Parent of every bone; -1 for the root."""
        return self.source.bone_parents

    @property
    def bone_of_joint(self) -> dict[str, int]:
        """Which bone turns at a joint."""
        return self.source.bone_of_joint

    def with_shape(self, shape: Float[Tensor, "batch shape"]) -> ShapedHand:
        """Hands of given shapes: the source's ``shape_names`` in order (``PHENOTYPES`` for Anny)."""
        names = self.source.shape_names
        if shape.shape[1] != len(names):
            raise HandcraftError(
                f"Expected `shape` to have {len(names)} columns ({', '.join(names)}), but got {shape.shape[1]}."
            )
        if not shape.isfinite().all():
            raise HandcraftError("Expected `shape` to be finite, but got NaN or infinity; look at where it is made.")
        rest_vertices_m, rest_from_bones = self.source.rest(shape)
        loop = self.topology.loop.to(rest_vertices_m.device)
        forearm_m = forearm_vertices_m(rest_vertices_m[:, loop])
        return ShapedHand(self, torch.cat([rest_vertices_m, forearm_m], dim=1), rest_from_bones)

    def bone_rotations(self, angles_rad: Float[Tensor, "batch dof"]) -> Float[Tensor, "batch bones 3 3"]:
        """Each bone's turn in its own frame."""
        if not angles_rad.isfinite().all():
            raise HandcraftError(
                "Expected `angles_rad` to be finite, but got NaN or infinity; look at where the pose is made."
            )
        return bone_rotations(angles_rad, self.zero_rotations, self.bone_of_joint)

    def reference_offsets(self, rest_from_bones: Float[Tensor, "batch bones 4 4"]) -> Float[Tensor, "batch bones 4 4"]:
        """Parent-from-child transforms of the reference pose: rest bone lengths, reference orientations."""
        orientation = self.source.reference_orientations.to(rest_from_bones)
        parents = [max(parent, 0) for parent in self.bone_parents]
        head = rest_from_bones[..., :3, 3]
        in_rest_parent = rest_from_bones[:, parents, :3, :3].transpose(-1, -2) @ (head - head[:, parents])[..., None]
        turns = (orientation[parents].transpose(-1, -2) @ orientation).expand(head.shape[0], -1, -1, -1)
        return rigid_from_parts(turns, in_rest_parent[..., 0])
