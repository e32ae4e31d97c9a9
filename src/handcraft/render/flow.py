# SPDX-License-Identifier: Apache-2.0
"""Optical flow: how far, in pixels, the spot of the surface that each pixel shows has moved in the next frame."""

from dataclasses import dataclass

import torch
import warp as wp
from jaxtyping import Bool, Float, Int
from torch import Tensor

from handcraft.geometry.cameras import Camera
from handcraft.render import flow_kernels, kernels
from handcraft.scene.scene import Scene

NOTHING = torch.iinfo(torch.int64).max


@dataclass(frozen=True)
class SeenMesh:
    """Meshes as cameras see them, in the cameras' frames: one row per frame."""

    vertices_m: Float[Tensor, "batch vertices 3"]
    camera: Camera

    @staticmethod
    def of(scene: Scene) -> "SeenMesh":
        """The hands of a scene."""
        rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
        return SeenMesh(scene.mesh.vertices_m @ rotation.transpose(-1, -2) + offset, scene.camera)

    def select(self, rows: Int[Tensor, " count"]) -> "SeenMesh":
        """Some of the frames."""
        camera = self.camera
        chosen = Camera(camera.intrinsics[rows], camera.height_px, camera.width_px, camera.projection)
        return SeenMesh(self.vertices_m[rows], chosen)


def optical_flow(
    now: SeenMesh,
    after: SeenMesh,
    faces: Int[Tensor, "faces 3"],
    depth_m: Float[Tensor, "batch height width"],
    covered: Bool[Tensor, "batch height width"],
) -> Float[Tensor, "batch 2 height width"]:
    """Flow in pixels, right and down, from each frame to the frame of the same row in ``after``.

    A pixel's centre plus its flow is where the spot it shows is projected then, hidden or not. 0 off ``covered``, the
    pixels that show the mesh, and where the spot is behind the camera then.

    Args:
        now: the meshes as they are.
        after: the same meshes, moved, bent, or before other cameras.
        faces: corners of the triangles.
        depth_m: the rendered depth of ``now``: it tells which of the surfaces behind a pixel the pixel shows.
        covered: which pixels show the mesh.
    """
    device, flow = depth_m.device, torch.zeros(len(depth_m), 2, *depth_m.shape[1:], device=depth_m.device)
    corners = torch.cat([now.camera.pixels_from_camera(now.vertices_m), now.vertices_m[..., 2:]], dim=-1)
    keys = torch.full(depth_m.shape, NOTHING, dtype=torch.int64, device=device)
    triangles, perspective = faces.to(device=device, dtype=torch.int32), int(now.camera.projection == "pinhole")
    warp_corners, warp_faces = kernels.warp_array(corners, wp.vec3), kernels.warp_array(triangles, wp.vec3i)
    warp_keys = kernels.warp_array(keys, wp.int64)
    kernels.launch(flow_kernels.match_depth, (len(depth_m), len(faces)), [
        warp_corners, warp_faces, kernels.warp_array(depth_m, wp.float32), perspective, warp_keys,
    ], device)  # fmt: skip
    pixels = (covered & (keys != NOTHING)).nonzero().int()
    if len(pixels) == 0:
        return flow
    points_m = torch.zeros(len(pixels), 3, device=device)
    kernels.launch(flow_kernels.carry_points, (len(pixels),), [
        warp_corners, kernels.warp_array(after.vertices_m, wp.vec3), warp_faces, warp_keys,
        kernels.warp_array(pixels, wp.vec3i), perspective, kernels.warp_array(points_m, wp.vec3),
    ], device)  # fmt: skip
    frame, row, column = pixels.long().unbind(1)
    seen = Camera(
        after.camera.intrinsics[frame], after.camera.height_px, after.camera.width_px, after.camera.projection
    )
    moved = seen.pixels_from_camera(points_m[:, None])[:, 0] - torch.stack([column, row], 1) - 0.5
    flow[frame, :, row, column] = torch.where(points_m[:, 2:] > 0, moved, 0.0)
    return flow
