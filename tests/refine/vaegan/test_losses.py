# SPDX-License-Identifier: Apache-2.0
"""The losses have the values of their equations, whatever the batch size."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from handcraft.randomness import generator_for
from handcraft.refine.vaegan.losses import (
    content_loss,
    divergence_loss,
    fooling_loss,
    made_loss,
    real_loss,
    reconstruction_loss,
)
from handcraft.refine.vaegan.networks import Code


def test_reconstruction_is_the_squared_error_of_an_image():
    image = torch.zeros(5, 3, 4, 4)
    wrong = image.clone()
    wrong[:, 0, 0, 0] = 2.0
    assert reconstruction_loss(image=image, reconstructed=wrong).item() == 4.0
    assert reconstruction_loss(image=image[:1], reconstructed=wrong[:1]).item() == 4.0


def test_divergence_is_that_of_the_two_gaussians():
    generator = generator_for(3)
    mean, log_variance = torch.randn(4, 6, generator=generator), torch.randn(4, 6, generator=generator)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(dim=1).mean()
    torch.testing.assert_close(divergence_loss(Code(mean, log_variance)), expected)
    assert divergence_loss(Code(torch.zeros(2, 6), torch.zeros(2, 6))).item() == 0.0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_verdicts_cost_their_cross_entropy(share):
    logits = torch.full((3,), math.log(share / (1 - share)))
    assert real_loss(logits).item() == pytest.approx(-math.log(share), abs=1e-6)
    assert fooling_loss(logits).item() == pytest.approx(-math.log(share), abs=1e-6)
    assert made_loss(logits).item() == pytest.approx(-math.log(1 - share), abs=1e-5)


def test_certain_verdicts_stay_finite():
    for loss in (real_loss, made_loss, fooling_loss):
        assert torch.isfinite(loss(torch.tensor([-1e4, 1e4])))


def test_content_sums_over_a_map_or_averages_over_it():
    original = torch.zeros(2, 4, 3, 3)
    made = torch.full((2, 4, 3, 3), 0.5)
    assert content_loss(original=original, made=made, reduction="sum").item() == 0.25 * 36
    assert content_loss(original=original, made=made, reduction="mean").item() == 0.25
