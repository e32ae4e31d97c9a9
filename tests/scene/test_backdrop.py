# SPDX-License-Identifier: Apache-2.0
"""Laws of backdrops."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from handcraft.scene.backdrop import (
    BACKDROP_UNIFORMS,
    CELLS,
    PLAIN_BACKDROP,
    plain_backdrops,
    sample_backdrops,
    textured_backdrops,
)


def test_plain_backdrops_are_one_grey() -> None:
    assert torch.equal(plain_backdrops(2, 3, 5), torch.full((2, 3, 3, 5), PLAIN_BACKDROP))


def test_each_backdrop_depends_on_its_seed_and_index_only() -> None:
    together = sample_backdrops(0, [3, 1, 8], 24, 40)
    assert torch.equal(sample_backdrops(0, [1], 24, 40)[0], together[1])
    assert not torch.equal(sample_backdrops(1, [1], 24, 40)[0], together[1])
    assert not torch.equal(together[0], together[1])


def test_backdrops_go_from_dark_to_light_and_from_walls_to_clutter_and_stay_in_range() -> None:
    backdrops = sample_backdrops(0, range(64), 24, 40)
    assert backdrops.shape == (64, 3, 24, 40)
    assert backdrops.min() >= 0
    assert backdrops.max() <= 1
    assert backdrops.mean((1, 2, 3)).std() > 0.1
    roughness = (backdrops[..., 1:] - backdrops[..., :-1]).abs().mean((1, 2, 3))
    assert roughness.min() < 0.005
    assert roughness.max() > 0.02


def painted_slowly(row: Tensor, height_px: int, width_px: int) -> Tensor:
    """One backdrop, layer by layer over the whole picture."""
    numbers, blotches, shapes = row.split(BACKDROP_UNIFORMS)
    contrast = 0.7 * numbers[0] ** 3
    base = torch.lerp(torch.full((3,), 0.1 + 0.85 * float(numbers[1])), numbers[2:5], 0.5 * float(numbers[5]) ** 2)
    picture = base[:, None, None].expand(3, height_px, width_px).clone()
    for cells, values in zip(CELLS, blotches.split([3 * cells**2 for cells in CELLS]), strict=True):
        layer = values.view(1, 3, cells, cells) - 0.5
        grey = torch.lerp(layer, layer.mean(1, keepdim=True).expand_as(layer), float(numbers[6]) ** 0.3)
        enlarged = interpolate(grey, size=(height_px, width_px), mode="bicubic", align_corners=False)[0]
        picture += contrast * (2.0 / cells) ** 0.5 * enlarged
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, height_px), torch.linspace(-1, 1, width_px), indexing="ij")
    angle = 2 * torch.pi * numbers[7]
    across = rows * angle.cos() + columns * angle.sin()
    if numbers[8] < 0.25:
        picture += contrast * 0.3 * torch.sign(torch.sin(across * (4 + 30 * numbers[9])))
    if numbers[10] < 0.5:
        for centre_y, centre_x, size_y, size_x, *colour in shapes.view(-1, 7)[: int(1 + 5 * numbers[11])]:
            inside = ((rows - 2 * centre_y + 1).abs() < size_y) & ((columns - 2 * centre_x + 1).abs() < size_x)
            laid = torch.stack(colour)[:, None, None].expand_as(picture)
            picture = torch.lerp(picture, laid, 0.8 * contrast.sqrt() * inside)
    vignette = 1 - 0.6 * numbers[12] * (rows.square() + columns.square()) / 2
    return (picture * vignette * (1 + 0.5 * (numbers[13] - 0.5) * across)).clamp(0, 1)


def test_backdrops_painted_together_are_those_painted_one_by_one() -> None:
    uniform = torch.rand(24, sum(BACKDROP_UNIFORMS), generator=torch.Generator().manual_seed(0))
    uniform[:, 0] = 0.5 + 0.5 * uniform[:, 0]  # of high contrast, so that every layer shows
    expected = torch.stack([painted_slowly(row, 24, 40) for row in uniform])
    torch.testing.assert_close(textured_backdrops(uniform, 24, 40), expected, atol=1e-5, rtol=0)
