# SPDX-License-Identifier: Apache-2.0
"""Lights: far lamps in the camera's frame over an even glow, or a room all round as spherical harmonics."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

LAMPS = 3
ENVIRONMENT_UNIFORMS = 22
WINDOWS = 3
"""Bright places of a sampled environment."""


@dataclass(frozen=True)
class LightConfig:
    """What light photographic scenes have; taking one away changes nothing else."""

    environment: bool = True
    """Every other frame is lit by an environment and one lamp; without, all are by lamps and a glow."""
    shadows: bool = True
    """The first lamp casts them."""
    occlusion: bool = True
    """Glow and environment hardly reach where fingers lie side by side."""


@dataclass(frozen=True)
class Lights:
    """Linear-light colours; directions are unit vectors from the hand towards the lamp, in the camera's frame."""

    directions: Float[Tensor, "batch lamps 3"]
    colours: Float[Tensor, "batch lamps 3"]
    sky: Float[Tensor, "batch 3"]
    """Glow from above (camera -y)."""
    ground: Float[Tensor, "batch 3"]
    environment: Float[Tensor, "batch 9 3"]
    """Radiance as coefficients of :func:`harmonics`; zero where there is none."""
    shadow: Float[Tensor, " batch"]
    """How much of the first lamp's light what stands before it takes: 0 none, 1 all."""
    softness_m: Float[Tensor, " batch"]
    """Reach of the shadows' soft edges to either side."""
    occlusion: Float[Tensor, " batch"]
    """How much of glow and environment near surfaces take: 0 none, 1 all."""


def lamps_and_glow(
    directions: Float[Tensor, "batch lamps 3"],
    colours: Float[Tensor, "batch lamps 3"],
    sky: Float[Tensor, "batch 3"],
    ground: Float[Tensor, "batch 3"],
) -> Lights:
    """Lights without environment, shadows and occlusion."""
    none = torch.zeros(len(sky))
    return Lights(directions, colours, sky, ground, torch.zeros(len(sky), 9, 3), none, none, none)


def plain_lights(uniform: Float[Tensor, "batch 2"]) -> Lights:
    """One white lamp near the camera, a little different each time, over an even grey glow."""
    count = len(uniform)
    offset = (uniform - 0.5) * 0.8
    direction = torch.cat([offset, torch.full((count, 1), -1.0)], dim=1)
    direction = torch.nn.functional.normalize(direction, dim=1)
    glow = torch.full((count, 3), 0.3)
    return lamps_and_glow(direction[:, None], torch.full((count, 1, 3), 0.75), glow, glow)


def sample_lights(uniform: Float[Tensor, "batch 21"], around: Float[Tensor, "batch 22"], config: LightConfig) -> Lights:
    """Lamps and glow from ``uniform``; environment, shadow and occlusion from ``around``."""
    lights, none = _sample_lamps(uniform), torch.zeros(len(uniform))
    if config.environment:
        inside = around[:, 0] < 0.5
        kept = torch.where(inside[:, None], torch.tensor([0.8, 0.0, 0.0]), 1.0)[..., None]
        lights = replace(
            lights,
            colours=lights.colours * kept,
            sky=torch.where(inside[:, None], 0.0, lights.sky),
            ground=torch.where(inside[:, None], 0.0, lights.ground),
            environment=torch.where(inside[:, None, None], sample_environment(around[:, 4:]), 0.0),
        )
    return replace(
        lights,
        shadow=0.7 + 0.3 * around[:, 1] if config.shadows else none,
        softness_m=0.0005 + 0.006 * around[:, 2].square(),
        occlusion=0.6 + 0.4 * around[:, 3] if config.occlusion else none,
    )


def _sample_lamps(uniform: Float[Tensor, "batch 21"]) -> Lights:
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
    return lamps_and_glow(directions, strength[..., None] * tint, sky, ground)


def sample_environment(uniform: Float[Tensor, "batch 18"]) -> Float[Tensor, "batch 9 3"]:
    """A dim room with some windows or lamps, anywhere round the hand, as radiance coefficients."""
    count = len(uniform)
    room, windows = uniform[:, :3], uniform[:, 3:].reshape(count, WINDOWS, 5)
    height, azimuth = 2 * windows[..., 0] - 1, 2 * torch.pi * windows[..., 1]
    radius = (1 - height * height).clamp_min(0).sqrt()
    directions = torch.stack([radius * azimuth.cos(), -height, radius * azimuth.sin()], dim=-1)
    warmth = torch.tensor([1.0, 0.1, -1.0])
    light = (0.1 + 0.7 * windows[..., 2].square())[..., None] * (1 + 0.6 * (windows[..., 3:4] - 0.5) * warmth)
    # A window is no point: the wider, the less of its light is in the higher orders.
    order = torch.tensor([0, 1, 1, 1, 2, 2, 2, 2, 2])
    width = torch.exp(-0.5 * (0.3 + 0.6 * windows[..., 4:5]).square() * (order * (order + 1)))
    coefficients = torch.pi * torch.einsum("bwk,bwc->bkc", harmonics(directions) * width, light)
    even = (0.1 + 0.35 * room[:, :1]) * (1 + 0.3 * (room[:, 1:2] - 0.5) * warmth)
    coefficients[:, 0] += even * (4 * torch.pi) ** 0.5
    coefficients[:, 1] -= 1.6 * room[:, 2:3] * even  # brighter above, where y is negative
    return coefficients


def harmonics(directions: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 9"]:
    """The real spherical harmonics of orders 0 to 2 at unit vectors, as in Ramamoorthi and Hanrahan (2001), eq. 3."""
    x, y, z = directions.unbind(-1)
    return torch.stack(
        [
            torch.full_like(x, 0.282095),
            0.488603 * y, 0.488603 * z, 0.488603 * x,
            1.092548 * x * y, 1.092548 * y * z, 0.315392 * (3 * z * z - 1), 1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        dim=-1,
    )  # fmt: skip


def irradiance(
    environment: Float[Tensor, "batch 9 3"], normals: Float[Tensor, "batch points 3"]
) -> Float[Tensor, "batch points 3"]:
    """Irradiance over pi, which is what a white matte surface sends back: the cosine's convolution.

    E(n) = sum over l, m of A_l L_lm Y_lm(n) with A = pi, 2 pi / 3, pi / 4 (Ramamoorthi and Hanrahan 2001, An Efficient
    Representation for Irradiance Environment Maps, eqs. 7 to 9); light below zero, an artefact of cutting the series
    off, is none.
    """
    cosine = torch.tensor([1.0, *3 * [2 / 3], *5 * [1 / 4]])
    return ((harmonics(normals) * cosine) @ environment).clamp_min(0)
