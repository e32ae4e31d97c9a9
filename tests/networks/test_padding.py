# SPDX-License-Identifier: Apache-2.0
"""Padding reaches the wanted size, keeps the image in the middle, and is undone exactly."""

import pytest
import torch

from handcraft.networks import Padding
from handcraft.randomness import generator_for


@pytest.mark.parametrize("multiple", [1, 2, 4, 8])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (8, 16), (31, 33)])
def test_remove_undoes_add(height: int, width: int, multiple: int) -> None:
    images = torch.rand(1, 3, height, width, generator=generator_for(height, width))
    padding = Padding.to_multiple(images, multiple, minimum=8)
    padded = padding.add(images)
    assert padded.shape[-2] % multiple == 0
    assert padded.shape[-1] % multiple == 0
    assert min(padded.shape[-2:]) >= 8
    assert padded.shape[-2] < max(height, 8) + multiple
    assert abs(padding.left - padding.right) <= 1
    assert abs(padding.top - padding.bottom) <= 1
    assert torch.equal(padding.remove(padded), images)


def test_border_pixels_are_repeated() -> None:
    images = torch.arange(6.0).reshape(1, 1, 2, 3)
    padded = Padding(left=1, right=0, top=0, bottom=2).add(images)
    assert torch.equal(padded[0, 0, :, 0], torch.tensor([0.0, 3.0, 3.0, 3.0]))
