# SPDX-License-Identifier: Apache-2.0
"""Blocks keep or change sizes as they say, and know only the image they are given."""

import pytest
import torch

from handcraft.networks import (
    ResidualBlock,
    Upsampling,
    convolution_block,
    double_convolution,
    reflect_convolution,
    upsampling_block,
)
from handcraft.randomness import generator_for


@pytest.mark.parametrize(("kernel", "stride", "size"), [(3, 1, 16), (7, 1, 16), (3, 2, 8), (4, 2, 8), (4, 1, 15)])
def test_reflected_convolution_size(kernel: int, stride: int, size: int) -> None:
    images = torch.rand(1, 3, 16, 16, generator=generator_for(0))
    assert reflect_convolution(3, 5, kernel=kernel, stride=stride)(images).shape == (1, 5, size, size)


def test_reflected_borders_show_no_edge() -> None:
    """On a constant image a reflected convolution is constant; zero padding would darken the border."""
    answer = reflect_convolution(2, 3, kernel=3)(torch.ones(1, 2, 8, 8))
    torch.testing.assert_close(answer, answer[..., :1, :1].expand_as(answer))


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_upsampling_doubles(upsampling: Upsampling) -> None:
    features = torch.rand(2, 6, 5, 7, generator=generator_for(1))
    assert upsampling_block(6, 4, upsampling=upsampling)(features).shape == (2, 4, 10, 14)


def test_residual_block_with_constant_residual_is_the_identity() -> None:
    """The residual of a constant is constant, and instance normalisation takes every constant to zero."""
    block = ResidualBlock(4)
    constant = torch.full((1, 4, 6, 6), 0.7)
    torch.testing.assert_close(block(constant), constant, rtol=0, atol=1e-3)


@pytest.mark.parametrize("block", [convolution_block(3, 8, kernel=3), double_convolution(3, 12)])
def test_images_do_not_see_each_other(block: torch.nn.Module) -> None:
    images = torch.rand(3, 3, 9, 9, generator=generator_for(2))
    torch.testing.assert_close(block(images)[1:2], block(images[1:2]), rtol=1e-4, atol=1e-5)
