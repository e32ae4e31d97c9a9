# SPDX-License-Identifier: Apache-2.0
"""Scenes in, pictures and all their labels out, in one pass."""

from dataclasses import dataclass
from functools import cached_property

import torch
import warp as wp
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.cameras import Camera
from handcraft.hand.model import HandModel
from handcraft.hand.skeleton import FOREARM_ID, KEYPOINTS, OCCLUDER_ID
from handcraft.render import kernels
from handcraft.render.colour_pass import ColourPass, Surfaces
from handcraft.render.layers import NEAREST_DEPTH_M, Layer, depth_from_drawn, drawn_from_camera, nearest_only
from handcraft.render.solids import SolidPixels, colour_solids, label_solids, shade_solids
from handcraft.render.surface import Fans, outward_normals, placed
from handcraft.scene.scene import Scene

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
    """Pictures in linear light with their labels; label images are zero where nothing is.

    What hides the hand is part of the picture: depth and normals are those of the nearest surface, parts hold
    ``OCCLUDER_ID`` there, and mask and coverage hold what is seen of the hand.
    """

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
    """What is seen of the hand, without its forearm."""
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
        layers = [self._hand(scene), *(self._hand(other) for other in scene.others), *self._solids(scene)]
        hand, *hiding = nearest_only(layers)
        depth_m, parts, normal_image = hand.labels(hand.keys)
        backdrop = scene.backdrop.to(depth_m)
        colour, coverage = hand.colours(hand.fine_keys, normal_image, backdrop).split((3, 1), dim=1)
        for layer in hiding:
            nearer_m, kinds, outwards = layer.labels(layer.keys)
            depth_m, normal_image = depth_m + nearer_m, normal_image + outwards
            parts = torch.where(kinds > 0, OCCLUDER_ID, parts)
            nothing = torch.zeros_like(backdrop[:1, :1, :1, :1]).expand_as(backdrop)
            light, before = layer.colours(layer.fine_keys, outwards, nothing).split((3, 1), dim=1)
            colour = colour + light - before * backdrop
        depth_m = depth_from_drawn(scene.camera, depth_m)
        joints_m = in_camera(scene.mesh.keypoints_m, scene.camera_from_hand)
        keypoints_px = scene.camera.pixels_from_camera(joints_m)
        visible = keypoint_visibility(joints_m, keypoints_px, depth_m)
        visible &= ~hidden_by_others(joints_m, keypoints_px, depth_m, parts)
        mask = (parts > 0) & (parts < FOREARM_ID)
        return Rendering(
            colour, coverage[:, 0], depth_m, parts, normal_image, keypoints_px, joints_m, visible, mask, scene.camera
        )

    def _hand(self, scene: Scene) -> Layer:
        """The scene's own hands, without what may hide them."""
        camera = scene.camera
        positions_m, corners = placed(scene.mesh.vertices_m, scene.camera_from_hand, camera)
        joints_m = drawn_from_camera(camera, in_camera(scene.mesh.keypoints_m, scene.camera_from_hand))
        if not scene.forearm:
            corners[:, self._forearm, 2] = 0  # nearer than anything that is drawn
        facing = torch.where(scene.mesh.is_left, -1.0, 1.0).to(corners)
        normals = outward_normals(positions_m, self._fans, facing)
        surfaces, faces = Surfaces(corners, normals, positions_m, joints_m, facing), self._faces(corners.device)
        keys = self._keys(corners, faces, facing, camera, samples=1)
        finer = self.supersampling > 1
        fine_keys = self._keys(corners, faces, facing, camera, self.supersampling) if finer else keys
        return Layer(
            keys, fine_keys, lambda seen: self._labels(corners, normals, seen),
            lambda seen, outwards, behind: self._colour_pass.colours(surfaces, seen, scene, outwards, behind),
        )  # fmt: skip

    def _solids(self, scene: Scene) -> list[Layer]:
        """The scene's solid objects, if it has any."""
        solids, camera, samples = scene.solids, scene.camera, self.supersampling
        if solids.kind.shape[1] == 0:
            return []
        points_m, normals = solids.surface()
        corners, faces = corners_of(camera, drawn_from_camera(camera, points_m)), solids.faces()
        facing, shape = torch.ones(len(corners)), (len(corners), camera.height_px, camera.width_px)
        keys, fine_keys = (self._keys(corners, faces.int(), facing, camera, finer) for finer in (1, samples))

        def labels(seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            return label_solids(SolidPixels.of(seen, corners, faces, 1), corners, normals, shape)

        def colours(seen: Tensor, _: Tensor, behind: Tensor) -> Tensor:
            places = SolidPixels.of(seen, corners, faces, samples)
            light = colour_solids(places, shade_solids(places, normals, solids, scene.lights), shape, samples)
            light[:, :3].addcmul_(1 - light[:, 3:], behind)
            return light

        return [Layer(keys, fine_keys, labels, colours)]

    def _keys(self, corners: Tensor, faces: Tensor, facing: Tensor, camera: Camera, samples: int) -> Tensor:
        shape = (len(corners), camera.height_px * samples, camera.width_px * samples)
        keys = torch.full(shape, torch.iinfo(torch.int64).max, dtype=torch.int64, device=corners.device)
        arguments = [
            kernels.warp_array(corners, wp.vec3), kernels.warp_array(faces, wp.vec3i),
            kernels.warp_array(facing, wp.float32), float(samples), NEAREST_DEPTH_M, kernels.warp_array(keys, wp.int64),
        ]  # fmt: skip
        kernels.launch(kernels.rasterise, (len(corners), len(faces)), arguments, corners.device)
        return keys

    def _labels(self, corners: Tensor, normals: Tensor, keys: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        device = corners.device
        depth_m = torch.empty(keys.shape, device=device)
        parts = torch.empty(keys.shape, dtype=torch.uint8, device=device)
        normal_image = torch.empty((len(keys), 3, *keys.shape[1:]), device=device)
        arguments = [
            kernels.warp_array(corners, wp.vec3), kernels.warp_array(normals, wp.vec3),
            kernels.warp_array(self._faces(device), wp.vec3i),
            kernels.warp_array(self.model.topology.face_parts.to(device), wp.uint8),
            kernels.warp_array(keys, wp.int64), kernels.warp_array(depth_m, wp.float32),
            kernels.warp_array(parts, wp.uint8), kernels.warp_array(normal_image, wp.float32),
        ]  # fmt: skip
        kernels.launch(kernels.resolve_labels, tuple(keys.shape[:2]), arguments, device)
        return depth_m, parts, normal_image

    @cached_property
    def _colour_pass(self) -> ColourPass:
        return ColourPass(self.model, self.supersampling)

    @cached_property
    def _fans(self) -> Fans:
        topology = self.model.topology
        return Fans.of(topology.faces, len(topology.rest_vertices_m), self.model.rest_from_bones.device)

    @cached_property
    def _forearm(self) -> Tensor:
        """Vertices of the forearm alone."""
        topology = self.model.topology
        is_forearm = torch.ones(len(topology.rest_vertices_m), dtype=torch.bool)
        is_forearm[topology.faces[topology.face_parts != FOREARM_ID].flatten()] = False
        return is_forearm.nonzero()[:, 0]

    def _faces(self, device: torch.device) -> Tensor:
        return self.model.topology.faces.to(device=device, dtype=torch.int32)


def in_camera(
    points_m: Float[Tensor, "batch points 3"], camera_from_hand: Float[Tensor, "batch 4 4"]
) -> Float[Tensor, "batch points 3"]:
    """Points of the hand's frame in the camera's."""
    return points_m @ camera_from_hand[:, :3, :3].transpose(-1, -2) + camera_from_hand[:, None, :3, 3]


def corners_of(camera: Camera, drawn_m: Float[Tensor, "batch points 3"]) -> Float[Tensor, "batch points 3"]:
    """Points as (u px, v px, depth m)."""
    return torch.cat([camera.pixels_from_camera(drawn_m), drawn_m[..., 2:]], dim=-1)


def hidden_by_others(
    joints_m: Float[Tensor, "batch 21 3"],
    keypoints_px: Float[Tensor, "batch 21 2"],
    depth_m: Float[Tensor, "batch height width"],
    parts: UInt8[Tensor, "batch height width"],
) -> Bool[Tensor, "batch 21"]:
    """Keypoints before which something stands that is not the hand's own flesh, however near."""
    height, width = depth_m.shape[1:]
    column, row = keypoints_px.floor().long().unbind(-1)
    place = torch.arange(len(parts), device=parts.device)[:, None], row.clamp(0, height - 1), column.clamp(0, width - 1)
    return (parts[place] == OCCLUDER_ID) & (depth_m[place] < joints_m[..., 2])


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
