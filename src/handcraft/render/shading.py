# SPDX-License-Identifier: Apache-2.0
"""Warp kernels of the colour pass: what light the camera gets from each pixel. All shading happens in linear light."""

import warp as wp

from handcraft.render.kernels import DEPTH_STEPS_PER_M, FACE_BITS, KEY_OF_NOTHING, barycentric
from handcraft.render.painting import SkinOfFrame, Surface, Template, WearOfFrame, surface_at

wp.set_module_options({"enable_backward": False})

WRAP = wp.constant(wp.float32(0.15))  # how far light reaches past the terminator, as a cosine


@wp.struct
class LightsOfBatch:
    """See ``scene.lights.Lights``; one entry a frame."""

    directions: wp.array2d(dtype=wp.vec3)
    colours: wp.array2d(dtype=wp.vec3)
    sky: wp.array(dtype=wp.vec3)
    ground: wp.array(dtype=wp.vec3)
    environment: wp.array2d(dtype=wp.vec3)
    shadow: wp.array(dtype=float)
    softness_m: wp.array(dtype=float)
    occlusion: wp.array(dtype=float)


@wp.struct
class ShadowMaps:
    """What the first lamp sees; see ``render.shadow_map``."""

    keys: wp.array3d(dtype=wp.int64)
    map_from_camera: wp.array(dtype=wp.mat44)
    texel_m: wp.array(dtype=float)


@wp.func
def face_at(keys: wp.array3d(dtype=wp.int64), frame: int, row: int, column: int) -> int:
    """The triangle at a position of the supersampled grid; -1 where nothing is."""
    key = keys[frame, row, column]
    if key == KEY_OF_NOTHING:
        return -1
    return int(key & (FACE_BITS - wp.int64(1)))


@wp.func
def places_of(keys: wp.array3d(dtype=wp.int64), frame: int, top: int, left: int, samples: int, face: int) -> wp.vec4:
    """Of the positions of one pixel that show ``face``: column and row summed, how many, and which comes first."""
    found = wp.vec4(0.0, 0.0, 0.0, -1.0)
    for down in range(samples):
        for across in range(samples):
            if face_at(keys, frame, top + down, left + across) == face:
                if found[2] == 0.0:
                    found[3] = float(down * samples + across)
                found += wp.vec4(float(across), float(down), 1.0, 0.0)
    return found


@wp.func
def irradiance(environment: wp.array2d(dtype=wp.vec3), frame: int, n: wp.vec3) -> wp.vec3:
    """Light from the environment on a surface with normal ``n``, over pi; see ``scene.lights.irradiance``."""
    x, y, z = n[0], n[1], n[2]
    total = 0.282095 * environment[frame, 0]
    total += (2.0 / 3.0 * 0.488603) * (
        y * environment[frame, 1] + z * environment[frame, 2] + x * environment[frame, 3]
    )
    total += (0.25 * 1.092548) * (
        x * y * environment[frame, 4] + y * z * environment[frame, 5] + x * z * environment[frame, 7]
    )
    total += (0.25 * 0.315392) * (3.0 * z * z - 1.0) * environment[frame, 6]
    total += (0.25 * 0.546274) * (x * x - y * y) * environment[frame, 8]
    return wp.max(total, wp.vec3(0.0, 0.0, 0.0))


@wp.func
def reached(keys: wp.array3d(dtype=wp.int64), frame: int, u: float, v: float, depth_m: float) -> float:
    """Share of the four texels around (u, v), weighted by nearness, in which nothing is nearer than ``depth_m``."""
    left, top = int(wp.floor(u - 0.5)), int(wp.floor(v - 0.5))
    across, down = u - 0.5 - float(left), v - 0.5 - float(top)
    total = float(0.0)
    for step in range(4):
        column, row = left + step % 2, top + step / 2
        share = wp.where(step % 2 == 1, across, 1.0 - across) * wp.where(step / 2 == 1, down, 1.0 - down)
        inside = row >= 0 and column >= 0 and row < keys.shape[1] and column < keys.shape[2]
        if not inside or float(keys[frame, row, column] / FACE_BITS) / DEPTH_STEPS_PER_M >= depth_m:
            total += share
    return total


@wp.func
def lamp_share(
    maps: ShadowMaps, frame: int, position: wp.vec3, normal: wp.vec3, towards: wp.vec3, softness_m: float
) -> float:
    """How much of the first lamp reaches a point: percentage-closer filtering (Reeves et al. 1987), 3 x 3 taps.

    The taps follow the plane of the surface, so that it does not shade itself, and are jittered, so that no steps show.
    Where the lamp grazes the surface a texel spans much depth and the bias grows; past the terminator the shadow fades,
    for what light is left there comes through the skin.
    """
    facing = wp.dot(normal, towards)
    lit = wp.smoothstep(-0.1, 0.12, facing)
    if lit <= 0.0:
        return 1.0
    texel_m = maps.texel_m[frame]
    place = wp.transform_point(maps.map_from_camera[frame], position)
    depth_m = place[2] - texel_m * (1.0 + 6.0 * wp.clamp(1.0 - facing / 0.3, 0.0, 1.0))
    if softness_m <= 0.0:
        return wp.lerp(1.0, reached(maps.keys, frame, place[0], place[1], depth_m), lit)
    rise = wp.transform_vector(maps.map_from_camera[frame], normal) * (texel_m * texel_m / wp.max(facing, 0.15))
    total = float(0.0)
    step = softness_m / texel_m
    state = wp.rand_init(1)
    right = 0.7 * wp.noise(state, wp.vec2(3.0 * place[0], 3.0 * place[1])) - 1.0
    below = 0.7 * wp.noise(state, wp.vec2(3.0 * place[0] + 100.5, 3.0 * place[1])) - 1.0
    for tap in range(9):
        across, down = (float(tap % 3) + right) * 0.667 * step, (float(tap / 3) + below) * 0.667 * step
        on_plane_m = depth_m + across * rise[0] + down * rise[1]
        total += reached(maps.keys, frame, place[0] + across, place[1] + down, on_plane_m)
    return wp.lerp(1.0, total / 9.0, lit)


@wp.func
def shaded(
    surface: Surface,
    lights: LightsOfBatch,
    maps: ShadowMaps,
    frame: int,
    position: wp.vec3,
    normal: wp.vec3,
    smooth: wp.vec3,
    openness: float,
) -> wp.vec3:
    """Light a point sends to the camera. ``smooth`` is the normal without bumps, ``openness`` 1 where nothing is near.

    Light scatters below skin, so it reaches a little past the terminator (wrapped diffuse).
    """
    eye = -wp.normalize(position)
    light = wp.lerp(lights.ground[frame], lights.sky[frame], 0.5 - 0.5 * normal[1])
    if lights.environment.shape[0] > 0:
        light += irradiance(lights.environment, frame, normal)
    if lights.occlusion[frame] > 0.0:
        light = light * (1.0 - lights.occlusion[frame] * (1.0 - openness))
    shine = wp.vec3(0.0, 0.0, 0.0)
    for lamp in range(lights.directions.shape[1]):
        towards = lights.directions[frame, lamp]
        facing = wp.max((wp.dot(normal, towards) + WRAP) / (1.0 + WRAP), 0.0)
        if lamp == 0 and facing > 0.0 and lights.shadow[frame] > 0.0:
            share = lamp_share(maps, frame, position, smooth, towards, lights.softness_m[frame])
            facing = facing * (1.0 - lights.shadow[frame] * (1.0 - share))
        light += facing * lights.colours[frame, lamp]
        if surface.gloss > 0.0:
            half_way = wp.normalize(towards + eye)
            glint = wp.pow(wp.max(wp.dot(normal, half_way), 0.0), surface.sharpness) * facing
            shine += glint * surface.gloss * lights.colours[frame, lamp]
    return wp.cw_mul(surface.albedo, light) + shine


@wp.func
def slope_in_camera(slope: wp.vec3, rest_1: wp.vec3, rest_2: wp.vec3, edge_1: wp.vec3, edge_2: wp.vec3) -> wp.vec3:
    """A gradient over the template's triangle with these edges, as one over the posed triangle (Blinn 1978)."""
    across = wp.cross(edge_1, edge_2)
    rise_1, rise_2 = wp.dot(slope, rest_1), wp.dot(slope, rest_2)
    turned = rise_1 * wp.cross(edge_2, across) + rise_2 * wp.cross(across, edge_1)
    return turned / wp.max(wp.length_sq(across), 1.0e-20)


@wp.kernel
def resolve_colour(
    corners: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
    positions: wp.array2d(dtype=wp.vec3),
    openness: wp.array2d(dtype=float),
    places: Template,
    skin: wp.array(dtype=SkinOfFrame),
    wear: wp.array(dtype=WearOfFrame),
    lights: LightsOfBatch,
    maps: ShadowMaps,
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
    top, left = row * samples, column * samples
    for sample in range(samples * samples):
        face = face_at(keys, frame, top + sample / samples, left + sample % samples)
        found = wp.vec4(0.0, 0.0, 1.0, 0.0)
        if face >= 0 and samples > 1:
            found = places_of(keys, frame, top, left, samples, face)
        # A triangle is shaded once a pixel, in the middle of its samples there, and counts for all of them.
        if face >= 0 and int(found[3]) == sample:
            share = found[2]
            x = float(column) + (found[0] / share + 0.5) / float(samples)
            y = float(row) + (found[1] / share + 0.5) / float(samples)
            corner = places.faces[face]
            i, j, k = corner[0], corner[1], corner[2]
            weight = barycentric(corners[frame, i], corners[frame, j], corners[frame, k], x, y)
            smooth = weight[0] * normals[frame, i] + weight[1] * normals[frame, j] + weight[2] * normals[frame, k]
            a, b, c = positions[frame, i], positions[frame, j], positions[frame, k]
            position = weight[0] * a + weight[1] * b + weight[2] * c
            look = skin[frame]
            surface = Surface()
            surface.albedo = look.tone
            surface.gloss = look.gloss
            surface.sharpness = look.sharpness
            normal = smooth
            if textured != 0:
                rest_a, rest_b, rest_c = places.rest[i], places.rest[j], places.rest[k]
                point = weight[0] * rest_a + weight[1] * rest_b + weight[2] * rest_c
                outward = weight[0] * places.normals[i] + weight[1] * places.normals[j] + weight[2] * places.normals[k]
                state = wp.rand_init(seeds[frame])
                surface = surface_at(look, wear[frame], places, face, point, outward, state)
                normal = smooth - slope_in_camera(surface.slope, rest_b - rest_a, rest_c - rest_a, b - a, c - a)
            normal = wp.normalize(normal)
            open_here = float(1.0)
            if lights.occlusion[frame] > 0.0:
                open_here = (
                    weight[0] * openness[frame, i] + weight[1] * openness[frame, j] + weight[2] * openness[frame, k]
                )
            light = shaded(surface, lights, maps, frame, position, normal, wp.normalize(smooth), open_here)
            total += share * light
            covered += share
    scale = 1.0 / float(samples * samples)
    colour[frame, 0, row, column] = total[0] * scale
    colour[frame, 1, row, column] = total[1] * scale
    colour[frame, 2, row, column] = total[2] * scale
    colour[frame, 3, row, column] = covered * scale
