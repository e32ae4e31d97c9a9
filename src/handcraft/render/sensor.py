# SPDX-License-Identifier: Apache-2.0
"""What a camera does to light: lens blur, exposure, white balance, noise, the transfer curve and compression."""

import io
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, pad

from handcraft.scene.skin import srgb_from_linear

SENSOR_UNIFORMS = 7


@dataclass(frozen=True)
class Sensor:
    """One camera setting per frame."""

    blur_px: Float[Tensor, " batch"]
    """Standard deviation of the lens blur."""
    exposure: Float[Tensor, " batch"]
    """Mean light of the exposed picture that the camera's meter aims at."""
    white_balance: Float[Tensor, "batch 3"]
    read_noise: Float[Tensor, " batch"]
    """Standard deviation of the noise in the dark, linear light."""
    shot_noise: Float[Tensor, " batch"]
    """Standard deviation of the noise at full light; grows with the root of the light."""
    jpeg_quality: Float[Tensor, " batch"]
    """0 to 100."""


def sample_sensor(uniform: Float[Tensor, "batch 7"]) -> Sensor:
    """Settings from a good camera in daylight to a webcam in the evening."""
    balance = 1 + 0.24 * (uniform[:, 2:3] - 0.5) * torch.tensor([1.0, 0.0, -1.0])
    balance = balance * (1 + 0.1 * (uniform[:, 3:4] - 0.5) * torch.tensor([-0.5, 1.0, -0.5]))
    return Sensor(
        blur_px=0.25 + 0.9 * uniform[:, 0].square(),
        exposure=0.18 + 0.3 * uniform[:, 1],
        white_balance=balance,
        read_noise=0.002 + 0.012 * uniform[:, 4].square(),
        shot_noise=0.005 + 0.03 * uniform[:, 5].square(),
        jpeg_quality=45 + 50 * uniform[:, 6],
    )


def photograph(
    linear: Float[Tensor, "batch 3 height width"], sensor: Sensor, noise: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 3 height width"]:
    """The sRGB picture (0 to 1) a camera takes of light; ``noise`` is standard normal, from the sample's generator."""
    light = gaussian_blur(linear, sensor.blur_px)
    light = light * (metered_gain(light, sensor.exposure)[:, None] * sensor.white_balance)[:, :, None, None]
    spread = (sensor.read_noise.square()[:, None, None, None]
              + sensor.shot_noise.square()[:, None, None, None] * light.clamp(0, 1)).sqrt()  # fmt: skip
    encoded = srgb_from_linear((light + spread * noise).clamp(0, 1))
    return torch.stack([jpeg(image, int(quality)) for image, quality in zip(encoded, sensor.jpeg_quality, strict=True)])


def metered_gain(
    light: Float[Tensor, "batch 3 height width"], exposure: Float[Tensor, " batch"]
) -> Float[Tensor, " batch"]:
    """The gain that brings the mean light to ``exposure`` without burning out more than a few pixels."""
    brightness = light.mean(1).flatten(1)
    bright = brightness.quantile(0.97, dim=1).clamp_min(1e-4)
    return torch.minimum(exposure / brightness.mean(1).clamp_min(1e-4), 1.05 / bright)


def gaussian_blur(
    images: Float[Tensor, "batch 3 height width"], sigma_px: Float[Tensor, " batch"]
) -> Float[Tensor, "batch 3 height width"]:
    """Blur each image with its own standard deviation; edges repeat."""
    count, channels, height, width = images.shape
    radius = max(1, int(3 * float(sigma_px.max()) + 0.5))
    steps = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    kernel = torch.exp(-0.5 * (steps / sigma_px[:, None].clamp_min(1e-3)).square())
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    stacked = images.reshape(1, count * channels, height, width)
    across = conv2d(pad(stacked, (radius, radius, 0, 0), "replicate"), kernel[:, None, None], groups=count * channels)
    down = conv2d(pad(across, (0, 0, radius, radius), "replicate"), kernel[:, None, :, None], groups=count * channels)
    return down.reshape(images.shape)


def jpeg(image: Float[Tensor, "3 height width"], quality: int) -> Float[Tensor, "3 height width"]:
    """The image after JPEG compression at ``quality``."""
    pixels = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", quality=quality)
    decoded = np.array(Image.open(file))
    return torch.from_numpy(decoded).permute(2, 0, 1).to(image).div(255)
