# SPDX-License-Identifier: Apache-2.0
"""Normals of posed surfaces, fast: what ``hand.topology.vertex_normals`` computes differentiably, as two Warp kernels.

Every vertex gathers the triangles around it, so nothing is added atomically and the result does not depend on order.
"""

from dataclasses import dataclass

import torch
import warp as wp
from jaxtyping import Float, Int, Int32
from torch import Tensor

from handcraft.render import kernels

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
