# SPDX-License-Identifier: Apache-2.0
"""Initialisers give the spread their law states, from the generator alone."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from handcraft.networks import initialise_constant_output, initialise_kaiming, initialise_normal, initialise_xavier
from handcraft.randomness import generator_for


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(32, 64, 3), nn.ConvTranspose2d(64, 32, 4), nn.Linear(128, 256))


def test_normal_has_the_stated_spread() -> None:
    net = network()
    initialise_normal(net, std=0.02, generator=generator_for(0))
    for module in net:
        assert module.weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert module.bias.abs().max() == 0


def test_kaiming_keeps_the_second_moment_through_a_leaky_relu() -> None:
    layer = nn.Linear(512, 512)
    initialise_kaiming(layer, negative_slope=0.2, generator=generator_for(1))
    x = torch.randn(256, 512, generator=generator_for(2))
    assert nn.functional.leaky_relu(layer(x), 0.2).square().mean().item() == pytest.approx(1.0, rel=0.1)


def test_xavier_has_the_stated_spread() -> None:
    layer = nn.Linear(128, 384)
    initialise_xavier(layer, gain=0.5, generator=generator_for(3))
    assert layer.weight.std().item() == pytest.approx(0.5 * (2 / (128 + 384)) ** 0.5, rel=0.03)


@pytest.mark.parametrize("initialise", [partial(initialise_normal, std=0.02), initialise_kaiming, initialise_xavier])
def test_generator_decides_the_weights(initialise: Callable[..., None]) -> None:
    def weights(seed: int, global_seed: int) -> torch.Tensor:
        with torch.random.fork_rng():
            torch.manual_seed(global_seed)
            net = network()
            initialise(net, generator=generator_for(seed))
        return torch.cat([parameter.flatten() for parameter in net.parameters()])

    assert torch.equal(weights(5, 0), weights(5, 1))
    assert not torch.equal(weights(5, 0), weights(6, 0))


def test_constant_output_starts_at_the_prior() -> None:
    layer = nn.Conv2d(4, 1, 1)
    initialise_constant_output(layer, probability=0.1)
    answer = torch.sigmoid(layer(torch.randn(1, 4, 3, 3, generator=generator_for(6))))
    torch.testing.assert_close(answer, torch.full_like(answer, 0.1))
