# SPDX-License-Identifier: Apache-2.0
"""What is behind the hand when no photograph is: one plain colour, or gradients, blotches, stripes and shapes."""

from collections.abc import Sequence
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from handcraft.scene.draws import Stream, uniform_rows

PLAIN_BACKDROP = 0.5

CELLS = (2, 5, 12, 30)
"""Blotches a side, from coarse to fine."""
SHAPES = 5

BACKDROP_UNIFORMS = (14, sum(3 * cells * cells for cells in CELLS), 7 * SHAPES)
"""Numbers of the whole, of its blotches and of its shapes."""


def plain_backdrops(count: int, height_px: int, width_px: int) -> Float[Tensor, "batch 3 height width"]:
    """One even grey, linear light; a view of a single number, which costs nothing."""
    return torch.tensor(PLAIN_BACKDROP).expand(count, 3, height_px, width_px)


def sample_backdrops(
    seed: int, indices: Sequence[int], height_px: int, width_px: int
) -> Float[Tensor, "batch 3 height width"]:
    """Textured backdrops in linear light, one per sample, from near-white walls to busy clutter."""
    rows = uniform_rows(seed, indices, Stream.BACKDROP, sum(BACKDROP_UNIFORMS))
    return textured_backdrops(rows, height_px, width_px)


def textured_backdrops(
    uniform: Float[Tensor, "batch columns"], height_px: int, width_px: int
) -> Float[Tensor, "batch 3 height width"]:
    """The backdrops that rows of uniform numbers stand for."""
    numbers, blotches, shapes = uniform.split(BACKDROP_UNIFORMS, dim=1)
    contrast = 0.7 * numbers[:, 0] ** 3  # walls and tables are common, clutter is less so
    grey = (0.1 + 0.85 * numbers[:, 1:2]).expand(-1, 3)
    base = torch.lerp(grey, numbers[:, 2:5], 0.5 * numbers[:, 5:6].square())
    picture = base[..., None, None].repeat(1, 1, height_px, width_px)
    _add_blotches(picture, blotches, contrast, greyness=numbers[:, 6] ** 0.3)  # rooms are less colourful than noise
    rows, columns = torch.linspace(-1, 1, height_px), torch.linspace(-1, 1, width_px)
    angle = 2 * torch.pi * numbers[:, 7, None, None]
    across = rows[:, None] * angle.cos() + columns * angle.sin()
    striped = numbers[:, 8] < 0.25
    waves = torch.sign(torch.sin(across[striped] * (4 + 30 * numbers[striped, 9, None, None])))
    picture[striped] += (0.3 * contrast[striped, None, None] * waves)[:, None]
    for frame in torch.nonzero(numbers[:, 10] < 0.5)[:, 0].tolist():
        count = int(1 + SHAPES * numbers[frame, 11])
        _lay_shapes(picture[frame], shapes[frame].view(-1, 7)[:count], rows, columns, 0.8 * contrast[frame].sqrt())
    vignette = 1 - 0.3 * numbers[:, 12, None, None] * (rows.square()[:, None] + columns.square())
    slope = 1 + 0.5 * (numbers[:, 13, None, None] - 0.5) * across
    return picture.mul_((vignette * slope)[:, None]).clamp_(0, 1)


def _add_blotches(
    picture: Float[Tensor, "batch 3 height width"], uniform: Float[Tensor, "batch numbers"],
    contrast: Float[Tensor, " batch"], *, greyness: Float[Tensor, " batch"],
) -> None:  # fmt: skip
    height_px, width_px = picture.shape[2:]
    of_scales = uniform.split([3 * cells * cells for cells in CELLS], dim=1)
    for cells, numbers in zip(CELLS, of_scales, strict=True):
        blotches = numbers.reshape(-1, 3, cells, cells) - 0.5
        grey = torch.lerp(blotches, blotches.mean(1, keepdim=True).expand_as(blotches), greyness[:, None, None, None])
        grey = grey * (contrast * (2.0 / cells) ** 0.5)[:, None, None, None]
        wide = grey @ _enlargement(cells, width_px).T
        heightening = _enlargement(cells, height_px).expand(3 * len(picture), -1, -1)
        picture.view(-1, height_px, width_px).baddbmm_(heightening, wide.flatten(0, 1))


def _lay_shapes(
    picture: Float[Tensor, "3 height width"], shapes: Float[Tensor, "count 7"], rows: Float[Tensor, " height"],
    columns: Float[Tensor, " width"], opacity: Float[Tensor, ""],
) -> None:  # fmt: skip
    """Rectangles of one colour each: centre, half sizes (both in half pictures) and colour."""
    for centre_y, centre_x, size_y, size_x, *colour in shapes:
        inside_y = torch.nonzero((rows - 2 * centre_y + 1).abs() < size_y)[:, 0]
        inside_x = torch.nonzero((columns - 2 * centre_x + 1).abs() < size_x)[:, 0]
        if len(inside_y) and len(inside_x):
            window = picture[:, inside_y[0] : inside_y[-1] + 1, inside_x[0] : inside_x[-1] + 1]
            window.lerp_(torch.stack(colour)[:, None, None].expand_as(window), float(opacity))


@cache
def _enlargement(cells: int, size_px: int) -> Float[Tensor, "size cells"]:
    """Bicubic enlargement of a row of cells, as a matrix."""
    return interpolate(torch.eye(cells)[None, None], size=(size_px, cells), mode="bicubic", align_corners=False)[0, 0]
