# SPDX-License-Identifier: Apache-2.0
"""What is behind the hand: one plain colour, or textures made of gradients, blotches, stripes and shapes."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from handcraft.randomness import generator_for
from handcraft.scene.draws import Stream

PLAIN_BACKDROP = 0.5


def plain_backdrops(count: int, height_px: int, width_px: int) -> Float[Tensor, "batch 3 height width"]:
    """One even grey, linear light."""
    return torch.full((count, 3, height_px, width_px), PLAIN_BACKDROP)


def sample_backdrops(
    seed: int, indices: Sequence[int], height_px: int, width_px: int
) -> Float[Tensor, "batch 3 height width"]:
    """Textured backdrops in linear light, one per sample, from near-white walls to busy clutter."""
    return torch.stack(
        [_backdrop(generator_for(seed, Stream.BACKDROP, index), height_px, width_px) for index in indices]
    )


def _backdrop(generator: torch.Generator, height_px: int, width_px: int) -> Float[Tensor, "3 height width"]:
    numbers = torch.rand(14, generator=generator)
    contrast = 0.7 * numbers[0] ** 3  # walls and tables are common, clutter is less so
    base = torch.lerp(torch.full((3,), 0.1 + 0.85 * float(numbers[1])), numbers[2:5], 0.5 * float(numbers[5]) ** 2)
    picture = base[:, None, None].expand(3, height_px, width_px).clone()
    for cells in (2, 5, 12, 30):
        blotches = torch.rand(1, 3, cells, cells, generator=generator) - 0.5
        greyness = float(numbers[6]) ** 0.3  # rooms are less colourful than noise
        grey = torch.lerp(blotches, blotches.mean(1, keepdim=True).expand(-1, 3, -1, -1), greyness)
        picture += contrast * (2.0 / cells) ** 0.5 * _enlarged(grey, height_px, width_px)
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, height_px), torch.linspace(-1, 1, width_px), indexing="ij")
    angle = 2 * torch.pi * numbers[7]
    across = rows * angle.cos() + columns * angle.sin()
    if numbers[8] < 0.25:
        picture += contrast * 0.3 * torch.sign(torch.sin(across * (4 + 30 * numbers[9])))
    if numbers[10] < 0.5:
        shapes = torch.rand(int(1 + 5 * numbers[11]), 7, generator=generator)
        for centre_y, centre_x, size_y, size_x, *colour in shapes:
            inside = (
                ((rows - 2 * centre_y + 1).abs() < size_y) & ((columns - 2 * centre_x + 1).abs() < size_x)
            ).float()
            colour_image = torch.stack(colour)[:, None, None]
            picture = torch.lerp(picture, colour_image.expand_as(picture), 0.8 * contrast.sqrt() * inside)
    vignette = 1 - 0.6 * numbers[12] * (rows.square() + columns.square()) / 2
    slope = 1 + 0.5 * (numbers[13] - 0.5) * across
    return (picture * vignette * slope).clamp(0, 1)


def _enlarged(cells: Tensor, height_px: int, width_px: int) -> Float[Tensor, "3 height width"]:
    return interpolate(cells, size=(height_px, width_px), mode="bicubic", align_corners=False)[0]
