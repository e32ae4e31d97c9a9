# SPDX-License-Identifier: Apache-2.0
import torch
from torch.distributions import Normal, kl_divergence

from handcraft.networks.divergence import kl_to_standard_normal
from handcraft.randomness import generator_for


def test_the_divergence_is_torchs_and_its_gradients_are_exact():
    mean, log_variance = torch.randn(2, 5, 4, generator=generator_for(1))
    mean, log_variance = (each.requires_grad_() for each in (mean, log_variance))
    ours = kl_to_standard_normal(mean, log_variance)
    torch.testing.assert_close(ours, kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(-1))
    of_mean, of_log_variance = torch.autograd.grad(ours.sum(), (mean, log_variance))
    assert torch.equal(of_mean, mean)
    assert torch.equal(of_log_variance, 0.5 * log_variance.exp() - 0.5)


def test_the_standard_normal_is_no_distance_from_itself():
    assert kl_to_standard_normal(torch.zeros(3, 4), torch.zeros(3, 4)).tolist() == [0.0, 0.0, 0.0]
