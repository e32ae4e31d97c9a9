# SPDX-License-Identifier: Apache-2.0
"""A code sets every channel's mean and spread, image by image, and nothing else."""

import pytest
import torch
from torch import nn

from handcraft.networks.modulation import ModulatedBlock, ModulatedConvolution, ModulatedUpsampling, Modulation
from handcraft.randomness import generator_for


def features(*shape):
    return torch.rand(*shape, generator=generator_for(0))


def test_code_is_mean_and_spread():
    modulation = Modulation(2, code_size=1)
    with torch.no_grad():
        modulation.scale_and_offset.weight.copy_(torch.tensor([[1.0], [0.0], [0.0], [3.0]]))
        modulation.scale_and_offset.bias.zero_()
    answer = modulation(features(2, 2, 8, 8), torch.tensor([[0.0], [2.0]]))
    means, spreads = answer.mean(dim=(2, 3)), answer.std(dim=(2, 3), correction=0)
    torch.testing.assert_close(means, torch.tensor([[0.0, 0.0], [0.0, 6.0]]), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(spreads, torch.tensor([[1.0, 1.0], [3.0, 1.0]]), atol=1e-3, rtol=1e-3)


def test_mean_and_spread_of_the_input_are_forgotten():
    modulation, x, code = Modulation(3, code_size=4), features(2, 3, 6, 6), features(2, 4)
    torch.testing.assert_close(modulation(5 * x - 2, code), modulation(x, code), atol=1e-3, rtol=1e-3)


def test_block_without_weights_is_the_identity():
    block, x = ModulatedBlock(3, code_size=2), features(1, 3, 5, 5)
    nn.init.zeros_(block.second.modulation.scale_and_offset.weight)
    nn.init.zeros_(block.second.modulation.scale_and_offset.bias)
    nn.init.zeros_(block.second.convolution.weight)
    torch.testing.assert_close(block(x, features(1, 2)), x)


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_upsampling_doubles(upsampling):
    layer = ModulatedUpsampling(6, 4, 3, upsampling=upsampling)
    assert layer(features(2, 6, 5, 7), features(2, 3)).shape == (2, 4, 10, 14)


def test_images_and_codes_do_not_see_each_other():
    layer, x, code = ModulatedConvolution(3, 4, 2), features(3, 3, 6, 6), features(3, 2)
    torch.testing.assert_close(layer(x, code)[1:2], layer(x[1:2], code[1:2]), rtol=1e-4, atol=1e-5)
