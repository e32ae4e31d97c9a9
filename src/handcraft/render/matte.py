# SPDX-License-Identifier: Apache-2.0
"""The quick way to colour for flat, matte skin under far lamps: the plain look. What it computes, ``shading`` computes.

Without texture, gloss, shadows and surroundings a point's light depends on its normal alone, and most of what the
general kernel carries along has no part in it: this one takes a fraction of the time.
"""

import warp as wp

from handcraft.render.kernels import FACE_BITS, KEY_OF_NOTHING, barycentric
from handcraft.render.shading import WRAP, LightsOfBatch

wp.set_module_options({"enable_backward": False})


@wp.func
def matte_light(lights: LightsOfBatch, frame: int, normal: wp.vec3) -> wp.vec3:
    """Glow and lamps on a surface with this normal; the first terms of ``shading.shaded``."""
    light = wp.lerp(lights.ground[frame], lights.sky[frame], 0.5 - 0.5 * normal[1])
    for lamp in range(lights.directions.shape[1]):
        facing = wp.max((wp.dot(normal, lights.directions[frame, lamp]) + WRAP) / (1.0 + WRAP), 0.0)
        light += facing * lights.colours[frame, lamp]
    return light


@wp.func
def lay_over(
    behind: wp.array4d(dtype=float),
    lit: wp.vec3,
    covered: float,
    frame: int,
    row: int,
    column: int,
    colour: wp.array4d(dtype=float),
) -> None:
    """Write a pixel: its light, what is behind as far as it shows, and coverage in channel 3."""
    rest = 1.0 - covered
    colour[frame, 0, row, column] = lit[0] + rest * behind[frame, 0, row, column]
    colour[frame, 1, row, column] = lit[1] + rest * behind[frame, 1, row, column]
    colour[frame, 2, row, column] = lit[2] + rest * behind[frame, 2, row, column]
    colour[frame, 3, row, column] = covered


@wp.kernel
def resolve_matte(
    corners: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    tones: wp.array(dtype=wp.vec3),
    lights: LightsOfBatch,
    samples: int,
    keys: wp.array3d(dtype=wp.int64),
    behind: wp.array4d(dtype=float),
    colour: wp.array4d(dtype=float),
) -> None:
    """``shading.resolve_colour`` for flat, matte skin, a row of pixels at a time, laid over what is ``behind``."""
    frame, row = wp.tid()
    scale = 1.0 / float(samples * samples)
    for column in range(colour.shape[3]):
        total = wp.vec3(0.0, 0.0, 0.0)
        covered = float(0.0)
        for down in range(samples):
            for across in range(samples):
                key = keys[frame, row * samples + down, column * samples + across]
                if key != KEY_OF_NOTHING:
                    corner = faces[int(key & (FACE_BITS - wp.int64(1)))]
                    a, b, c = corners[frame, corner[0]], corners[frame, corner[1]], corners[frame, corner[2]]
                    x = float(column) + (float(across) + 0.5) / float(samples)
                    y = float(row) + (float(down) + 0.5) / float(samples)
                    weight = barycentric(a, b, c, x, y)
                    normal = (
                        weight[0] * normals[frame, corner[0]]
                        + weight[1] * normals[frame, corner[1]]
                        + weight[2] * normals[frame, corner[2]]
                    )
                    total += matte_light(lights, frame, wp.normalize(normal))
                    covered += 1.0
        lay_over(behind, wp.cw_mul(tones[frame], total) * scale, covered * scale, frame, row, column, colour)


@wp.kernel
def resolve_matte_centres(
    normal_image: wp.array4d(dtype=float),
    tones: wp.array(dtype=wp.vec3),
    lights: LightsOfBatch,
    keys: wp.array3d(dtype=wp.int64),
    behind: wp.array4d(dtype=float),
    colour: wp.array4d(dtype=float),
) -> None:
    """:func:`resolve_matte` with one position a pixel, its centre, whose normal the labels have already."""
    frame, row = wp.tid()
    for column in range(colour.shape[3]):
        lit = wp.vec3(0.0, 0.0, 0.0)
        covered = float(0.0)
        if keys[frame, row, column] != KEY_OF_NOTHING:
            normal = wp.vec3(
                normal_image[frame, 0, row, column],
                normal_image[frame, 1, row, column],
                normal_image[frame, 2, row, column],
            )
            lit = wp.cw_mul(tones[frame], matte_light(lights, frame, normal))
            covered = 1.0
        lay_over(behind, lit, covered, frame, row, column, colour)
