# SPDX-License-Identifier: Apache-2.0
"""What all hands of a model share: triangles, skinning weights, parts, fingertips, and the forearm.

Anny's and MANO's hands end at the wrist, and a cut wrist is the first thing that tells a rendered hand from a
photograph. The open loop is therefore extended along the arm in rings; the new vertices move with the root bone, so
that the wrist bends between forearm and hand. They are labelled forearm, which is no part of the hand.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from handcraft.hand.skeleton import FINGERS, FOREARM_ID, PART_NAMES_BY_FINGER, part_id
from handcraft.hand.source import HandSource

FOREARM_RINGS = 10
FOREARM_RING_SPACING_M = 0.025
FOREARM_GROWTH = 0.55
"""How much wider the forearm is at its far end than at the wrist; it widens along a smooth step."""

THENAR_RADIUS_M = 0.0175
"""Skin this near to the thumb's metacarpal belongs to it."""


@dataclass(frozen=True)
class HandTopology:
    """Constants of a hand mesh, in the order of its vertices and triangles."""

    faces: Int[Tensor, "faces 3"]
    face_parts: UInt8[Tensor, " faces"]
    weights: Float[Tensor, "vertices bones"]
    loop: Int[Tensor, " loop"]
    """The open loop of the template's wrist, in order round it."""
    fingertips: Int[Tensor, " 5"]
    """The vertex farthest along each distal bone, thumb to little finger."""
    rest_vertices_m: Float[Tensor, "vertices 3"]
    """The template in hand frame (x dorsal, y distal, z towards the thumb), forearm included."""
    rest_normals: Float[Tensor, "vertices 3"]

    @staticmethod
    def build(
        source: HandSource, rest_vertices_m: Float[Tensor, "open 3"], rest_from_bones: Float[Tensor, "bones 4 4"]
    ) -> "HandTopology":
        """The topology of a source's hand with a forearm drawn out of it."""
        loop, first_new = ordered_boundary(source.faces), len(rest_vertices_m)
        vertices_m = torch.cat([rest_vertices_m, forearm_vertices_m(rest_vertices_m[loop])])
        faces = torch.cat([source.faces, forearm_faces(loop, first_new)])
        weights = torch.zeros(len(vertices_m), source.weights.shape[1])
        weights[:first_new], weights[first_new:, 0] = source.weights, 1.0
        distal_bones = [source.finger_bones[finger][-1] for finger in FINGERS]
        tips = fingertip_vertices(vertices_m, rest_from_bones, weights, distal_bones)
        parts = face_part_ids(
            faces, vertices_m, rest_from_bones, weights,
            finger_bones=source.finger_bones, fingertips=tips, first_forearm_vertex=first_new,
        )  # fmt: skip
        normals = vertex_normals(vertices_m[None], faces)[0]
        return HandTopology(faces, parts, weights, loop, tips, vertices_m, normals)


def ordered_boundary(faces: Int[Tensor, "faces 3"]) -> Int[Tensor, " loop"]:
    """The vertices of the mesh's single open loop, in the direction its triangles run."""
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()
    directed = set(map(tuple, edges))
    following = {a: b for a, b in directed if (b, a) not in directed}
    loop = [min(following)]
    while following[loop[-1]] != loop[0]:
        loop.append(following[loop[-1]])
    assert len(loop) == len(following), "the template has more than one open loop"
    return torch.tensor(loop)


def vertex_normals(
    vertices_m: Float[Tensor, "batch vertices 3"], faces: Int[Tensor, "faces 3"]
) -> Float[Tensor, "batch vertices 3"]:
    """Unit normals at the vertices: area-weighted means of the triangles around, by the winding of ``faces``."""
    a, b, c = (vertices_m[:, faces[:, corner]] for corner in range(3))
    face_normals = torch.linalg.cross(b - a, c - a)
    sums = torch.zeros_like(vertices_m)
    for corner in range(3):
        sums = sums.index_add(1, faces[:, corner], face_normals)
    return torch.nn.functional.normalize(sums, dim=-1, eps=1e-20)


def forearm_vertices_m(loop_m: Float[Tensor, "*batch loop 3"]) -> Float[Tensor, "*batch new 3"]:
    """Rings drawn out of the wrist's loop along -y, widening towards the elbow, and the point that closes the end."""
    steps = torch.arange(1, FOREARM_RINGS + 1, dtype=loop_m.dtype, device=loop_m.device)
    centre = loop_m.mean(-2, keepdim=True)
    progress = steps / FOREARM_RINGS
    scale = 1 + FOREARM_GROWTH * progress * progress * (3 - 2 * progress)
    offset = torch.zeros(FOREARM_RINGS, 1, 3, dtype=loop_m.dtype, device=loop_m.device)
    offset[:, 0, 1] = -steps * FOREARM_RING_SPACING_M
    rings = (loop_m - centre)[..., None, :, :] * scale[:, None, None] + centre[..., None, :, :] + offset
    end = rings[..., -1, :, :].mean(-2, keepdim=True)
    return torch.cat([rings.flatten(-3, -2), end], dim=-2)


def forearm_faces(loop: Int[Tensor, " loop"], first_new_vertex: int) -> Int[Tensor, "faces 3"]:
    """Triangles between the rings that :func:`forearm_vertices_m` adds, facing outwards, and the closing fan."""
    count = len(loop)
    rings = [loop, *(first_new_vertex + count * ring + torch.arange(count) for ring in range(FOREARM_RINGS))]
    triangles = []
    for near, far in pairwise(rings):
        near_next, far_next = near.roll(-1), far.roll(-1)
        triangles += [torch.stack([near_next, near, far], -1), torch.stack([near_next, far, far_next], -1)]
    end = torch.full((count,), first_new_vertex + count * FOREARM_RINGS)
    triangles.append(torch.stack([rings[-1].roll(-1), rings[-1], end], -1))
    return torch.cat(triangles)


def fingertip_vertices(
    rest_vertices_m: Float[Tensor, "vertices 3"],
    rest_bones: Float[Tensor, "bones 4 4"],
    weights: Float[Tensor, "vertices bones"],
    distal_bones: list[int],
) -> Int[Tensor, " 5"]:
    """For each distal bone, the vertex it moves that lies farthest along its axis (the bone's y)."""
    owner = weights.argmax(1)
    tips = []
    for bone in distal_bones:
        along = (rest_vertices_m - rest_bones[bone, :3, 3]) @ rest_bones[bone, :3, 1]
        tips.append(torch.where(owner == bone, along, -torch.inf).argmax())
    return torch.stack(tips)


def _distance_to_segment_m(
    points_m: Float[Tensor, "points 3"], start_m: Float[Tensor, " 3"], end_m: Float[Tensor, " 3"]
) -> Float[Tensor, " points"]:
    along = end_m - start_m
    fraction = ((points_m - start_m) @ along / along.square().sum()).clamp(0, 1)
    return (points_m - start_m - fraction[:, None] * along).norm(dim=-1)


def face_part_ids(
    faces: Int[Tensor, "faces 3"],
    rest_vertices_m: Float[Tensor, "vertices 3"],
    rest_bones: Float[Tensor, "bones 4 4"],
    weights: Float[Tensor, "vertices bones"],
    *,
    finger_bones: dict[str, list[int]],
    fingertips: Int[Tensor, " 5"],
    first_forearm_vertex: int,
) -> UInt8[Tensor, " faces"]:
    """The part of each triangle: the bone that moves it most, distal segments split at half their length."""
    owner = weights[faces].sum(1).argmax(1)
    centroid_m = rest_vertices_m[faces].mean(1)
    parts = torch.full((len(faces),), part_id("palm"), dtype=torch.uint8)
    # The thumb's metacarpal is buried in the palm and its weights end in a ragged line; distance draws a clean one.
    parts[_distance_to_segment_m(centroid_m, *rest_bones[finger_bones["thumb"][:2], :3, 3]) < THENAR_RADIUS_M] = (
        part_id("thumb_metacarpal")
    )
    for finger, tip in zip(FINGERS, fingertips.tolist(), strict=True):
        for bone, part in zip(finger_bones[finger], PART_NAMES_BY_FINGER[finger], strict=False):
            parts[owner == bone] = part_id(part)  # zip leaves the tip out: it is the distal segment's outer half
        if finger != "thumb":
            head, axis = rest_bones[finger_bones[finger][-1], :3, 3], rest_bones[finger_bones[finger][-1], :3, 1]
            half = 0.5 * (rest_vertices_m[tip] - head) @ axis
            beyond = (centroid_m - head) @ axis > half
            parts[(owner == finger_bones[finger][-1]) & beyond] = part_id(f"{finger}_tip")
    parts[(faces >= first_forearm_vertex).any(1)] = FOREARM_ID
    return parts
