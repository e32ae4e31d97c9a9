# SPDX-License-Identifier: Apache-2.0
"""Any mesh, flat-shaded, without a scene: the quick look that seed 001's renderer gives (section 4.3, table 4.1).

Every triangle has one colour, from its face normal; pixels average over a pattern of positions, all of which a triangle
is tested at in one go.
"""

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.geometry.cameras import Camera
from handcraft.render import kernels
from handcraft.render.kernels import (
    FACE_BITS,
    KEY_OF_NOTHING,
    Edge,
    is_drawn,
    key_at,
    outline_of,
    sides_at,
)

wp.set_module_options({"enable_backward": False})

NEAREST_DEPTH_M = 0.02
AMBIENT, DIFFUSE, FRONTAL = 0.13, 0.62, 0.25
"""Shares of light that is everywhere, that comes over the camera's shoulder, and that comes from the camera."""
TOWARDS_LAMP = (-0.577, -0.577, -0.577)
"""In the camera's frame: from the left, above, and the camera's side."""


@wp.kernel
def shade_faces(
    positions: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    towards_lamp: wp.vec3,
    shares: wp.vec3,
    light: wp.array2d(dtype=float),
) -> None:
    """What each triangle reflects of white light, both sides alike."""
    frame, face = wp.tid()
    corner = faces[face]
    a = positions[frame, corner[0]]
    normal = wp.normalize(wp.cross(positions[frame, corner[1]] - a, positions[frame, corner[2]] - a))
    if wp.dot(normal, a) > 0.0:
        normal = -normal
    lamp = wp.max(wp.dot(normal, towards_lamp), 0.0)
    light[frame, face] = shares[0] + shares[1] * lamp + shares[2] * wp.max(-normal[2], 0.0)


@wp.func
def slope_of(edge: Edge) -> wp.vec2:
    """How an edge's ``side_of`` grows with x and y."""
    return edge.sense * wp.vec2(edge.start[1] - edge.end[1], edge.end[0] - edge.start[0])


@wp.func
def within_pixel(slope: wp.vec2) -> float:
    """How much more ``side_of`` can be within half a pixel of a position than there, and a little."""
    return 0.501 * (wp.abs(slope[0]) + wp.abs(slope[1]))


@wp.kernel
def rasterise_pattern(
    corners: wp.array2d(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    pattern: wp.array(dtype=wp.vec2),
    nearest_depth_m: float,
    keys: wp.array4d(dtype=wp.int64),
) -> None:
    """``kernels.rasterise`` at every position of ``pattern`` in each pixel; keys are (frame, row, column, position)."""
    frame, face = wp.tid()
    corner = faces[face]
    a, b, c = corners[frame, corner[0]], corners[frame, corner[1]], corners[frame, corner[2]]
    if not is_drawn(a, b, c, 1.0, nearest_depth_m):
        return
    outline = outline_of(a, b, c, 1.0, face)
    left = wp.max(int(wp.floor(wp.min(a[0], wp.min(b[0], c[0])))), 0)
    right = wp.min(int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])))), keys.shape[2] - 1)
    top = wp.max(int(wp.floor(wp.min(a[1], wp.min(b[1], c[1])))), 0)
    bottom = wp.min(int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])))), keys.shape[1] - 1)
    bc, ca, ab = (
        outline.turned * slope_of(outline.bc),
        outline.turned * slope_of(outline.ca),
        outline.turned * slope_of(outline.ab),
    )
    slack = wp.vec3(within_pixel(bc), within_pixel(ca), within_pixel(ab))
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            middle = sides_at(outline, float(column) + 0.5, float(row) + 0.5)
            if wp.min(middle + slack) >= 0.0:  # else the whole pixel is outside one side
                for position in range(pattern.shape[0]):
                    off = pattern[position] - wp.vec2(0.5, 0.5)
                    sides = middle + wp.vec3(wp.dot(bc, off), wp.dot(ca, off), wp.dot(ab, off))
                    key = key_at(outline, sides)
                    if key != KEY_OF_NOTHING:
                        wp.atomic_min(keys, frame, row, column, position, key)


@wp.kernel
def average_samples(
    keys: wp.array4d(dtype=wp.int64),
    light: wp.array2d(dtype=float),
    colour: wp.vec3,
    background: wp.vec3,
    image: wp.array4d(dtype=float),
) -> None:
    """The mean over a pixel's positions; ``keys`` are (frame, row, column, position)."""
    frame, row = wp.tid()
    samples, width = keys.shape[3], keys.shape[2]
    for column in range(width):
        lit = float(0.0)
        covered = float(0.0)
        for sample in range(samples):
            key = keys[frame, row, column, sample]
            if key != KEY_OF_NOTHING:
                lit += light[frame, int(key & (FACE_BITS - wp.int64(1)))]
                covered += 1.0
        rest = (float(samples) - covered) / float(samples)
        for channel in range(3):
            image[frame, channel, row, column] = colour[channel] * lit / float(samples) + rest * background[channel]


def sample_positions(count: int) -> Float[Tensor, "position 2"]:
    """``count`` places in the unit square: an R2 sequence (Roberts 2018), whose shadows on both axes are even."""
    expect_at_least(1, samples=count)
    plastic = 1.32471795724474602596  # its powers are the worst approximable pair
    steps = torch.arange(count, dtype=torch.float64)[:, None] * torch.tensor([1 / plastic, 1 / plastic**2]).double()
    return ((0.5 + steps) % 1).float()


def render_flat(
    positions_m: Float[Tensor, "batch vertices 3"],
    faces: Int[Tensor, "faces 3"],
    camera: Camera,
    *,
    samples: int = 8,
    colour: tuple[float, float, float] = (0.9, 0.7, 0.6),
    background: tuple[float, float, float] = (0.9, 0.9, 0.9),
) -> Float[Tensor, "batch 3 height width"]:
    """Pictures of closed meshes in the camera's frame, triangles wound outwards as a right hand's are.

    Args:
        positions_m: vertices in front of the camera.
        faces: triangles, the same for all meshes.
        camera: one for each mesh.
        samples: positions a pixel is averaged over.
        colour: of the surface under full light, 0 to 1.
        background: where no mesh is.

    Raises:
        HandcraftError: no samples, or triangles of vertices that are not there.
    """
    device, batch = positions_m.device, len(positions_m)
    if len(faces) == 0 or int(faces.max()) >= positions_m.shape[1] or int(faces.min()) < 0:
        raise HandcraftError(f"Expected `faces` to name vertices below {positions_m.shape[1]}; give the mesh's own.")
    pattern = sample_positions(samples).to(device)
    corners = torch.cat([camera.pixels_from_camera(positions_m), positions_m[..., 2:]], dim=-1)
    keys = torch.full((batch, camera.height_px, camera.width_px, samples), int(KEY_OF_NOTHING), device=device)
    triangles = kernels.warp_array(faces.to(device=device, dtype=torch.int32), wp.vec3i)
    rasterised = [
        kernels.warp_array(corners, wp.vec3), triangles, kernels.warp_array(pattern, wp.vec2), NEAREST_DEPTH_M,
        kernels.warp_array(keys, wp.int64),
    ]  # fmt: skip
    kernels.launch(rasterise_pattern, (batch, len(faces)), rasterised, device)
    light = torch.empty((batch, len(faces)), device=device)
    lit = [
        kernels.warp_array(positions_m, wp.vec3), triangles, wp.vec3(*TOWARDS_LAMP), wp.vec3(AMBIENT, DIFFUSE, FRONTAL),
        kernels.warp_array(light, wp.float32),
    ]  # fmt: skip
    kernels.launch(shade_faces, (batch, len(faces)), lit, device)
    image = torch.empty((batch, 3, camera.height_px, camera.width_px), device=device)
    averaged = [
        kernels.warp_array(keys, wp.int64), kernels.warp_array(light, wp.float32), wp.vec3(*colour),
        wp.vec3(*background), kernels.warp_array(image, wp.float32),
    ]  # fmt: skip
    kernels.launch(average_samples, (batch, camera.height_px), averaged, device)
    return image
