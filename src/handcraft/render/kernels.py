# SPDX-License-Identifier: Apache-2.0
"""Warp kernels of the renderer: one source for CPU and CUDA.

A frame is drawn in two steps. ``rasterise`` visits triangles and keeps, per pixel, the nearest one in a single 64-bit
key (depth above, triangle below) with an atomic minimum, so that the order of triangles and threads cannot matter.
The resolve kernels visit pixels and compute from the key whatever is asked for: labels at the pixel's centre here,
colour at the supersampled positions in ``shading``.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

import warp as wp


def _start_quietly() -> None:
    """Start Warp without its banner, nor the warning that its native part writes to file 2 where there is no GPU."""
    wp.config.log_level = wp.LOG_ERROR
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        wp.init()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


_start_quietly()

wp.set_module_options(
    {"enable_backward": False}
)  # nothing differentiates through pixels yet; compiles in half the time

KEY_OF_NOTHING = wp.constant(wp.int64(0x7FFFFFFFFFFFFFFF))
DEPTH_STEPS_PER_M = wp.constant(wp.float32(1.0e7))  # keys resolve a tenth of a micrometre
FACE_BITS = wp.constant(wp.int64(1 << 20))  # room for a million triangles below the depth


@wp.func
def signed_area(a: wp.vec3, b: wp.vec3, x: float, y: float) -> float:
    """Twice the signed area of the triangle a, b, (x, y) in pixels."""
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])


@wp.struct
class Edge:
    """A triangle's side from the lesser to the greater of its ends, and whether that turns it round (-1) or not (1)."""

    start: wp.vec3
    end: wp.vec3
    sense: float


@wp.func
def edge_between(a: wp.vec3, b: wp.vec3) -> Edge:
    """The side from a to b. Its two triangles compute with the same numbers, so that no crack opens between them."""
    edge = Edge()
    if a[0] < b[0] or (a[0] == b[0] and a[1] < b[1]):
        edge.start = a
        edge.end = b
        edge.sense = 1.0
    else:
        edge.start = b
        edge.end = a
        edge.sense = -1.0
    return edge


@wp.func
def side_of(edge: Edge, x: float, y: float) -> float:
    """:func:`signed_area` of the edge's ends and (x, y), exactly negated when the ends are swapped."""
    return edge.sense * signed_area(edge.start, edge.end, x, y)


@wp.struct
class Outline:
    """A triangle of (u px, v px, depth m) corners, as coverage needs it."""

    number: int
    depths_m: wp.vec3
    bc: Edge
    ca: Edge
    ab: Edge
    turned: float
    """-1 where ``facing`` is 1: what is inside lies to the right of every side."""


@wp.func
def outline_of(a: wp.vec3, b: wp.vec3, c: wp.vec3, facing: float, number: int) -> Outline:
    """The triangle a, b, c."""
    outline = Outline()
    outline.number = number
    outline.depths_m = wp.vec3(a[2], b[2], c[2])
    outline.bc = edge_between(b, c)
    outline.ca = edge_between(c, a)
    outline.ab = edge_between(a, b)
    outline.turned = -facing
    return outline


@wp.func
def is_drawn(a: wp.vec3, b: wp.vec3, c: wp.vec3, facing: float, nearest_depth_m: float) -> bool:
    """Whether a triangle faces the camera, and is not so near that it would wrap round behind it."""
    if wp.min(a[2], wp.min(b[2], c[2])) < nearest_depth_m:
        return False
    return signed_area(a, b, c[0], c[1]) * facing <= -1.0e-9


@wp.func
def sides_at(outline: Outline, x: float, y: float) -> wp.vec3:
    """:func:`side_of` all three sides, positive on the inside."""
    return outline.turned * wp.vec3(side_of(outline.bc, x, y), side_of(outline.ca, x, y), side_of(outline.ab, x, y))


@wp.func
def key_at(outline: Outline, sides: wp.vec3) -> wp.int64:
    """Depth above and triangle below at a position with these ``sides``, if the triangle covers it; else nothing."""
    if sides[0] >= 0.0 and sides[1] >= 0.0 and sides[2] >= 0.0:
        depth_m = (sides[0] + sides[1] + sides[2]) / (
            sides[0] / outline.depths_m[0] + sides[1] / outline.depths_m[1] + sides[2] / outline.depths_m[2]
        )
        return wp.int64(depth_m * DEPTH_STEPS_PER_M) * FACE_BITS + wp.int64(outline.number)
    return KEY_OF_NOTHING


@wp.func
def barycentric(a: wp.vec3, b: wp.vec3, c: wp.vec3, x: float, y: float) -> wp.vec3:
    """Perspective-correct weights of a pixel position in a triangle of (u px, v px, depth m) corners."""
    w0 = signed_area(b, c, x, y) * b[2] * c[2]
    w1 = signed_area(c, a, x, y) * c[2] * a[2]
    w2 = signed_area(a, b, x, y) * a[2] * b[2]
    return wp.vec3(w0, w1, w2) * (1.0 / (w0 + w1 + w2))


@wp.func
def subdivided(corner: wp.vec3, scale: float) -> wp.vec3:
    """A corner in pixels of a ``scale`` times finer grid; its depth stays."""
    return wp.vec3(corner[0] * scale, corner[1] * scale, corner[2])


@wp.kernel
def rasterise(
    corners: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    facing: wp.array(dtype=float),
    scale: float,
    nearest_depth_m: float,
    keys: wp.array3d(dtype=wp.int64),
) -> None:
    """Keep the nearest triangle of every pixel. ``corners`` are (u px, v px, depth m); ``scale`` subdivides pixels.

    Triangles that turn their back are skipped, for the surface is closed: seen from outside, the image's y pointing
    down, a right hand (``facing`` 1) winds its triangles negatively and its mirror image (``facing`` -1) positively. A
    triangle with a corner nearer than ``nearest_depth_m`` is dropped: it would wrap round behind the camera.
    """
    frame, face = wp.tid()
    corner = faces[face]
    a = subdivided(corners[frame, corner[0]], scale)
    b = subdivided(corners[frame, corner[1]], scale)
    c = subdivided(corners[frame, corner[2]], scale)
    if not is_drawn(a, b, c, facing[frame], nearest_depth_m):
        return
    height, width = keys.shape[1], keys.shape[2]
    left = wp.max(int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - 0.5)), 0)
    right = wp.min(int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - 0.5)), width - 1)
    top = wp.max(int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - 0.5)), 0)
    bottom = wp.min(int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - 0.5)), height - 1)
    outline = outline_of(a, b, c, facing[frame], face)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            key = key_at(outline, sides_at(outline, float(column) + 0.5, float(row) + 0.5))
            if key != KEY_OF_NOTHING:
                wp.atomic_min(keys, frame, row, column, key)


@wp.kernel
def resolve_labels(
    corners: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    face_parts: wp.array(dtype=wp.uint8),
    keys: wp.array3d(dtype=wp.int64),
    depth_m: wp.array3d(dtype=float),
    parts: wp.array3d(dtype=wp.uint8),
    normal_image: wp.array4d(dtype=float),
) -> None:
    """Depth, part and normal at the centres of a row of pixels; zeros where nothing is."""
    frame, row = wp.tid()
    for column in range(keys.shape[2]):
        key = keys[frame, row, column]
        depth, normal, part = float(0.0), wp.vec3(0.0, 0.0, 0.0), wp.uint8(0)
        if key != KEY_OF_NOTHING:
            face = int(key & (FACE_BITS - wp.int64(1)))
            corner = faces[face]
            a, b, c = corners[frame, corner[0]], corners[frame, corner[1]], corners[frame, corner[2]]
            weight = barycentric(a, b, c, float(column) + 0.5, float(row) + 0.5)
            depth = weight[0] * a[2] + weight[1] * b[2] + weight[2] * c[2]
            part = face_parts[face]
            normal = wp.normalize(
                weight[0] * normals[frame, corner[0]]
                + weight[1] * normals[frame, corner[1]]
                + weight[2] * normals[frame, corner[2]]
            )
        depth_m[frame, row, column] = depth
        parts[frame, row, column] = part
        normal_image[frame, 0, row, column] = normal[0]
        normal_image[frame, 1, row, column] = normal[1]
        normal_image[frame, 2, row, column] = normal[2]


def warp_array(tensor: Any, dtype: Any) -> wp.array:  # noqa: ANN401 (a torch tensor and a warp type)
    """A warp view of a torch tensor, without copying."""
    return wp.from_torch(tensor.contiguous(), dtype=dtype, requires_grad=False)


def launch(kernel: wp.Kernel, shape: tuple[int, ...], arguments: Sequence[object], device: Any) -> None:  # noqa: ANN401
    """Run a kernel over ``shape`` threads on a torch device."""
    wp.launch(kernel, dim=shape, inputs=list(arguments), device=str(device))
