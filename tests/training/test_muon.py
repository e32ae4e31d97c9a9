# SPDX-License-Identifier: Apache-2.0
"""Muon: every direction of a matrix learns at one rate; the rest is AdamW's."""

import pytest
import torch
from torch import nn

from handcraft.training.muon import ADAM_SHARE, ADAMW_SIZE, Muon, nearly_orthogonal


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (16, 16)])
def test_singular_vectors_stay_and_values_come_near_one(shape, rng):
    left, values, right = torch.linalg.svd(torch.randn(shape, generator=rng), full_matrices=False)
    values = torch.linspace(1, 0.2, len(values))
    found = nearly_orthogonal(left @ torch.diag(values) @ right)
    inner = left.mT @ found @ right.mT
    assert torch.allclose(found, left @ torch.diag(inner.diagonal()) @ right, atol=1e-4)
    assert ((inner.diagonal() > 0.6) & (inner.diagonal() < 1.3)).all()


def test_a_step_does_not_depend_on_how_large_the_gradient_is(rng):
    gradient = torch.randn(8, 4, 3, 3, generator=rng)

    def moved(factor: float) -> torch.Tensor:
        weights = nn.Parameter(torch.zeros(8, 4, 3, 3))
        weights.grad = factor * gradient
        Muon([weights], [], 0.1, weight_decay=0.0).step()
        return weights.detach()

    assert torch.allclose(moved(1.0), moved(1e3), atol=1e-6)


def test_steps_of_filters_are_as_large_as_adamw_s_and_against_the_gradient(rng):
    weights = nn.Parameter(torch.zeros(16, 8, 3, 3))
    weights.grad = torch.randn(16, 8, 3, 3, generator=rng)
    Muon([weights], [], 0.1, weight_decay=0.0).step()
    assert weights.square().mean().sqrt().item() == pytest.approx(0.1 * ADAMW_SIZE, rel=0.2)
    assert (weights * weights.grad).sum() < 0


def test_what_is_no_matrix_moves_as_under_adamw_at_its_share_of_the_rate(rng):
    start = torch.randn(5, generator=rng)
    mine, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    optimisers = (
        Muon([], [mine], 0.03, weight_decay=0.1),
        torch.optim.AdamW([theirs], 0.03 * ADAM_SHARE, weight_decay=0.1),
    )
    for _ in range(5):
        mine.grad = theirs.grad = torch.randn(5, generator=rng)
        for optimiser in optimisers:
            optimiser.step()
    assert torch.allclose(mine, theirs, atol=1e-6)


def test_one_step_that_points_back_is_outweighed_by_many_before_it(rng):
    weights = nn.Parameter(torch.zeros(4, 7))
    optimiser = Muon([weights], [], 0.1, weight_decay=0.0)
    gradient = torch.randn(4, 7, generator=rng)
    for _ in range(20):
        weights.grad = gradient.clone()
        optimiser.step()
    before = weights.detach().clone()
    weights.grad = -gradient
    optimiser.step()
    assert ((weights - before) * gradient).sum() < 0  # still downhill of what most gradients said


def test_weights_without_a_gradient_stay():
    weights = nn.Parameter(torch.ones(3, 3))
    Muon([weights], [], 0.1, weight_decay=0.5).step()
    assert torch.equal(weights, torch.ones(3, 3))


def test_going_on_from_a_saved_state_is_going_on(rng):
    gradients = torch.randn(4, 6, 5, generator=rng)

    def train(weights: nn.Parameter, bias: nn.Parameter, optimiser: Muon, steps: range) -> None:
        for step in steps:
            weights.grad, bias.grad = gradients[step], gradients[step, 0]
            optimiser.step()

    def new() -> tuple[nn.Parameter, nn.Parameter, Muon]:
        weights, bias = nn.Parameter(torch.ones(6, 5)), nn.Parameter(torch.ones(5))
        return weights, bias, Muon([weights], [bias], 0.1, weight_decay=0.01)

    whole, first, second = new(), new(), new()
    train(*whole, range(4))
    train(*first, range(2))
    second[2].load_state_dict(first[2].state_dict())
    for target, source in zip(second[:2], first[:2], strict=True):
        target.data.copy_(source.data)
    train(*second, range(2, 4))
    assert torch.equal(whole[0], second[0])
    assert torch.equal(whole[1], second[1])
