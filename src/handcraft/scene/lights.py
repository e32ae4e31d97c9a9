# SPDX-License-Identifier: Apache-2.0
"""Lights: far lamps in the camera's frame, and an even glow from above and below."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

LAMPS = 3


@dataclass(frozen=True)
class Lights:
    """Linear-light colours; directions are unit vectors from the hand towards the lamp, in the camera's frame."""

    directions: Float[Tensor, "batch lamps 3"]
    colours: Float[Tensor, "batch lamps 3"]
    sky: Float[Tensor, "batch 3"]
    """Glow from above (camera -y)."""
    ground: Float[Tensor, "batch 3"]


def plain_lights(uniform: Float[Tensor, "batch 2"]) -> Lights:
    """One white lamp near the camera, a little different each time, over an even grey glow."""
    count = len(uniform)
    offset = (uniform - 0.5) * 0.8
    direction = torch.cat([offset, torch.full((count, 1), -1.0)], dim=1)
    direction = torch.nn.functional.normalize(direction, dim=1)
    glow = torch.full((count, 3), 0.3)
    return Lights(direction[:, None], torch.full((count, 1, 3), 0.75), glow, glow)


def sample_lights(uniform: Float[Tensor, "batch 21"]) -> Lights:
    """Two or three lamps of different colours on the camera's side of the hand, and a tinted glow."""
    count = len(uniform)
    place = uniform[:, :6].reshape(count, LAMPS, 2)
    azimuth, height = 2 * torch.pi * place[..., 0], 0.1 + 0.9 * place[..., 1]
    radius = (1 - height * height).clamp_min(0).sqrt()
    directions = torch.stack([radius * azimuth.cos(), radius * azimuth.sin(), -height], dim=-1)
    strength = torch.tensor([1.0, 0.45, 0.3]) * (0.3 + uniform[:, 6:9])
    tint = 1 + 0.5 * (uniform[:, 9:12, None] - 0.5) * torch.tensor([1.0, 0.1, -1.0])
    tint = tint * (1 + 0.1 * (uniform[:, 12:15, None] - 0.5) * torch.tensor([-0.5, 1.0, -0.5]))
    glow = 0.15 + 0.45 * uniform[:, 15:16]
    sky = glow * (1 + 0.3 * (uniform[:, 16:17] - 0.5) * torch.tensor([1.0, 0.0, -1.0]))
    ground = glow * (0.4 + 0.6 * uniform[:, 17:18]) * (0.8 + 0.4 * uniform[:, 18:21])
    return Lights(directions, strength[..., None] * tint, sky, ground)
