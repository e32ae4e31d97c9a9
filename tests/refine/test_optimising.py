# SPDX-License-Identifier: Apache-2.0
"""Rates follow from the step, optimisers move their own weights only, averages lag, frozen networks pass graphs on."""

import pytest
import torch
from torch import nn

from handcraft.refine.optimising import Descent, OptimiserConfig, frozen
from handcraft.training import make_accelerator
from handcraft.training.moving_average import MovingAverage


@pytest.mark.parametrize(("step", "share"), [(0, 1.0), (9, 1.0), (10, 0.8), (12, 0.4), (13, 0.2), (14, 0.0), (99, 0.0)])
def test_the_rate_stays_then_falls_linearly_to_nothing(step, share):
    config = OptimiserConfig(learning_rate=0.1, constant_steps=10, decay_steps=4)
    assert config.rate_at(step) == pytest.approx(0.1 * share)


def test_without_decay_the_rate_stays_for_ever():
    assert OptimiserConfig(learning_rate=0.1, constant_steps=10).rate_at(10**6) == 0.1


def descent_on(network, **values):
    return Descent(list(network.parameters()), OptimiserConfig(**values), make_accelerator("cpu"))


def test_the_schedule_decides_how_far_a_step_goes():
    moved = []
    for step in (0, 3):
        layer = nn.Linear(1, 1, bias=False)
        with torch.no_grad():
            layer.weight.fill_(1.0)
        config = {"learning_rate": 0.1, "constant_steps": 2, "decay_steps": 3}
        descent_on(layer, **config).descend(layer(torch.ones(1, 1)).sum(), step)
        moved.append(1 - layer.weight.item())
    assert moved == pytest.approx([0.1, 0.05], abs=1e-6)  # Adam's first step is as long as its rate


def test_only_its_own_weights_get_gradients():
    mine, other = nn.Linear(2, 2), nn.Linear(2, 2)
    descent_on(mine).descend(other(mine(torch.ones(1, 2))).sum(), 0)
    assert mine.weight.grad is not None
    assert other.weight.grad is None


def test_weights_that_a_loss_does_not_reach_stay():
    used, unused = nn.Linear(1, 1), nn.Linear(1, 1)
    before = unused.weight.clone()
    descent_on(nn.ModuleList([used, unused])).descend(used(torch.ones(1, 1)).sum(), 0)
    assert torch.equal(unused.weight, before)


def test_an_average_lags_ever_more_and_without_decay_not_at_all():
    network = nn.BatchNorm1d(1)
    plain, lagging = MovingAverage(network, 0.0), MovingAverage(network, 0.9)
    with torch.no_grad():
        network.weight.fill_(2.0)
        network.running_mean.fill_(3.0)
    for average in (plain, lagging):
        average.follow(network, 0)
    assert plain.network.weight.item() == 2.0
    assert lagging.network.weight.item() == pytest.approx(1.9)  # a tenth of the old after the first step
    assert lagging.network.running_mean.item() == 3.0
    assert not lagging.network.training
    assert not lagging.network.weight.requires_grad
    with torch.no_grad():
        network.weight.fill_(0.0)
    lagging.follow(network, 1000)
    assert lagging.network.weight.item() == pytest.approx(1.9 * 0.9)


def test_frozen_networks_pass_gradients_on_and_keep_none():
    judge, always_frozen = nn.Linear(2, 1), nn.Linear(1, 1).requires_grad_(False)
    images = torch.ones(1, 2, requires_grad=True)
    with frozen(judge, always_frozen):
        always_frozen(judge(images)).sum().backward()
    assert images.grad is not None
    assert judge.weight.grad is None
    assert judge.weight.requires_grad
    assert not always_frozen.weight.requires_grad
