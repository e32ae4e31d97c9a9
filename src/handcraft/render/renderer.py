# SPDX-License-Identifier: Apache-2.0
"""Scenes in, pictures and all their labels out, in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import warp as wp
from jaxtyping import Bool, Float, Int32, Int64, UInt8
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.cameras import Camera
from handcraft.hand.anatomy import DEGREES_OF_FREEDOM
from handcraft.hand.model import HandModel
from handcraft.hand.skeleton import FINGERS, FOREARM_ID, KEYPOINTS
from handcraft.render import kernels
from handcraft.scene.scene import Scene
from handcraft.scene.skin import Skin

NEAREST_DEPTH_M = 0.02
VISIBILITY_TOLERANCE_M = tuple(
    {"wrist": 0.034, "cmc": 0.028, "mcp": 0.028, "pip": 0.015, "ip": 0.015, "dip": 0.013, "tip": 0.011}[
        name.rsplit("_", maxsplit=1)[-1]
    ]
    for name in KEYPOINTS
)
"""A keypoint lies inside the flesh, so it counts as visible when the surface before it is nearer by no more than
the flesh
is thick there: the palm's thickness at wrist and knuckles, a finger's farther out. Another finger before it is
nearer."""


@dataclass(frozen=True)
class Rendering:
    """Pictures in linear light with their labels; label images are zero where no hand is."""

    colour: Float[Tensor, "batch 3 height width"]
    """Hand over backdrop, linear light."""
    coverage: Float[Tensor, "batch height width"]
    """Share of each pixel that hand or forearm covers."""
    depth_m: Float[Tensor, "batch height width"]
    parts: UInt8[Tensor, "batch height width"]
    normals: Float[Tensor, "batch 3 height width"]
    """Unit vectors in the camera's frame, towards the outside."""
    keypoints_px: Float[Tensor, "batch 21 2"]
    joints_m: Float[Tensor, "batch 21 3"]
    """Keypoints in the camera's frame."""
    visible: Bool[Tensor, "batch 21"]
    mask: Bool[Tensor, "batch height width"]
    """The hand without its forearm."""
    camera: Camera


@dataclass(frozen=True)
class Renderer:
    """Draws scenes of one hand model on one device."""

    model: HandModel
    supersampling: int = 2
    """Colour is averaged over this many positions squared in every pixel; labels are taken at its centre."""

    def __post_init__(self) -> None:
        if not 1 <= self.supersampling <= 8:
            raise HandcraftError(f"Expected `supersampling` to be within 1 and 8, but got {self.supersampling}.")

    def render(self, scene: Scene) -> Rendering:
        """Draw a batch of frames; nothing is kept between calls, so memory does not grow with their number."""
        rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
        positions_m = scene.mesh.vertices_m @ rotation.transpose(-1, -2) + offset
        normals = scene.mesh.vertex_normals() @ rotation.transpose(-1, -2)
        joints_m = scene.mesh.keypoints_m @ rotation.transpose(-1, -2) + offset
        corners = torch.cat([scene.camera.pixels_from_camera(positions_m), positions_m[..., 2:]], dim=-1)
        facing = torch.where(scene.mesh.is_left, -1.0, 1.0).to(corners)
        keys = self._keys(corners, facing, scene.camera, samples=1)
        depth_m, parts, normal_image = self._labels(corners, normals, keys)
        finer = self.supersampling > 1
        fine_keys = self._keys(corners, facing, scene.camera, self.supersampling) if finer else keys
        shaded = self._colours(corners, normals, positions_m, fine_keys, scene)
        coverage = shaded[:, 3]
        colour = shaded[:, :3] + (1 - coverage[:, None]) * scene.backdrop.to(shaded)
        keypoints_px = scene.camera.pixels_from_camera(joints_m)
        visible = keypoint_visibility(joints_m, keypoints_px, depth_m)
        mask = (parts > 0) & (parts != FOREARM_ID)
        return Rendering(
            colour, coverage, depth_m, parts, normal_image, keypoints_px, joints_m, visible, mask, scene.camera
        )

    def _keys(self, corners: Tensor, facing: Tensor, camera: Camera, samples: int) -> Tensor:
        shape = (len(corners), camera.height_px * samples, camera.width_px * samples)
        keys = torch.full(shape, torch.iinfo(torch.int64).max, dtype=torch.int64, device=corners.device)
        faces = self._faces(corners.device)
        arguments = [
            kernels.warp_array(corners, wp.vec3), kernels.warp_array(faces, wp.vec3i),
            kernels.warp_array(facing, wp.float32), float(samples), NEAREST_DEPTH_M, kernels.warp_array(keys, wp.int64),
        ]  # fmt: skip
        _launch(kernels.rasterise, (len(corners), len(faces)), arguments, corners.device)
        return keys

    def _labels(self, corners: Tensor, normals: Tensor, keys: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pixels, device = covered_pixels(keys, samples=1), corners.device
        depth_m = torch.zeros(keys.shape, device=device)
        parts = torch.zeros(keys.shape, dtype=torch.uint8, device=device)
        normal_image = torch.zeros((len(keys), 3, *keys.shape[1:]), device=device)
        if len(pixels) == 0:
            return depth_m, parts, normal_image
        arguments = [
            kernels.warp_array(corners, wp.vec3), kernels.warp_array(normals, wp.vec3),
            kernels.warp_array(self._faces(device), wp.vec3i),
            kernels.warp_array(self.model.topology.face_parts.to(device), wp.uint8),
            kernels.warp_array(keys, wp.int64), kernels.warp_array(pixels, wp.vec3i),
            kernels.warp_array(depth_m, wp.float32),
            kernels.warp_array(parts, wp.uint8), kernels.warp_array(normal_image, wp.float32),
        ]  # fmt: skip
        _launch(kernels.resolve_labels, (len(pixels),), arguments, device)
        return depth_m, parts, normal_image

    def _colours(self, corners: Tensor, normals: Tensor, positions_m: Tensor, keys: Tensor, scene: Scene) -> Tensor:
        device, camera, lights = corners.device, scene.camera, scene.lights
        colour = torch.zeros((len(corners), 4, camera.height_px, camera.width_px), device=device)
        pixels = covered_pixels(keys, self.supersampling)
        if len(pixels) == 0:
            return colour
        vec3 = [
            kernels.warp_array(value.to(device), wp.vec3)
            for value in (lights.directions, lights.colours, lights.sky, lights.ground)
        ]
        arguments = [
            kernels.warp_array(corners, wp.vec3), kernels.warp_array(normals, wp.vec3),
            kernels.warp_array(positions_m, wp.vec3), *self._skin_geometry(device),
            _skin_array(scene.skin, device), *vec3,
            wp.array(list(scene.texture_seeds), dtype=wp.int32, device=str(device)),
            int(scene.skin.textured), self.supersampling,
            kernels.warp_array(keys, wp.int64), kernels.warp_array(pixels, wp.vec3i),
            kernels.warp_array(colour, wp.float32),
        ]  # fmt: skip
        _launch(kernels.resolve_colour, (len(pixels),), arguments, device)
        return colour

    def _faces(self, device: torch.device) -> Tensor:
        return self.model.topology.faces.to(device=device, dtype=torch.int32)

    def _skin_geometry(self, device: torch.device) -> list[Any]:
        """Where creases and nails are, in the template: they are painted by position, so they follow the skin."""
        model, topology = self.model, self.model.topology
        bones = model.rest_from_bones.to(device)
        hinges = [
            model.bone_of_joint[dof.joint]
            for dof in DEGREES_OF_FREEDOM
            if dof.motion == "flexion" and dof.joint.endswith(("pip", "dip", "ip", "thumb_mcp"))
        ]
        distal = [model.bone_of_joint[f"{finger}_{'ip' if finger == 'thumb' else 'dip'}"] for finger in FINGERS]
        rest_m = topology.rest_vertices_m.to(device)
        lengths = ((rest_m[topology.fingertips] - bones[distal, :3, 3]) * bones[distal, :3, 1]).sum(-1)
        return [
            kernels.warp_array(rest_m, wp.vec3),
            kernels.warp_array(topology.rest_normals.to(device), wp.vec3),
            kernels.warp_array(self._faces(device), wp.vec3i),
            kernels.warp_array(bones[hinges, :3, 3], wp.vec3),
            kernels.warp_array(bones[hinges, :3, 1], wp.vec3),
            kernels.warp_array(bones[distal, :3, 3], wp.vec3),
            kernels.warp_array(bones[distal, :3, :3], wp.mat33),
            kernels.warp_array(lengths, wp.float32),
        ]


def covered_pixels(keys: Int64[Tensor, "batch fine_height fine_width"], samples: int) -> Int32[Tensor, "pixels 3"]:
    """(frame, row, column) of the pixels in which a triangle was met at any of ``samples`` x ``samples`` positions."""
    met = keys != torch.iinfo(torch.int64).max
    if samples > 1:
        met = met.unflatten(2, (-1, samples)).any(3).unflatten(1, (-1, samples)).any(2)
    return met.nonzero().int()


def keypoint_visibility(
    joints_m: Float[Tensor, "batch 21 3"],
    keypoints_px: Float[Tensor, "batch 21 2"],
    depth_m: Float[Tensor, "batch height width"],
) -> Bool[Tensor, "batch 21"]:
    """Depth test: inside the image, on the hand's silhouette or just off it, and nothing well before it."""
    height, width = depth_m.shape[1:]
    column, row = keypoints_px.floor().long().unbind(-1)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (joints_m[..., 2] > 0)
    frame = torch.arange(len(depth_m), device=depth_m.device)[:, None]
    surface_m = depth_m[frame, row.clamp(0, height - 1), column.clamp(0, width - 1)]
    tolerance_m = torch.tensor(VISIBILITY_TOLERANCE_M, device=depth_m.device)
    return inside & ((surface_m == 0) | (joints_m[..., 2] - surface_m < tolerance_m))


def _skin_array(skin: Skin, device: torch.device) -> Any:  # noqa: ANN401 (Warp's arrays are typed by value)
    """The skins as an array of Warp structures."""
    columns = torch.cat(
        [skin.tone, skin.palm_tone, skin.nail_tone,
         torch.stack([skin.mottling, skin.crease, skin.bump, skin.gloss, skin.sharpness], 1)], dim=1
    ).float().contiguous()  # fmt: skip
    layout = kernels.SkinOfFrame.numpy_dtype()  # type: ignore[attr-defined] # wp.struct adds it
    structured = columns.cpu().numpy().view(layout)[:, 0]
    return wp.array(structured, dtype=kernels.SkinOfFrame, device=str(device))


def _launch(kernel: wp.Kernel, shape: tuple[int, ...], arguments: Sequence[object], device: torch.device) -> None:
    wp.launch(kernel, dim=shape, inputs=list(arguments), device=str(device))
