# SPDX-License-Identifier: Apache-2.0
"""Each loss term reaches exactly the networks it is for, and costs nothing where it should.

The published notebooks of seed 000 fed pooled translations, which have no graph, to the generators' loss, so the
adversarial terms reached no generator. These tests fail on that.
"""

import dataclasses

import pytest
import torch
from torch import nn

from handcraft.refine.objective import (
    CycleNetworks,
    Translations,
    discriminator_terms,
    generator_loss,
    generator_terms,
)
from tests.refine.toy import TINY, learner

F, G = "photographed_from_rendered", "rendered_from_photographed"
D_X, D_Y = "photograph_discriminator", "render_discriminator"
BY_PIXELS = dataclasses.replace(TINY, identity_weight=5.0)
BY_FEATURES = dataclasses.replace(BY_PIXELS, cycle="discriminator_features")
BY_LATER_FEATURES = dataclasses.replace(BY_FEATURES, feature_level=2)
VARIANTS = pytest.mark.parametrize("config", [BY_PIXELS, BY_FEATURES, BY_LATER_FEATURES])


def weights(networks, name):
    """Weights only: a bias before instance normalisation is subtracted again and has no gradient to test."""
    named = getattr(networks, name).named_parameters()
    return [parameter for each, parameter in named if each.endswith("weight")]


def reached(term, networks):
    """Names of the networks of which ``term`` has a gradient in every weight; partly reached ones are marked."""
    names = set()
    for name in (F, G, D_X, D_Y):
        gradients = torch.autograd.grad(term, weights(networks, name), retain_graph=True, allow_unused=True)
        hits = [gradient is not None and bool(gradient.abs().sum() > 0) for gradient in gradients]
        if any(hits):
            names.add(name if all(hits) else f"part of {name}")
    return names


@VARIANTS
def test_generator_terms_reach_the_generators_they_are_for_and_no_discriminator(config):
    trained = learner(config)
    images = trained.networks.translate(*trained.batch(0))
    terms = generator_terms(trained.networks, images, config)
    assert {name: reached(term, trained.networks) for name, term in terms.items()} == {
        "adversarial_refined": {F},
        "adversarial_translated": {G},
        "cycle_rendered": {F, G},
        "cycle_photographed": {F, G},
        "identity_photographed": {F},
        "identity_rendered": {G},
    }


def test_discriminator_terms_reach_their_discriminator_only():
    trained = learner()
    images = trained.networks.translate(*trained.batch(0))
    pooled = {"pooled_refined": images.refined.detach(), "pooled_translated": images.translated.detach()}
    terms, accuracies = discriminator_terms(trained.networks, images, **pooled)
    assert {name: reached(term, trained.networks) for name, term in terms.items()} == {
        "discriminator_photographs": {D_X},
        "discriminator_renders": {D_Y},
    }
    assert all(0 <= value <= 1 for value in accuracies.values())


@VARIANTS
def test_identity_generators_cost_nothing_in_cycle(config):
    trained = learner(config)
    trained.networks.photographed_from_rendered = nn.Identity()
    trained.networks.rendered_from_photographed = nn.Identity()
    terms = generator_terms(trained.networks, trained.networks.translate(*trained.batch(0)), config)
    assert {name for name, value in terms.items() if value == 0} == {
        "cycle_rendered",
        "cycle_photographed",
        "identity_photographed",
        "identity_rendered",
    }


def test_each_cycle_term_sees_its_own_domain():
    """An error in the cycled renders is no error in the cycled photographs, in pixels and in features."""
    for config in (BY_PIXELS, BY_FEATURES):
        networks = CycleNetworks(config)
        rendered, photographed = learner(config).batch(0)
        images = Translations(
            rendered=rendered,
            refined=photographed,
            rendered_again=rendered + 0.1,
            photographed=photographed,
            translated=rendered,
            photographed_again=photographed,
        )
        terms = generator_terms(networks, images, config)
        assert terms["cycle_rendered"] > 0
        assert terms["cycle_photographed"] == 0


@pytest.mark.parametrize(
    ("judge", "judged"),
    [(D_X, {"adversarial_refined", "cycle_photographed"}), (D_Y, {"adversarial_translated", "cycle_rendered"})],
)
def test_each_domain_is_judged_by_its_own_discriminator(judge, judged):
    config = dataclasses.replace(TINY, cycle="discriminator_features")
    trained = learner(config)
    images = trained.networks.translate(*trained.batch(0))
    before = generator_terms(trained.networks, images, config)
    with torch.no_grad():
        weights(trained.networks, judge)[0].mul_(-3)
    after = generator_terms(trained.networks, images, config)
    assert {name for name in before if before[name] != after[name]} == judged


def test_generator_loss_weighs_terms_as_equation_3_7():
    terms = {
        "adversarial_refined": torch.tensor(0.3),
        "adversarial_translated": torch.tensor(0.2),
        "cycle_rendered": torch.tensor(0.04),
        "cycle_photographed": torch.tensor(0.01),
        "identity_rendered": torch.tensor(0.1),
    }
    config = dataclasses.replace(TINY, cycle_weight=10.0, identity_weight=2.0)
    torch.testing.assert_close(generator_loss(terms, config), torch.tensor(0.3 + 0.2 + 10 * 0.05 + 2 * 0.1))


def test_identity_terms_are_absent_without_their_weight():
    trained = learner(TINY)
    terms = generator_terms(trained.networks, trained.networks.translate(*trained.batch(0)), TINY)
    assert not any(name.startswith("identity") for name in terms)


def test_weights_follow_from_the_seed():
    def all_weights(seed):
        return torch.cat([each.flatten() for each in CycleNetworks(dataclasses.replace(TINY, seed=seed)).parameters()])

    assert torch.equal(all_weights(3), all_weights(3))
    assert not torch.equal(all_weights(3), all_weights(4))
    networks = CycleNetworks(TINY)
    assert not torch.equal(weights(networks, F)[0], weights(networks, G)[0])
