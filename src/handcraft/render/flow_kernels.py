# SPDX-License-Identifier: Apache-2.0
"""Warp kernels of optical flow: which triangle a label pixel shows, and where that spot of it is in another mesh."""

import warp as wp

from handcraft.render.kernels import signed_area

wp.set_module_options({"enable_backward": False})

KEY_OF_NOTHING = wp.constant(wp.int64(0x7FFFFFFFFFFFFFFF))
DISTANCE_STEPS_PER_M = wp.constant(wp.float32(1.0e9))
FACE_BITS = wp.constant(wp.int64(1 << 24))
RIM = wp.constant(wp.float32(-1.0e-3))  # a pixel on an edge belongs to a triangle, whatever rounding says


@wp.func
def spot(a: wp.vec3, b: wp.vec3, c: wp.vec3, x: float, y: float, perspective: int) -> wp.vec3:
    """Weights of the corners (u px, v px, depth m) at a pixel position, on the triangle itself."""
    area = signed_area(a, b, c[0], c[1])
    w0 = signed_area(b, c, x, y) / area
    w1 = signed_area(c, a, x, y) / area
    w2 = signed_area(a, b, x, y) / area
    if perspective != 0:
        w0, w1, w2 = w0 / a[2], w1 / b[2], w2 / c[2]
    return wp.vec3(w0, w1, w2) / (w0 + w1 + w2)


@wp.kernel
def match_depth(
    corners: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    depth_m: wp.array3d(dtype=float),
    perspective: int,
    keys: wp.array3d(dtype=wp.int64),
) -> None:
    """Keep, for every pixel, the triangle whose depth there agrees best with the depth image.

    The renderer knew the triangle; finding it again costs little and asks nothing of how it draws.
    """
    frame, face = wp.tid()
    corner = faces[face]
    a, b, c = corners[frame, corner[0]], corners[frame, corner[1]], corners[frame, corner[2]]
    if wp.min(a[2], wp.min(b[2], c[2])) <= 0.0 or signed_area(a, b, c[0], c[1]) == 0.0:
        return
    height, width = keys.shape[1], keys.shape[2]
    left = wp.max(int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - 0.5)), 0)
    right = wp.min(int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - 0.5)), width - 1)
    top = wp.max(int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - 0.5)), 0)
    bottom = wp.min(int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - 0.5)), height - 1)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            weight = spot(a, b, c, float(column) + 0.5, float(row) + 0.5, perspective)
            if wp.min(weight[0], wp.min(weight[1], weight[2])) >= RIM:
                distance_m = wp.abs(wp.dot(weight, wp.vec3(a[2], b[2], c[2])) - depth_m[frame, row, column])
                key = wp.int64(wp.min(distance_m, 1.0) * DISTANCE_STEPS_PER_M) * FACE_BITS + wp.int64(face)
                wp.atomic_min(keys, frame, row, column, key)


@wp.kernel
def carry_points(
    corners: wp.array2d(dtype=wp.vec3),
    carried_m: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    keys: wp.array3d(dtype=wp.int64),
    pixels: wp.array(dtype=wp.vec3i),
    perspective: int,
    points_m: wp.array(dtype=wp.vec3),
) -> None:
    """Where the surface seen at each of ``pixels`` (frame, row, column) is in the mesh ``carried_m``."""
    number = wp.tid()
    pixel = pixels[number]
    frame, row, column = pixel[0], pixel[1], pixel[2]
    corner = faces[int(keys[frame, row, column] % FACE_BITS)]
    weight = spot(
        corners[frame, corner[0]],
        corners[frame, corner[1]],
        corners[frame, corner[2]],
        float(column) + 0.5,
        float(row) + 0.5,
        perspective,
    )
    points_m[number] = (
        weight[0] * carried_m[frame, corner[0]]
        + weight[1] * carried_m[frame, corner[1]]
        + weight[2] * carried_m[frame, corner[2]]
    )
