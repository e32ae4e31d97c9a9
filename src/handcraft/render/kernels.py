# SPDX-License-Identifier: Apache-2.0
"""Warp kernels of the renderer: one source for CPU and CUDA.

A frame is drawn in two steps. ``rasterise`` visits triangles and keeps, per pixel, the nearest one in a single 64-bit
key (depth above, triangle below) with an atomic minimum, so that the order of triangles and threads cannot matter.
The resolve kernels visit pixels and compute from the key whatever is asked for: labels at the pixel's centre, colour
at the supersampled positions. All shading happens in linear light.
"""

import os
import sys
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


@wp.func
def side_of_edge(a: wp.vec3, b: wp.vec3, x: float, y: float) -> float:
    """:func:`signed_area`, exactly negated when its ends are swapped: no crack between two triangles."""
    if a[0] < b[0] or (a[0] == b[0] and a[1] < b[1]):
        return signed_area(a, b, x, y)
    return -signed_area(b, a, x, y)


@wp.func
def barycentric(a: wp.vec3, b: wp.vec3, c: wp.vec3, x: float, y: float) -> wp.vec3:
    """Perspective-correct weights of a pixel position in a triangle of (u px, v px, depth m) corners."""
    area = signed_area(a, b, c[0], c[1])
    w0 = signed_area(b, c, x, y) / area / a[2]
    w1 = signed_area(c, a, x, y) / area / b[2]
    w2 = signed_area(a, b, x, y) / area / c[2]
    return wp.vec3(w0, w1, w2) / (w0 + w1 + w2)


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
    if wp.min(a[2], wp.min(b[2], c[2])) < nearest_depth_m:
        return
    area = signed_area(a, b, c[0], c[1])
    if area * facing[frame] > -1.0e-9:
        return
    height, width = keys.shape[1], keys.shape[2]
    left = wp.max(int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - 0.5)), 0)
    right = wp.min(int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - 0.5)), width - 1)
    top = wp.max(int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - 0.5)), 0)
    bottom = wp.min(int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - 0.5)), height - 1)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            x, y = float(column) + 0.5, float(row) + 0.5
            w0 = side_of_edge(b, c, x, y) / area
            w1 = side_of_edge(c, a, x, y) / area
            w2 = side_of_edge(a, b, x, y) / area
            if w0 >= 0.0 and w1 >= 0.0 and w2 >= 0.0:
                depth_m = (w0 + w1 + w2) / (w0 / a[2] + w1 / b[2] + w2 / c[2])
                key = wp.int64(depth_m * DEPTH_STEPS_PER_M) * FACE_BITS + wp.int64(face)
                wp.atomic_min(keys, frame, row, column, key)


@wp.kernel
def resolve_labels(
    corners: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    face_parts: wp.array(dtype=wp.uint8),
    keys: wp.array3d(dtype=wp.int64),
    pixels: wp.array(dtype=wp.vec3i),
    depth_m: wp.array3d(dtype=float),
    parts: wp.array3d(dtype=wp.uint8),
    normal_image: wp.array4d(dtype=float),
) -> None:
    """Depth, part and normal at the centre of each of ``pixels`` (frame, row, column), which something covers."""
    pixel = pixels[wp.tid()]
    frame, row, column = pixel[0], pixel[1], pixel[2]
    face = int(keys[frame, row, column] % FACE_BITS)
    corner = faces[face]
    a, b, c = corners[frame, corner[0]], corners[frame, corner[1]], corners[frame, corner[2]]
    weight = barycentric(a, b, c, float(column) + 0.5, float(row) + 0.5)
    depth_m[frame, row, column] = weight[0] * a[2] + weight[1] * b[2] + weight[2] * c[2]
    parts[frame, row, column] = face_parts[face]
    normal = wp.normalize(
        weight[0] * normals[frame, corner[0]]
        + weight[1] * normals[frame, corner[1]]
        + weight[2] * normals[frame, corner[2]]
    )
    normal_image[frame, 0, row, column] = normal[0]
    normal_image[frame, 1, row, column] = normal[1]
    normal_image[frame, 2, row, column] = normal[2]


@wp.struct
class SkinOfFrame:
    """What the skin of one frame is like; see ``scene.skin.Skin`` for the meaning of each number."""

    tone: wp.vec3
    palm_tone: wp.vec3
    nail_tone: wp.vec3
    mottling: float
    crease: float
    bump: float
    gloss: float
    sharpness: float


@wp.func
def gaussian(distance: float, width: float) -> float:
    """A bell of height 1."""
    ratio = distance / width
    return wp.exp(-ratio * ratio)


@wp.func
def joint_creases(point: wp.vec3, joints: wp.array(dtype=wp.vec3), axes: wp.array(dtype=wp.vec3)) -> float:
    """Darkness of the lines across the finger joints: three folds a joint, on the palm and the back of the hand."""
    total = float(0.0)
    for joint in range(joints.shape[0]):
        offset = point - joints[joint]
        if wp.length_sq(offset) < 2.9e-4:  # 17 mm round the joint
            along = wp.dot(offset, axes[joint])
            total += (
                gaussian(along, 0.0006)
                + 0.5 * gaussian(along - 0.0028, 0.0005)
                + 0.5 * gaussian(along + 0.0025, 0.0005)
            )
    return wp.min(total, 1.0)


@wp.func
def palm_lines(point: wp.vec3) -> float:
    """Darkness of the palm's three long lines: heart, head and life (parabolas in the palm's plane, by eye)."""
    y, z = point[1], point[2]
    heart = y - (0.088 - 6.0 * (z - 0.018) * (z - 0.018))
    head = y - (0.074 - 3.5 * (z - 0.022) * (z - 0.022))
    life = z - (0.004 + 7.0 * (y - 0.045) * (y - 0.045))
    within = gaussian(wp.max(wp.abs(z + 0.008) - 0.022, 0.0), 0.008)
    along = gaussian(wp.max(wp.abs(y - 0.045) - 0.025, 0.0), 0.006)
    return wp.min((gaussian(heart, 0.0008) + gaussian(head, 0.0008)) * within + gaussian(life, 0.0009) * along, 1.0)


@wp.func
def nail(
    point: wp.vec3, heads: wp.array(dtype=wp.vec3), frames: wp.array(dtype=wp.mat33), lengths: wp.array(dtype=float)
) -> float:
    """1 on a finger nail, 0 off it: an ellipse on the back of each distal segment, in that bone's own frame."""
    inside = float(0.0)
    for finger in range(heads.shape[0]):
        local = wp.transpose(frames[finger]) * (point - heads[finger])
        along = local[1] / lengths[finger]
        across = local[0] / (0.27 * lengths[finger])
        if local[2] < 0.0:  # Anny's bones have z towards the palm
            radius = wp.pow(wp.abs((along - 0.74) / 0.25), 3.0) + wp.pow(wp.abs(across), 3.0)
            inside = wp.max(inside, wp.clamp((1.0 - radius) * 6.0, 0.0, 1.0))
    return inside


@wp.func
def face_at(keys: wp.array3d(dtype=wp.int64), frame: int, row: int, column: int, sample: int, samples: int) -> int:
    """The triangle at one of a pixel's ``samples`` x ``samples`` positions; -1 where nothing is."""
    key = keys[frame, row * samples + sample / samples, column * samples + sample % samples]
    if key == KEY_OF_NOTHING:
        return -1
    return int(key % FACE_BITS)


@wp.kernel
def resolve_colour(
    corners: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
    positions: wp.array2d(dtype=wp.vec3),
    rest: wp.array(dtype=wp.vec3),
    rest_normals: wp.array(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    joints: wp.array(dtype=wp.vec3),
    joint_axes: wp.array(dtype=wp.vec3),
    nail_heads: wp.array(dtype=wp.vec3),
    nail_frames: wp.array(dtype=wp.mat33),
    nail_lengths: wp.array(dtype=float),
    skin: wp.array(dtype=SkinOfFrame),
    light_directions: wp.array2d(dtype=wp.vec3),
    light_colours: wp.array2d(dtype=wp.vec3),
    sky: wp.array(dtype=wp.vec3),
    ground: wp.array(dtype=wp.vec3),
    seeds: wp.array(dtype=int),
    textured: int,
    samples: int,
    keys: wp.array3d(dtype=wp.int64),
    pixels: wp.array(dtype=wp.vec3i),
    colour: wp.array4d(dtype=float),
) -> None:
    """Average light over ``samples`` x ``samples`` positions of each of ``pixels``; channel 3 is coverage."""
    pixel = pixels[wp.tid()]
    frame, row, column = pixel[0], pixel[1], pixel[2]
    total = wp.vec3(0.0, 0.0, 0.0)
    covered = float(0.0)
    for sample in range(samples * samples):
        face = face_at(keys, frame, row, column, sample, samples)
        shared = int(0)
        first = int(sample)
        x = float(0.0)
        y = float(0.0)
        for other in range(samples * samples):
            if face >= 0 and face_at(keys, frame, row, column, other, samples) == face:
                shared += 1
                first = wp.min(first, other)
                x += float(column) + (float(other % samples) + 0.5) / float(samples)
                y += float(row) + (float(other / samples) + 0.5) / float(samples)
        # A triangle is shaded once a pixel, in the middle of its samples there, and counts for all of them.
        if face >= 0 and first == sample:
            corner = faces[face]
            i, j, k = corner[0], corner[1], corner[2]
            share = float(shared)
            weight = barycentric(corners[frame, i], corners[frame, j], corners[frame, k], x / share, y / share)
            normal = weight[0] * normals[frame, i] + weight[1] * normals[frame, j] + weight[2] * normals[frame, k]
            position = (
                weight[0] * positions[frame, i] + weight[1] * positions[frame, j] + weight[2] * positions[frame, k]
            )
            look = skin[frame]
            albedo = look.tone
            gloss = look.gloss
            if textured != 0:
                point = weight[0] * rest[i] + weight[1] * rest[j] + weight[2] * rest[k]
                outward = weight[0] * rest_normals[i] + weight[1] * rest_normals[j] + weight[2] * rest_normals[k]
                palmar = wp.smoothstep(-0.25, 0.65, -outward[0])
                state = wp.rand_init(seeds[frame])
                coarse = wp.noise(state, point * 70.0)
                fine = wp.noise(state, point * 420.0)
                grain = wp.noise(state, point * 1500.0)
                on_nail = nail(point, nail_heads, nail_frames, nail_lengths) * (1.0 - palmar)
                folds = joint_creases(point, joints, joint_axes) + palmar * palm_lines(point)
                albedo = wp.lerp(albedo, look.palm_tone, palmar)
                flush = 1.0 + look.mottling * (coarse + 0.5 * fine)
                albedo = wp.vec3(albedo[0] * (1.0 + 0.4 * (flush - 1.0)), albedo[1] * flush, albedo[2] * flush)
                albedo = albedo * (1.0 - look.crease * wp.min(folds, 1.0)) * (1.0 + 0.25 * look.mottling * grain)
                albedo = wp.lerp(albedo, look.nail_tone, on_nail)
                gloss = wp.lerp(gloss, 0.35, on_nail)
                rough = look.bump * (1.0 - on_nail)
                shift = wp.vec3(
                    wp.noise(state, point * 900.0 + wp.vec3(7.0, 0.0, 0.0)),
                    wp.noise(state, point * 900.0 + wp.vec3(0.0, 7.0, 0.0)),
                    wp.noise(state, point * 900.0 + wp.vec3(0.0, 0.0, 7.0)),
                )
                normal = normal + rough * shift
            normal = wp.normalize(normal)
            eye = -wp.normalize(position)
            light = wp.lerp(ground[frame], sky[frame], 0.5 - 0.5 * normal[1])
            shine = wp.vec3(0.0, 0.0, 0.0)
            for lamp in range(light_directions.shape[1]):
                towards = light_directions[frame, lamp]
                # Light scatters below skin, so it reaches a little past the terminator (wrapped diffuse).
                facing = wp.max((wp.dot(normal, towards) + 0.15) / 1.15, 0.0)
                light += facing * light_colours[frame, lamp]
                if gloss > 0.0:
                    half_way = wp.normalize(towards + eye)
                    glint = wp.pow(wp.max(wp.dot(normal, half_way), 0.0), look.sharpness) * facing
                    shine += glint * gloss * light_colours[frame, lamp]
            total += share * (wp.cw_mul(albedo, light) + shine)
            covered += share
    scale = 1.0 / float(samples * samples)
    colour[frame, 0, row, column] = total[0] * scale
    colour[frame, 1, row, column] = total[1] * scale
    colour[frame, 2, row, column] = total[2] * scale
    colour[frame, 3, row, column] = covered * scale


def warp_array(tensor: Any, dtype: Any) -> wp.array:  # noqa: ANN401 (a torch tensor and a warp type)
    """A warp view of a torch tensor, without copying."""
    return wp.from_torch(tensor.contiguous(), dtype=dtype, requires_grad=False)
