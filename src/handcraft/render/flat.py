# SPDX-License-Identifier: Apache-2.0
"""Any mesh, flat-shaded, without a scene: the quick look that seed 001's renderer gives (section 4.3, table 4.1).

Every triangle has one colour, from its face normal; pixels average over a rotated pattern of positions. The pattern is
drawn as copies of the mesh shifted by parts of a pixel, so that ``rasterise`` is the only home of coverage.
"""

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.geometry.cameras import Camera
from handcraft.render import kernels
from handcraft.render.kernels import FACE_BITS, KEY_OF_NOTHING

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


@wp.kernel
def average_samples(
    keys: wp.array4d(dtype=wp.int64),
    light: wp.array2d(dtype=float),
    colour: wp.vec3,
    background: wp.vec3,
    image: wp.array4d(dtype=float),
) -> None:
    """The mean over a pixel's positions; ``keys`` are (position, frame, row, column)."""
    frame, row = wp.tid()
    samples, width = keys.shape[0], keys.shape[3]
    for column in range(width):
        lit = float(0.0)
        covered = float(0.0)
        for sample in range(samples):
            key = keys[sample, frame, row, column]
            if key != KEY_OF_NOTHING:
                lit += light[frame, int(key % FACE_BITS)]
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
    shifts = 0.5 - sample_positions(samples).to(device)
    centred_px = camera.pixels_from_camera(positions_m)
    moved_px = centred_px + shifts[:, None, None]
    depths_m = positions_m[..., 2:].expand(samples, batch, -1, 1)
    corners = torch.cat([moved_px, depths_m], dim=-1).flatten(0, 1)
    keys = torch.full((samples, batch, camera.height_px, camera.width_px), int(KEY_OF_NOTHING), device=device)
    triangles = kernels.warp_array(faces.to(device=device, dtype=torch.int32), wp.vec3i)
    facing = torch.ones(samples * batch, device=device)
    rasterised = [
        kernels.warp_array(corners, wp.vec3), triangles, kernels.warp_array(facing, wp.float32), 1.0, NEAREST_DEPTH_M,
        kernels.warp_array(keys.flatten(0, 1), wp.int64),
    ]  # fmt: skip
    kernels.launch(kernels.rasterise, (samples * batch, len(faces)), rasterised, device)
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
