# SPDX-License-Identifier: Apache-2.0
"""Anny's hand as an ONNX file: joint angles and phenotypes in, the mesh out, without torch or Anny.

Rest shapes are kept at the phenotypes' anchors and half-way between them, and interpolated elsewhere; a few principal
components hold them all. The mesh is within a millimetre of Anny's, and 0.1 mm off on the average.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from handcraft.estimate.parity import write_onnx
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.anny_hand import AnnyHand
from handcraft.hand.joint_turns import bone_rotations
from handcraft.hand.model import HandModel
from handcraft.hand.skeleton import FINGERS, KEYPOINTS
from handcraft.hand.skinning import bone_motions, chained, rigid_from_parts

KIND = "surface"
FRAME = "metre from the wrist, in hand frame: x dorsal, y distal, z towards the thumb"
COMPONENTS = 32
ROWS_AT_ONCE = 256
EXAMPLES = 4


class ExportedSurface(nn.Module):
    """The right hand without forearm; the wrist is the origin, metres, in hand frame."""

    of_node: Tensor
    components: Tensor
    weights: Tensor
    triangles: Tensor

    def __init__(self, model: HandModel) -> None:
        super().__init__()
        assert isinstance(model.source, AnnyHand)
        self.model = model
        self.names = model.source.shape_names
        anchors = [model.source.model.anchors[name].tolist() for name in self.names]
        components = torch.linalg.svd(_rest_table(model, anchors), full_matrices=False).Vh[:COMPONENTS]
        self.anchors = [_with_middles(each) for each in anchors]
        self.register_buffer("of_node", (_rest_table(model, self.anchors) @ components.T).float())
        self.register_buffer("components", components.float())
        self.bones = len(model.bone_parents)
        self.vertices = components.shape[1] // 3 - 4 * self.bones
        self.register_buffer("weights", model.topology.weights[: self.vertices].clone())
        heads = [name for name in KEYPOINTS if not name.endswith("_tip")]
        self.head_bones = [model.bone_of_joint[name] for name in heads]
        names = [*heads, *(f"{finger}_tip" for finger in FINGERS)]
        self.keypoint_places = [names.index(name) for name in KEYPOINTS]
        faces = model.topology.faces
        self.register_buffer("triangles", faces[(faces < self.vertices).all(1)].long())

    def forward(
        self, angles_rad: Float[Tensor, "batch 22"], shape: Float[Tensor, "batch parameter"]
    ) -> tuple[Float[Tensor, "batch vertex 3"], Float[Tensor, "batch 21 3"], Int[Tensor, "face 3"]]:
        """Vertices, the keypoints in them, and the triangles between them, which are always the same."""
        rest_m, rest_from_bones = self.rest(shape)
        rotations = bone_rotations(angles_rad, self.model.zero_rotations, self.model.bone_of_joint)
        turns = rigid_from_parts(rotations, torch.zeros_like(rotations[..., 0]))
        hand_from_bones = chained(self.model.reference_offsets(rest_from_bones) @ turns, self.model.bone_parents)
        motions = bone_motions(hand_from_bones, rest_from_bones)
        blended = (self.weights @ motions.flatten(2)).unflatten(2, (3, 4))
        vertices_m = (blended[..., :3] @ rest_m[..., None])[..., 0] + blended[..., 3]
        heads_m, tips_m = hand_from_bones[:, self.head_bones, :3, 3], vertices_m[:, self.model.topology.fingertips]
        joints_m = torch.cat([heads_m, tips_m], 1)[:, self.keypoint_places]
        wrist_m = joints_m[:, :1]
        return vertices_m - wrist_m, joints_m - wrist_m, self.triangles + 0

    def rest(
        self, shape: Float[Tensor, "batch parameter"]
    ) -> tuple[Float[Tensor, "batch vertex 3"], Float[Tensor, "batch bone 4 4"]]:
        """Rest vertices and bone frames, interpolated between the phenotypes' anchors."""
        shares = torch.ones_like(shape[:, :1])
        for place, anchors in enumerate(self.anchors):
            shares = (shares[:, :, None] * between_anchors(shape[:, place], anchors)[:, None]).flatten(1)
        flat = shares @ self.of_node @ self.components
        vertices_m = flat[:, : 3 * self.vertices].unflatten(1, (self.vertices, 3))
        frames = flat[:, 3 * self.vertices :].unflatten(1, (self.bones, 3, 4))
        last = torch.tensor([0.0, 0.0, 0.0, 1.0]).expand(shape.shape[0], self.bones, 1, 4)
        return vertices_m, torch.cat([frames, last], 2)


def _with_middles(anchors: Sequence[float]) -> list[float]:
    middles = [(low + high) / 2 for low, high in itertools.pairwise(anchors)]
    return sorted([*anchors, *middles])


def _rest_table(model: HandModel, anchors: Sequence[Sequence[float]]) -> Float[Tensor, "node number"]:
    """Rest vertices and bone frames, as one row for every combination of anchors."""
    rows = []
    for shapes in torch.tensor(list(itertools.product(*anchors))).split(ROWS_AT_ONCE):
        vertices_m, rest_from_bones = model.source.rest(shapes)
        rows.append(torch.cat([vertices_m.flatten(1), rest_from_bones[:, :, :3].flatten(1)], 1))
    return torch.cat(rows).double()


def between_anchors(values: Float[Tensor, " batch"], anchors: Sequence[float]) -> Float[Tensor, "batch anchor"]:
    """Shares of the anchors in linear interpolation; they sum to 1, and values beyond the ends count as the ends."""
    values = values.clamp(anchors[0], anchors[-1])
    shares = []
    for place, anchor in enumerate(anchors):
        rising = (values - anchors[place - 1]) / (anchor - anchors[place - 1]) if place > 0 else values * 0 + 1
        falling = (
            (anchors[place + 1] - values) / (anchors[place + 1] - anchor) if anchor != anchors[-1] else values * 0 + 1
        )
        shares.append(torch.minimum(rising, falling).clamp(0, 1))
    return torch.stack(shares, 1)


def export_surface(out: Path) -> None:
    """Write Anny's hand as the ONNX file ``out``, which ``handcraft.predict`` reads.

    Raises:
        HandcraftError: onnx is not installed, or the file's answers differ from torch's.
    """
    surface = ExportedSurface(HandModel.load()).eval()
    generator = torch.Generator().manual_seed(0)
    angles_rad = 0.3 * torch.randn(EXAMPLES, len(DOF_NAMES), generator=generator)
    shape = torch.rand(EXAMPLES, len(surface.names), generator=generator)
    about = {
        "dof": DOF_NAMES,
        "shape": surface.names,
        "keypoints": KEYPOINTS,
        "units": {name: FRAME for name in ("vertices_m", "joints_m")},
        "licence": "CC0-1.0 (Anny's assets), Apache-2.0 (code)",
        "training": {"data": "none: Anny's hand, at its phenotypes' anchors"},
    }
    write_onnx(
        surface,
        (angles_rad, shape),
        out,
        input_names=["angles_rad", "shape"],
        output_names=["vertices_m", "joints_m", "faces"],
        dynamic_batch=True,
        metadata={"handcraft.kind": KIND, "handcraft.format": "1", "handcraft.about": about},
    )
