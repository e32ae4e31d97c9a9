# SPDX-License-Identifier: Apache-2.0
"""What a structured-light sensor measures of depth: noise, steps, missing rims, the projector's shadow, limits.

Depth comes from disparity, z = f b / d, so an error of d becomes one of z that grows with its square. Khoshelham and
Elberink, "Accuracy and Resolution of Kinect Depth Data for Indoor Mapping Applications", Sensors 12(2), 2012: the
standard deviation is about 1.4 mm and a step 2.9 mm at 1 m (their Eq. 10 and Section 4.2). Rims and grazing surfaces go
missing as in Nguyen, Izadi and Lovell, "Modeling Kinect Sensor Noise for Improved 3D Reconstruction and Tracking",
3DIMPVT 2012, who find no depth beyond some 70 to 80 degrees. What chance decides comes from numbers that are passed in.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import max_pool2d

from handcraft.geometry.cameras import Camera
from handcraft.scene.sensors import DepthSensorConfig

DEPTH_SENSOR_UNIFORMS = 4

RIM_M = 0.015
"""Neighbouring pixels whose depths differ by more than this belong to two surfaces."""


@dataclass(frozen=True)
class DepthSensor:
    """One sensor per frame; the sensor of zeros and of limits from 0 to infinity measures depth as it is."""

    noise_per_m: Float[Tensor, " batch"]
    """Standard deviation at 1 m, metres; it grows with depth squared."""
    step_per_m: Float[Tensor, " batch"]
    """Step of the inverse depth, 1/m: about the step of depth at 1 m in metres."""
    rim_loss: Float[Tensor, " batch"]
    """Chance that a pixel at a rim is missing."""
    grazing_rad: Float[Tensor, " batch"]
    """Surfaces seen at a larger angle from square are missing; pi measures all."""
    baseline_m: Float[Tensor, " batch"]
    """From the camera to the projector, to the right."""
    nearest_m: float
    farthest_m: float


def sample_depth_sensor(uniform: Float[Tensor, "batch 4"], config: DepthSensorConfig) -> DepthSensor:
    """Sensors somewhat better and worse than the published one, with the effects that are switched on."""
    everything = (0.0, float("inf"))
    nearest_m, farthest_m = config.range_m if config.limits else everything
    grazing_deg = 70 + 12 * uniform[:, 3] if config.edges else torch.full_like(uniform[:, 3], 180)
    return DepthSensor(
        noise_per_m=config.noise * 0.0014 * (0.6 + 0.9 * uniform[:, 0]),
        step_per_m=config.quantisation * 0.0029 * (0.5 + 0.8 * uniform[:, 1]),
        rim_loss=config.edges * (0.4 + 0.5 * uniform[:, 2]),
        grazing_rad=torch.deg2rad(grazing_deg),
        baseline_m=config.shadow * torch.full_like(uniform[:, 0], config.baseline_m),
        nearest_m=nearest_m,
        farthest_m=farthest_m,
    )


def sense_depth(
    depth_m: Float[Tensor, "batch height width"],
    normals: Float[Tensor, "batch 3 height width"],
    camera: Camera,
    sensor: DepthSensor,
    noise: Float[Tensor, "batch 2 height width"],
) -> Float[Tensor, "batch height width"]:
    """Measured depth, 0 where it is missing; ``noise`` is standard normal, for errors and for gaps at rims."""
    assert camera.projection == "pinhole", "disparity needs perspective"
    chance = torch.special.ndtr(noise[:, 1])
    missing = (depth_m <= 0) | (depth_m < sensor.nearest_m) | (depth_m > sensor.farthest_m)
    missing |= at_rim(depth_m) & (chance < sensor.rim_loss[:, None, None])
    missing |= _angle_rad(depth_m, normals, camera) > sensor.grazing_rad[:, None, None]
    missing |= in_shadow(depth_m, sensor.baseline_m * camera.intrinsics[:, 0, 0])
    measured_m = depth_m + sensor.noise_per_m[:, None, None] * depth_m.square() * noise[:, 0]
    return torch.where(missing, 0.0, _in_steps(measured_m, sensor.step_per_m))


def at_rim(depth_m: Float[Tensor, "batch height width"]) -> Bool[Tensor, "batch height width"]:
    """Pixels beside one of another surface, or of none."""
    surface_m = torch.where(depth_m > 0, depth_m, 1e3)[:, None]
    farthest_m, nearest_m = (sign * max_pool2d(sign * surface_m, 3, stride=1, padding=1)[:, 0] for sign in (1.0, -1.0))
    return (depth_m > 0) & (farthest_m - nearest_m > RIM_M)


def in_shadow(
    depth_m: Float[Tensor, "batch height width"], baseline_px_m: Float[Tensor, " batch"]
) -> Bool[Tensor, "batch height width"]:
    """Pixels whose light is blocked by a nearer surface that stands between them and the projector.

    The projector, at ``baseline_px_m`` (baseline times focal length) to the right, sees a pixel of column u and depth z
    in its own column u - f b / z. Farther right in the picture it must see farther right; what it does not is hidden.
    """
    columns = torch.arange(depth_m.shape[2], dtype=depth_m.dtype) + 0.5
    shift_px = baseline_px_m[:, None, None] / depth_m.clamp_min(1e-6)
    seen_px = torch.where(depth_m > 0, columns - shift_px, torch.inf)
    from_left = torch.where(depth_m > 0, columns - shift_px, -torch.inf)
    hidden_by_right = seen_px > seen_px.flip(-1).cummin(-1).values.flip(-1)
    hidden_by_left = from_left < from_left.cummax(-1).values
    to_the_right = baseline_px_m[:, None, None] >= 0
    return (depth_m > 0) & torch.where(to_the_right, hidden_by_right, hidden_by_left)


def _angle_rad(
    depth_m: Float[Tensor, "batch height width"], normals: Float[Tensor, "batch 3 height width"], camera: Camera
) -> Float[Tensor, "batch height width"]:
    """Angle between the normal and the way to the camera; 0 where nothing is."""
    count, height, width = depth_m.shape
    rows, columns = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    pixels = torch.stack([columns, rows], -1).reshape(1, -1, 2).expand(count, -1, -1)
    rays = camera.camera_from_pixels(pixels, torch.ones(count, height * width)).transpose(1, 2)
    cosine = -(normals.flatten(2) * torch.nn.functional.normalize(rays, dim=1)).sum(1).view(depth_m.shape)
    return torch.where(depth_m > 0, cosine.clamp(-1, 1).acos(), 0.0)


def _in_steps(
    depth_m: Float[Tensor, "batch height width"], step_per_m: Float[Tensor, " batch"]
) -> Float[Tensor, "batch height width"]:
    """Depth whose inverse is a whole number of steps; without steps as it is."""
    step = step_per_m[:, None, None].double()
    inverse = (1 / depth_m.clamp_min(1e-3).double() / step.clamp_min(1e-9)).round().clamp_min(1) * step.clamp_min(1e-9)
    return torch.where(step > 0, (1 / inverse).to(depth_m), depth_m)
