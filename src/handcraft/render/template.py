# SPDX-License-Identifier: Apache-2.0
"""Where creases, nails, rings and veins are on the template: they are painted by position, so they follow the skin."""

from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int32
from torch import Tensor

from handcraft.hand.anatomy import DEGREES_OF_FREEDOM
from handcraft.hand.model import HandModel
from handcraft.hand.skeleton import FINGERS, PARTS, finger_of
from handcraft.render import kernels, painting

CREASED_WITHIN_M = 0.024
"""Faces farther from every hinge have no joint's crease."""
RING_PLACE = 0.7
"""Where on the proximal phalanx a ring sits, from knuckle to the next joint: past the web."""

VEINS_M = (
    ((0.092, 0.003), (0.064, 0.005)), ((0.088, -0.017), (0.055, -0.012)), ((0.080, -0.034), (0.060, -0.026)),
    ((0.064, 0.005), (0.055, -0.012)), ((0.055, -0.012), (0.046, -0.024)), ((0.078, 0.024), (0.040, 0.020)),
    ((0.064, 0.005), (0.036, 0.019)), ((0.040, 0.020), (-0.030, 0.015)), ((-0.030, 0.015), (-0.255, 0.022)),
    ((0.060, -0.026), (0.015, -0.021)), ((0.015, -0.021), (-0.040, -0.016)), ((-0.040, -0.016), (-0.255, -0.020)),
    ((0.055, -0.012), (0.010, -0.002)), ((0.010, -0.002), (-0.035, 0.015)),
)  # fmt: skip
"""The veins on the back of hand and forearm as straight runs of (y, z): from the webs to the dorsal arch, and on to the
cephalic vein on the thumb's side and the basilic vein on the other; noise bends them differently on everybody."""


def painted_template(model: HandModel) -> Any:  # noqa: ANN401 (Warp's structures are values)
    """The template as the painting kernels read it, on the model's device."""
    topology, bones = model.topology, model.rest_from_bones
    device = bones.device
    rest_m = topology.rest_vertices_m.to(device)
    distal = [model.bone_of_joint[f"{finger}_{'ip' if finger == 'thumb' else 'dip'}"] for finger in FINGERS]
    rings = torch.tensor([_proximal_bones(model, finger) for finger in FINGERS])
    ring_heads, ring_ends = bones[rings[:, 0], :3, 3], bones[rings[:, 1], :3, 3]
    template = painting.Template()
    vectors = {
        "rest": rest_m,
        "normals": topology.rest_normals.to(device),
        "hinges": bones[_hinges(model), :3, 3],
        "hinge_axes": bones[_hinges(model), :3, 1],
        "nail_heads": bones[distal, :3, 3],
        "ring_places": torch.lerp(ring_heads, ring_ends, RING_PLACE),
        "ring_axes": torch.nn.functional.normalize(ring_ends - ring_heads, dim=-1),
    }
    for name, value in vectors.items():
        setattr(template, name, kernels.warp_array(value, wp.vec3))
    lengths_m = ((rest_m[topology.fingertips] - bones[distal, :3, 3]) * bones[distal, :3, 1]).sum(-1)
    template.nail_lengths = kernels.warp_array(lengths_m, wp.float32)
    template.nail_frames = kernels.warp_array(bones[distal, :3, :3], wp.mat33)
    template.faces = kernels.warp_array(topology.faces.to(device=device, dtype=torch.int32), wp.vec3i)
    template.face_hinges = kernels.warp_array(face_hinges(model).to(device), wp.int32)
    template.face_fingers = kernels.warp_array(face_fingers(model).to(device), wp.int32)
    template.veins = kernels.warp_array(torch.tensor(VEINS_M, device=device).flatten(1), wp.vec4)
    return template


def face_fingers(model: HandModel) -> Int32[Tensor, " faces"]:
    """The finger of each face, 0 thumb to 4 little finger; -1 on the palm, the thumb's ball and the forearm."""
    of_part = [-1]
    for part in PARTS:
        of_part.append(FINGERS.index(finger_of(part)) if part not in ("palm", "thumb_metacarpal") else -1)
    return torch.tensor([*of_part, -1], dtype=torch.int32)[model.topology.face_parts.long()]


def face_hinges(model: HandModel) -> Int32[Tensor, " faces"]:
    """The finger joint nearest to each face, among those whose folds show; -1 where all are far."""
    topology = model.topology
    centres_m: Float[Tensor, "faces 3"] = topology.rest_vertices_m[topology.faces].mean(1)
    distances_m = torch.cdist(centres_m, model.rest_from_bones[_hinges(model), :3, 3].cpu())
    nearest = distances_m.min(1)
    return torch.where(nearest.values < CREASED_WITHIN_M, nearest.indices, -1).int()


def _hinges(model: HandModel) -> list[int]:
    return [
        model.bone_of_joint[dof.joint]
        for dof in DEGREES_OF_FREEDOM
        if dof.motion == "flexion" and dof.joint.endswith(("pip", "dip", "ip", "thumb_mcp"))
    ]


def _proximal_bones(model: HandModel, finger: str) -> tuple[int, int]:
    """The proximal phalanx's bone and the next."""
    outer = "ip" if finger == "thumb" else "pip"
    return model.bone_of_joint[f"{finger}_mcp"], model.bone_of_joint[f"{finger}_{outer}"]
