# SPDX-License-Identifier: Apache-2.0
"""Each term reaches exactly the networks it is for, and costs nothing where it should."""

import dataclasses

import torch
from torch.distributions import Normal, kl_divergence

from handcraft.randomness import generator_for
from handcraft.refine.style import StyleConfig
from handcraft.refine.style.objective import Painted, generator_loss, generator_terms
from tests.refine.style.toy import learner


def reached(term, networks):
    """Names of the networks that ``term`` has a gradient in."""
    names = set()
    for name, network in networks.items():
        weights = [each for key, each in network.named_parameters() if each.dim() > 1]
        gradients = torch.autograd.grad(term, weights, retain_graph=True, allow_unused=True)
        if any(each is not None and bool(each.abs().sum() > 0) for each in gradients):
            names.add(name)
    return names


def test_terms_reach_the_networks_they_are_for():
    trained = learner()
    networks = {
        "generator": trained.network.generator,
        "encoder": trained.network.encoder,
        "discriminator": trained.duel.discriminator,
    }
    terms = generator_terms(trained.network, trained.duel.discriminator, trained.painted(0))
    assert {name: reached(term, networks) for name, term in terms.items()} == {
        "adversarial_refined": {"generator"},
        "pixel_photographed": {"generator", "encoder"},
        "pixel_rendered": {"generator", "encoder"},
        "feature_photographed": {"generator", "encoder"},
        "content_refined": {"generator"},
        "style_refined": {"generator", "encoder"},
        "prior_styles": {"encoder"},
    }


def test_wanted_styles_carry_no_graph():
    """Or the encoder could make every style the one that is easiest to find again."""
    images = learner().painted(0)
    assert not images.styles.requires_grad
    assert images.mean.requires_grad


def test_renders_get_the_photographs_styles():
    trained = learner()
    images = trained.painted(0)
    torch.testing.assert_close(trained.network.refined(images.batch.rendered, images.styles), images.refined)


def test_perfect_painting_costs_nothing():
    trained = learner()
    images = trained.painted(0)
    perfect: Painted = dataclasses.replace(
        images,
        rendered_again=images.batch.rendered,
        photographed_again=images.batch.photographed,
        refined=0.5 * images.batch.rendered + 0.2,
        styles=trained.network.styles_of(0.5 * images.batch.rendered + 0.2).detach(),
        mean=torch.zeros_like(images.mean),
        log_variance=torch.zeros_like(images.log_variance),
    )
    terms = generator_terms(trained.network, trained.duel.discriminator, perfect)
    assert {name for name, value in terms.items() if value < 1e-5} == set(terms) - {"adversarial_refined"}


def test_styles_cost_their_divergence_in_nats_by_image():
    trained = learner()
    images = trained.painted(0)
    mean, log_variance = torch.randn(2, *images.mean.shape, generator=generator_for(1))
    images = dataclasses.replace(images, mean=mean, log_variance=log_variance)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(dim=1).mean()
    cost = generator_terms(trained.network, trained.duel.discriminator, images)["prior_styles"]
    torch.testing.assert_close(cost, expected)


def test_loss_weighs_terms_by_their_first_word():
    config = StyleConfig(adversarial_weight=1.0, pixel_weight=10.0, prior_weight=0.5)
    terms = {
        "adversarial_refined": torch.tensor(0.3),
        "pixel_photographed": torch.tensor(0.02),
        "pixel_rendered": torch.tensor(0.03),
        "prior_styles": torch.tensor(4.0),
    }
    torch.testing.assert_close(generator_loss(terms, config), torch.tensor(0.3 + 10 * 0.05 + 2.0))
