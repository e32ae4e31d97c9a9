# SPDX-License-Identifier: Apache-2.0
"""Posed surfaces before the camera, fast, as Warp kernels: where their vertices are seen, and which way they face.

What they compute, ``Camera.pixels_from_camera`` and ``hand.topology.vertex_normals`` compute differentiably. For its
normal every vertex gathers the triangles around it: nothing is added atomically, and order does not matter.
"""

from dataclasses import dataclass

import torch
import warp as wp
from jaxtyping import Float, Int, Int32
from torch import Tensor

from handcraft.geometry.cameras import Camera
from handcraft.render import kernels
from handcraft.render.layers import FAR_M, NEAREST_DEPTH_M

wp.set_module_options({"enable_backward": False})


@dataclass(frozen=True)
class Fans:
    """Which triangles lie around each vertex: those of vertex v are ``triangles[first[v]:first[v + 1]]``."""

    faces: Int32[Tensor, "faces 3"]
    first: Int32[Tensor, " vertices_and_one"]
    triangles: Int32[Tensor, " corners"]

    @staticmethod
    def of(faces: Int[Tensor, "faces 3"], vertices: int, device: torch.device) -> "Fans":
        """Gather the corners of ``faces`` by vertex, triangles in rising order."""
        corners = faces.flatten().cpu()
        order = corners.argsort(stable=True)
        first = torch.zeros(vertices + 1, dtype=torch.int64)
        first[1:] = torch.bincount(corners, minlength=vertices).cumsum(0)
        return Fans(*(values.to(device=device, dtype=torch.int32) for values in (faces, first, order // 3)))


@wp.kernel
def place_vertices(
    points: wp.array2d(dtype=wp.vec3),
    camera_from_hand: wp.array(dtype=wp.mat44),
    intrinsics: wp.array(dtype=wp.mat33),
    far_m: float,
    nearest_depth_m: float,
    positions: wp.array2d(dtype=wp.vec3),
    corners: wp.array2d(dtype=wp.vec3),
) -> None:
    """Points of the hand's frame in the camera's, and as (u px, v px, depth m); ``far_m`` above 0: weak perspective."""
    frame, vertex = wp.tid()
    here = wp.transform_point(camera_from_hand[frame], points[frame, vertex])
    seen = here
    if far_m > 0.0:
        seen = wp.vec3(here[0], here[1], 1.0)
        if here[2] >= nearest_depth_m:
            here = wp.vec3(here[0], here[1], here[2] + far_m)
    projected = intrinsics[frame] * seen
    positions[frame, vertex] = here
    corners[frame, vertex] = wp.vec3(projected[0] / projected[2], projected[1] / projected[2], here[2])


def placed(
    points_m: Float[Tensor, "batch vertices 3"], camera_from_hand: Float[Tensor, "batch 4 4"], camera: Camera
) -> tuple[Float[Tensor, "batch vertices 3"], Float[Tensor, "batch vertices 3"]]:
    """Points of the hand's frame as ``drawn_from_camera`` has them, and as (u px, v px, depth m)."""
    positions_m, corners = (torch.empty(points_m.shape, device=points_m.device) for _ in range(2))
    arguments = [
        kernels.warp_array(points_m, wp.vec3), kernels.warp_array(camera_from_hand, wp.mat44),
        kernels.warp_array(camera.intrinsics, wp.mat33), 0.0 if camera.projection == "pinhole" else FAR_M,
        NEAREST_DEPTH_M, kernels.warp_array(positions_m, wp.vec3), kernels.warp_array(corners, wp.vec3),
    ]  # fmt: skip
    kernels.launch(place_vertices, tuple(points_m.shape[:2]), arguments, points_m.device)
    return positions_m, corners


@wp.kernel
def face_normals(
    positions: wp.array2d(dtype=wp.vec3), faces: wp.array(dtype=wp.vec3i), normals: wp.array2d(dtype=wp.vec3)
) -> None:
    """Normal of every triangle, as long as twice its area."""
    frame, face = wp.tid()
    corner = faces[face]
    a = positions[frame, corner[0]]
    normals[frame, face] = wp.cross(positions[frame, corner[1]] - a, positions[frame, corner[2]] - a)


@wp.kernel
def fan_normals(
    of_faces: wp.array2d(dtype=wp.vec3),
    first: wp.array(dtype=int),
    triangles: wp.array(dtype=int),
    facing: wp.array(dtype=float),
    normals: wp.array2d(dtype=wp.vec3),
) -> None:
    """Unit normal of every vertex, turned round where ``facing`` is -1."""
    frame, vertex = wp.tid()
    total = wp.vec3(0.0, 0.0, 0.0)
    for place in range(first[vertex], first[vertex + 1]):
        total += of_faces[frame, triangles[place]]
    normals[frame, vertex] = facing[frame] * wp.normalize(total)


def outward_normals(
    positions_m: Float[Tensor, "batch vertices 3"], fans: Fans, facing: Float[Tensor, " batch"]
) -> Float[Tensor, "batch vertices 3"]:
    """Unit normals at the vertices of posed meshes: area-weighted means of the triangles around.

    ``facing`` is 1 where triangles wind outwards and -1 where a mirror turned them round.
    """
    device, batch = positions_m.device, len(positions_m)
    of_faces = torch.empty((batch, len(fans.faces), 3), device=device)
    normals = torch.empty_like(positions_m)
    faces, first, triangles = (
        kernels.warp_array(values, kind)
        for values, kind in ((fans.faces, wp.vec3i), (fans.first, wp.int32), (fans.triangles, wp.int32))
    )
    between = kernels.warp_array(of_faces, wp.vec3)
    kernels.launch(
        face_normals, (batch, len(fans.faces)), [kernels.warp_array(positions_m, wp.vec3), faces, between], device
    )
    fans_of = [between, first, triangles]
    arguments = [*fans_of, kernels.warp_array(facing, wp.float32), kernels.warp_array(normals, wp.vec3)]
    kernels.launch(fan_normals, (batch, positions_m.shape[1]), arguments, device)
    return normals
