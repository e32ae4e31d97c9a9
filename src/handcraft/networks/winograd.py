# SPDX-License-Identifier: Apache-2.0
"""A 3x3 convolution with reflected borders by Winograd's minimal filtering: two to four times fewer multiplications.

For CPUs, whose libraries convolve directly when they train. Images are cut into overlapping tiles, tiles and weights go
into a domain where convolution is a product per position, and all that is left are matrix products (Lavin, Gray 2016,
"Fast Algorithms for Convolutional Neural Networks", section 4). The gradients take the same way back, so a whole
training step gains. Tiles of 4x4 answers cost the fewest products and are exact to 2e-6 in float32; in bfloat16 their
matrices would cost three digits, and tiles of 2x2 lose no more than twice what rounding to bfloat16 loses anyway.
"""

from typing import Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Tile = Literal[2, 4]
"""Height and width of a tile's answer; its input is two larger."""

Images = Float[Tensor, "batch channels height width"]

_Matrices = dict[int, list[list[int | float]]]

_INPUT: _Matrices = {
    2: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    4: [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
}
_WEIGHT: _Matrices = {
    2: [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
    4: [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
}
_OUTPUT: _Matrices = {
    2: [[1, 1, 1, 0], [0, 1, -1, -1]],
    4: [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
}


def _both_axes(matrix: list[list[int | float]]) -> Tensor:
    """The matrix of the transform along rows and columns of a flattened tile."""
    one_axis = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(one_axis, one_axis).float()


_TRANSFORMS = {tile: tuple(_both_axes(matrices[tile]) for matrices in (_INPUT, _WEIGHT, _OUTPUT)) for tile in (2, 4)}


def winograd_convolution(
    images: Images,
    weight: Float[Tensor, "out_channels channels 3 3"],
    bias: Float[Tensor, " out_channels"],
    *,
    tile: Tile,
    dtype: torch.dtype,
) -> Float[Tensor, "batch out_channels height width"]:
    """What ``conv2d`` answers for images padded by one reflected pixel, up to rounding; twice differentiable.

    Args:
        images: on the CPU; height and width are multiples of ``tile``.
        weight: 3x3 filters.
        bias: added to every pixel.
        tile: 4 for float32, 2 for bfloat16.
        dtype: of the products and of the answer.
    """
    return _Winograd.apply(images, weight, bias, tile, dtype)  # type: ignore[no-untyped-call]


class _Winograd(torch.autograd.Function):
    """Inside, images lie as (batch, height, width, channels): whatever is copied is copied in runs of channels."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch's context of a function)
        images: Tensor,
        weight: Tensor,
        bias: Tensor,
        tile: Tile,
        dtype: torch.dtype,
    ) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            of_input, of_weight, of_output = _transforms(tile, dtype)
            tiles = of_input @ _tiles(images.to(dtype), tile)
            tiles = tiles.view(len(of_input), -1, images.shape[1])
            filters = (_TRANSFORMS[tile][1] @ weight.float().reshape(-1, 9).t()).to(dtype)
            filters = filters.view(len(of_weight), *weight.shape[:2])
            answers = of_output @ torch.bmm(tiles, filters.transpose(1, 2)).view(len(of_input), -1)
            ctx.save_for_backward(images, weight, bias, tiles, filters)
            ctx.tile, ctx.dtype = tile, dtype
            return _images_from_tiles(answers, images.shape, tile).add_(bias.to(dtype)).permute(0, 3, 1, 2).contiguous()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        images, weight, bias, tiles, filters = ctx.saved_tensors
        if torch.is_grad_enabled():  # a gradient of this gradient is wanted: the direct way has one
            return (*_direct_gradients(images, weight, bias, gradient, ctx.needs_input_grad), None, None)
        with torch.autocast("cpu", enabled=False):
            of_input, _, of_output = _transforms(ctx.tile, ctx.dtype)
            of_images = gradient.permute(0, 2, 3, 1).to(ctx.dtype).contiguous()
            answers = of_output.t() @ _tiles_from_images(of_images, ctx.tile)
            answers = answers.view(len(of_input), -1, len(weight))
            to_images = to_weight = to_bias = None
            if ctx.needs_input_grad[0]:
                to_tiles = of_input.t() @ torch.bmm(answers, filters).view(len(of_input), -1)
                to_images = _added_tiles(to_tiles, images.shape, ctx.tile).to(images.dtype)
            if ctx.needs_input_grad[1]:
                to_filters = torch.bmm(answers.transpose(1, 2), tiles).view(len(of_input), -1).float()
                to_weight = (_TRANSFORMS[ctx.tile][1].t() @ to_filters).t().reshape(weight.shape).to(weight.dtype)
            if ctx.needs_input_grad[2]:
                to_bias = of_images.sum((0, 1, 2), dtype=torch.float32).to(bias.dtype)
            return to_images, to_weight, to_bias, None, None


def _transforms(tile: Tile, dtype: torch.dtype) -> tuple[Tensor, ...]:
    return tuple(matrix.to(dtype) for matrix in _TRANSFORMS[tile])


def _direct_gradients(
    images: Tensor, weight: Tensor, bias: Tensor, gradient: Tensor, wanted: tuple[bool, ...]
) -> list[Tensor | None]:
    with torch.autocast("cpu", enabled=False):
        padded = F.pad(images.to(gradient.dtype), (1, 1, 1, 1), mode="reflect")
        answer = F.conv2d(padded, weight.to(gradient.dtype), bias.to(gradient.dtype))
        inputs = [each for each, is_wanted in zip((images, weight, bias), wanted, strict=False) if is_wanted]
        found = iter(torch.autograd.grad(answer, inputs, gradient, create_graph=True))
    return [next(found) if is_wanted else None for is_wanted in wanted[:3]]


def _tiles(images: Tensor, tile: Tile) -> Tensor:
    """Overlapping tiles of the padded images: one row per place in a tile, one column per tile and channel."""
    batch, channels, height, width = images.shape
    padded = F.pad(images.contiguous(memory_format=torch.channels_last), (1, 1, 1, 1), mode="reflect")
    padded = padded.permute(0, 2, 3, 1).contiguous()
    over_batch, over_rows, over_columns, over_channels = padded.stride()
    side = tile + 2
    cut = padded.as_strided(
        (side, side, batch, height // tile, width // tile, channels),
        (over_rows, over_columns, over_batch, tile * over_rows, tile * over_columns, over_channels),
    )
    return cut.reshape(side * side, -1)


def _added_tiles(tiles: Tensor, shape: torch.Size, tile: Tile) -> Tensor:
    """The adjoint of ``_tiles``: what overlaps is added up, what lies beyond the border goes where it came from."""
    batch, channels, height, width = shape
    rows, columns, side = height // tile, width // tile, tile + 2
    parts = tiles.view(side, side, batch, rows, columns, channels).permute(2, 3, 0, 4, 1, 5)
    whole = parts.new_zeros(batch, rows + 1, tile, columns + 1, tile, channels)
    whole[:, :rows, :, :columns] = parts[:, :, :tile, :, :tile]
    whole[:, 1:, :2, :columns] += parts[:, :, tile:, :, :tile]
    whole[:, :rows, :, 1:, :2] += parts[:, :, :tile, :, tile:]
    whole[:, 1:, :2, 1:, :2] += parts[:, :, tile:, :, tile:]
    padded = whole.view(batch, height + tile, width + tile, channels)[:, : height + 2, : width + 2]
    for axis in (1, 2):
        last = padded.shape[axis] - 1
        padded.select(axis, 2).add_(padded.select(axis, 0))
        padded.select(axis, last - 2).add_(padded.select(axis, last))
    return padded[:, 1:-1, 1:-1].permute(0, 3, 1, 2).contiguous()


def _images_from_tiles(answers: Tensor, shape: torch.Size, tile: Tile) -> Tensor:
    """Tiles of answers, one row per place in a tile, side by side as (batch, height, width, channels)."""
    batch, _, height, width = shape
    parts = answers.view(tile, tile, batch, height // tile, width // tile, -1)
    return parts.permute(2, 3, 0, 4, 1, 5).reshape(batch, height, width, -1)


def _tiles_from_images(images: Tensor, tile: Tile) -> Tensor:
    """The inverse of ``_images_from_tiles``."""
    batch, height, width, channels = images.shape
    parts = images.view(batch, height // tile, tile, width // tile, tile, channels)
    return parts.permute(2, 4, 0, 1, 3, 5).reshape(tile * tile, -1)
