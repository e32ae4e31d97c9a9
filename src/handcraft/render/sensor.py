# SPDX-License-Identifier: Apache-2.0
"""What a camera does to light: blur, vignetting, exposure, white balance, noise, the transfer curve and compression."""

import io
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, pad

from handcraft.scene.sensors import SensorConfig
from handcraft.scene.skin import srgb_from_linear

SENSOR_UNIFORMS = 10


@dataclass(frozen=True)
class Sensor:
    """One camera setting per frame; zeros, and ones for the balance, leave the light alone."""

    blur_px: Float[Tensor, " batch"]
    """Standard deviation of the lens blur."""
    motion_px: Float[Tensor, "batch 2"]
    """How far, across and down, the picture moves while the shutter is open."""
    vignetting: Float[Tensor, " batch"]
    """Share of the light that is missing in the corners."""
    exposure: Float[Tensor, " batch"]
    """Mean light of the exposed picture that the camera's meter aims at; 0 takes the light as it is."""
    white_balance: Float[Tensor, "batch 3"]
    read_noise: Float[Tensor, " batch"]
    """Standard deviation of the noise in the dark, linear light."""
    shot_noise: Float[Tensor, " batch"]
    """Standard deviation of the noise at full light; grows with the root of the light."""
    jpeg_quality: Float[Tensor, " batch"]
    """1 to 100; 0 is not compressed."""


def sample_sensor(uniform: Float[Tensor, "batch 10"], config: SensorConfig) -> Sensor:
    """Settings from a good camera in daylight to a webcam in the evening, for the effects that are switched on."""
    balance = 1 + 0.24 * (uniform[:, 2:3] - 0.5) * torch.tensor([1.0, 0.0, -1.0])
    balance = balance * (1 + 0.1 * (uniform[:, 3:4] - 0.5) * torch.tensor([-0.5, 1.0, -0.5]))
    direction = torch.pi * uniform[:, 8]
    motion_px = (6 * uniform[:, 7].square())[:, None] * torch.stack([direction.cos(), direction.sin()], 1)
    return Sensor(
        blur_px=config.lens_blur * (0.25 + 0.9 * uniform[:, 0].square()),
        motion_px=config.motion_blur * motion_px,
        vignetting=config.vignetting * 0.4 * uniform[:, 9],
        exposure=config.exposure * (0.18 + 0.3 * uniform[:, 1]),
        white_balance=balance if config.white_balance else torch.ones_like(balance),
        read_noise=config.noise * (0.002 + 0.012 * uniform[:, 4].square()),
        shot_noise=config.noise * (0.005 + 0.03 * uniform[:, 5].square()),
        jpeg_quality=config.compression * (45 + 50 * uniform[:, 6]),
    )


def photograph(
    linear: Float[Tensor, "batch 3 height width"], sensor: Sensor, noise: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 3 height width"]:
    """The sRGB picture (0 to 1) a camera takes of light; ``noise`` is standard normal, from the sample's generator."""
    light = linear
    if bool(sensor.motion_px.any()):
        light = motion_blur(light, sensor.motion_px)
    if bool(sensor.blur_px.any()):
        light = gaussian_blur(light, sensor.blur_px)
    if bool(sensor.vignetting.any()):
        light = light * vignette(sensor.vignetting, *light.shape[2:])[:, None]
    gain = torch.where(sensor.exposure > 0, metered_gain(light, sensor.exposure), 1.0)
    light = light * (gain[:, None] * sensor.white_balance)[:, :, None, None]
    spread = (sensor.read_noise.square()[:, None, None, None]
              + sensor.shot_noise.square()[:, None, None, None] * light.clamp(0, 1)).sqrt()  # fmt: skip
    encoded = srgb_from_linear((light + spread * noise).clamp(0, 1))
    return torch.stack([
        jpeg(image, int(quality)) if quality > 0 else image
        for image, quality in zip(encoded, sensor.jpeg_quality.tolist(), strict=True)
    ])  # fmt: skip


def metered_gain(
    light: Float[Tensor, "batch 3 height width"], exposure: Float[Tensor, " batch"]
) -> Float[Tensor, " batch"]:
    """The gain that brings the mean light to ``exposure`` without burning out more than a few pixels."""
    brightness = light.mean(1).flatten(1)
    bright = brightness.quantile(0.97, dim=1).clamp_min(1e-4)
    return torch.minimum(exposure / brightness.mean(1).clamp_min(1e-4), 1.05 / bright)


def vignette(darkening: Float[Tensor, " batch"], height_px: int, width_px: int) -> Float[Tensor, "batch height width"]:
    """What is left of the light: all in the middle, less by ``darkening`` in the corners, with the radius squared."""
    down = torch.linspace(-1 + 1 / height_px, 1 - 1 / height_px, height_px)
    across = torch.linspace(-1 + 1 / width_px, 1 - 1 / width_px, width_px)
    return 1 - darkening[:, None, None] * 0.5 * (down.square()[:, None] + across.square())


def gaussian_blur(
    images: Float[Tensor, "batch 3 height width"], sigma_px: Float[Tensor, " batch"]
) -> Float[Tensor, "batch 3 height width"]:
    """Blur each image with its own standard deviation; edges repeat."""
    radius = max(1, int(3 * float(sigma_px.max()) + 0.5))
    steps = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    kernel = torch.exp(-0.5 * (steps / sigma_px[:, None].clamp_min(1e-3)).square())
    kernel = kernel / kernel.sum(1, keepdim=True)
    return _filtered(_filtered(images, kernel[:, None, :]), kernel[:, :, None])


def motion_blur(
    images: Float[Tensor, "batch 3 height width"], motion_px: Float[Tensor, "batch 2"]
) -> Float[Tensor, "batch 3 height width"]:
    """Smear each image evenly along its own way, which its pixels go half of in either direction; edges repeat."""
    radius = int(0.5 * float(motion_px.abs().max())) + 1
    steps = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    times = (torch.arange(8 * radius) + 0.5) / (8 * radius) - 0.5
    across, down = (
        (1 - (steps[:, None] - motion_px[:, axis, None, None] * times).abs()).clamp_min(0) for axis in (0, 1)
    )  # each moment falls on the pixels beside it in proportion
    return _filtered(images, torch.einsum("byt,bxt->byx", down, across) / len(times))


def _filtered(
    images: Float[Tensor, "batch 3 height width"], kernels: Float[Tensor, "batch rows columns"]
) -> Float[Tensor, "batch 3 height width"]:
    """Each image filtered with its own kernel, of odd size; edges repeat."""
    count, channels, height, width = images.shape
    down, across = kernels.shape[1] // 2, kernels.shape[2] // 2
    stacked = pad(images.reshape(1, count * channels, height, width), (across, across, down, down), "replicate")
    weights = kernels.repeat_interleave(channels, 0)[:, None]
    return conv2d(stacked, weights, groups=count * channels).reshape(images.shape)


def jpeg(image: Float[Tensor, "3 height width"], quality: int) -> Float[Tensor, "3 height width"]:
    """The image after JPEG compression at ``quality``."""
    pixels = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", quality=quality)
    decoded = np.array(Image.open(file))
    return torch.from_numpy(decoded).permute(2, 0, 1).to(image).div(255)
