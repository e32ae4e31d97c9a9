# SPDX-License-Identifier: Apache-2.0
"""A Warp kernel for ambient occlusion: how much of the sky over each vertex the hand's other segments hide."""

import warp as wp

wp.set_module_options({"enable_backward": False})


@wp.kernel
def resolve_openness(
    positions: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
    joints: wp.array2d(dtype=wp.vec3),
    bones: wp.array(dtype=wp.vec2i),
    radii_m: wp.array(dtype=float),
    openness: wp.array2d(dtype=float),
) -> None:
    """Share of the cosine-weighted sky over each vertex that no bone's flesh hides.

    A sphere of radius r at distance d hides cos(angle to the normal) r^2 / d^2 of it, as long as it is above the
    horizon; every bone counts as the sphere around its point nearest to the vertex. A segment hides nothing of its own
    skin's sky, for it lies below the horizon.
    """
    frame, vertex = wp.tid()
    here, normal = positions[frame, vertex], normals[frame, vertex]
    free = float(1.0)
    for bone in range(bones.shape[0]):
        start = joints[frame, bones[bone][0]]
        way = joints[frame, bones[bone][1]] - start
        share = wp.clamp(wp.dot(here - start, way) / wp.max(wp.dot(way, way), 1.0e-12), 0.0, 1.0)
        offset = start + share * way - here
        rise = wp.dot(offset, normal)
        if rise > 0.0:
            distance_m = wp.max(wp.length(offset), radii_m[bone])
            hidden = rise * radii_m[bone] * radii_m[bone] / (distance_m * distance_m * distance_m)
            free = free * (1.0 - wp.min(hidden, 0.95))
    openness[frame, vertex] = free
