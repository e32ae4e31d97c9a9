# SPDX-License-Identifier: Apache-2.0
"""MANO with its own parameters: 10 numbers of shape, 45 of pose and 3 of orientation to 778 vertices and 16 joints.

    layer = MANOLayer.load("MANO_RIGHT.pkl")
    mesh = layer.skin(shape, orientation_rad, layer.mean_pose_rad + layer.pose_from_components(components))
    keypoints_m = mesh.keypoints_m("freihand")

In contrast to the published layers: no chumpy, metres, the mean is added where one sees it, and the 21 keypoints name
the variant of their tips. A left file makes left hands.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand.mano_file import MANOFile
from handcraft.hand.mano_keypoints import MANO_PARENTS, TipVariant, freihand_from_mano
from handcraft.hand.skinning import blend_skin, chained, rigid_from_parts


@dataclass(frozen=True)
class MANOMesh:
    """Skinned hands with MANO's own joints, in MANO's own axes and order."""

    vertices_m: Float[Tensor, "batch 778 3"]
    joints_m: Float[Tensor, "batch 16 3"]

    def keypoints_m(self, tips: TipVariant) -> Float[Tensor, "batch 21 3"]:
        """The 21 keypoints, tips at the vertices of one of the published variants."""
        return freihand_from_mano(self.joints_m, self.vertices_m, tips)


@dataclass(frozen=True)
class MANOLayer:
    """A MANO file's tensors, ready to skin; differentiable, batched, on any device."""

    template_m: Float[Tensor, " 2334"]
    """All x, then all y, then all z: skinning sums along vertices."""
    directions_m: Float[Tensor, "145 2334"]
    """What the 10 numbers of shape and the 135 of bent joints add to the vertices, one a row."""
    joints_m: Float[Tensor, " 96"]
    """The joints, then each joint as seen from its parent (the wrist's from the origin)."""
    joint_directions_m: Float[Tensor, "10 96"]
    weights: Float[Tensor, "778 16"]
    faces: Int[Tensor, "1538 3"]
    components_rad: Float[Tensor, "45 45"]
    mean_pose_rad: Float[Tensor, " 45"]

    @staticmethod
    def load(path: str | Path, device: str | torch.device = "cpu") -> "MANOLayer":
        """Read ``MANO_RIGHT.pkl`` or ``MANO_LEFT.pkl``, the left one's shape sign mended."""
        return MANOLayer.from_file(MANOFile.load(path).with_shape_sign_mended(), device)

    @staticmethod
    def from_file(
        file: MANOFile, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
    ) -> "MANOLayer":
        """The tensors of a file, as it is."""
        template_m, regressor = torch.from_numpy(file.template_m), torch.from_numpy(file.joint_regressor)
        shapes_m = torch.from_numpy(file.shape_directions_m).movedim(2, 0)
        poses_m = torch.from_numpy(file.pose_directions_m).movedim(2, 0)
        from_parent = torch.eye(16, dtype=torch.float64)
        from_parent[range(1, 16), MANO_PARENTS[1:]] -= 1
        places = torch.cat([regressor, from_parent @ regressor])
        tensors = (
            template_m.T.flatten(), torch.cat([shapes_m, poses_m]).transpose(1, 2).flatten(1),
            (places @ template_m).flatten(), (places @ shapes_m).flatten(1), torch.from_numpy(file.weights),
        )  # fmt: skip
        template, directions, joints, joint_directions, weights = (each.to(device, dtype) for each in tensors)
        components, mean = (
            torch.from_numpy(each).to(device, dtype) for each in (file.components_rad, file.mean_pose_rad)
        )
        faces = torch.from_numpy(file.faces).to(device)
        return MANOLayer(template, directions, joints, joint_directions, weights, faces, components, mean)

    def pose_from_components(self, components: Float[Tensor, "batch count"]) -> Float[Tensor, "batch 45"]:
        """The pose of the first so many principal components, about zero: add :attr:`mean_pose_rad` where wanted."""
        count = components.shape[1]
        if count > len(self.components_rad):
            raise HandcraftError(
                f"Expected at most 45 `components`, but got {count}; MANO has one for each pose angle."
            )
        return components @ self.components_rad[:count]

    def skin(
        self,
        shape: Float[Tensor, "batch 10"],
        orientation_rad: Float[Tensor, "batch 3"],
        pose_rad: Float[Tensor, "batch 45"],
    ) -> MANOMesh:
        """Vertices and joints; the orientation turns the hand about its wrist, a pose of zeros is the flat template."""
        for name, values in {"shape": shape, "orientation_rad": orientation_rad, "pose_rad": pose_rad}.items():
            if not values.isfinite().all():
                raise HandcraftError(
                    f"Expected `{name}` to be finite, but got NaN or infinity; look at where it is made."
                )
        rotations = rotation_from_axis_angle(torch.cat([orientation_rad, pose_rad], 1).unflatten(1, (16, 3)))
        bending = (rotations[:, 1:] - torch.eye(3).to(rotations)).flatten(1)
        rest_m = torch.addmm(self.template_m, torch.cat([shape, bending], 1), self.directions_m).unflatten(1, (3, -1))
        places_m = torch.addmm(self.joints_m, shape, self.joint_directions_m)
        joints_m, offsets_m = places_m.unflatten(1, (2, 16, 3)).unbind(1)
        frames = chained(rigid_from_parts(rotations, offsets_m), MANO_PARENTS)
        turns, posed_joints_m = frames[..., :3, :3], frames[..., :3, 3]
        motions = torch.cat(
            [turns, posed_joints_m[..., None] - (turns * joints_m[..., None, :]).sum(-1, keepdim=True)], -1
        )
        return MANOMesh(blend_skin(rest_m.transpose(1, 2), motions, self.weights), posed_joints_m)
