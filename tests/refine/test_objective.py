# SPDX-License-Identifier: Apache-2.0
"""Each loss term reaches exactly the networks it is for, in every variant, and costs nothing where it should.

The published notebooks of seed 000 fed pooled translations, which have no graph, to the generators' loss, so the
adversarial terms reached no generator; a re-implementation of GeoConGAN computed its silhouettes without gradients.
These tests fail on both.
"""

import dataclasses

import pytest
import torch
from torch import nn

from handcraft.randomness import generator_for
from handcraft.refine.architecture import DiscriminatorConfig, GeneratorConfig
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.objective import (
    CycleNetworks,
    Translations,
    accuracies,
    discriminator_terms,
    discriminators_loss,
    generator_loss,
    generator_terms,
    judge,
    penalty_terms,
)
from handcraft.refine.silhouette import SilhouetteNetwork
from handcraft.refine.silhouette_terms import silhouette_terms
from tests.refine.toy import SIZE, TINY, learner, shown

F, G = "photographed_from_rendered", "rendered_from_photographed"
D_X, D_Y = "photograph_discriminator", "render_discriminator"

SEED_002 = dataclasses.replace(
    TINY,
    identity_weight=5.0,
    composite=True,
    initialiser="xavier",
    generator=GeneratorConfig(width=4, blocks=1, norm="batch", dropout=0.5),
)
VARIANTS: dict[str, CycleGANConfig] = {
    "pixels": TINY,
    "features 1": dataclasses.replace(TINY, cycle="discriminator_features"),
    "features 2": dataclasses.replace(TINY, cycle="discriminator_features", feature_level=2),
    "full-resolution features": dataclasses.replace(
        TINY,
        cycle="discriminator_features",
        discriminator=DiscriminatorConfig(width=4, full_resolution_features=True),
    ),
    "wasserstein": dataclasses.replace(
        TINY, adversary="wasserstein", discriminator=DiscriminatorConfig(width=4, sigmoid=False)
    ),
    "pixCycleGAN": dataclasses.replace(SEED_002, discriminator=DiscriminatorConfig(kind="pixel", width=4)),
    "patch70": dataclasses.replace(
        SEED_002, composite=False, discriminator=DiscriminatorConfig(kind="patch70", width=4)
    ),
    "msH-GAN": dataclasses.replace(
        SEED_002, discriminator=DiscriminatorConfig(kind="perceptual", taps="random_vgg16", width=4, grids=(8, 4, 2))
    ),
}
EACH_VARIANT = pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS.keys())
SIZE_PX = 32  # patches of 70 pixels need as much


def networks_and_images(config):
    """Networks of a variant, and what they make of one batch; half of each picture is hand."""
    networks = CycleNetworks(config, SIZE_PX)
    masks = torch.zeros(3, SIZE_PX, SIZE_PX, dtype=torch.bool)
    masks[:, 8:24] = True
    rendered, photographed = (
        shown(torch.rand(3, 3, SIZE_PX, SIZE_PX, generator=generator_for(seed)) * 2 - 1, masks) for seed in (1, 2)
    )
    return networks, networks.translate(rendered, photographed)


def weights(networks, name):
    """Weights only: a bias before instance normalisation is subtracted again and has no gradient to test."""
    named = getattr(networks, name).named_parameters()
    return [parameter for each, parameter in named if each.endswith("weight") and parameter.dim() > 1]


def reached(term, networks):
    """Names of the networks of which ``term`` has a gradient in every weight; partly reached ones are marked."""
    names = set()
    for name in (F, G, D_X, D_Y):
        gradients = torch.autograd.grad(term, weights(networks, name), retain_graph=True, allow_unused=True)
        hits = [gradient is not None and bool(gradient.abs().sum() > 0) for gradient in gradients]
        if any(hits):
            names.add(name if all(hits) else f"part of {name}")
    return names


@EACH_VARIANT
def test_generator_terms_reach_the_generators_they_are_for_and_no_discriminator(config):
    networks, images = networks_and_images(config)
    terms = generator_terms(networks, images, config)
    expected = {
        "adversarial_refined": {F},
        "adversarial_translated": {G},
        "cycle_rendered": {F, G},
        "cycle_photographed": {F, G},
        "identity_photographed": {F},
        "identity_rendered": {G},
    }
    if not config.identity_weight:
        del expected["identity_photographed"], expected["identity_rendered"]
    assert {name: reached(term, networks) for name, term in terms.items()} == expected


@EACH_VARIANT
def test_discriminator_terms_reach_their_discriminator_only(config):
    networks, images = networks_and_images(config)
    judged = judge(networks, images, images.refined.detach(), images.translated.detach())
    assert {name: reached(term, networks) for name, term in discriminator_terms(judged, config).items()} == {
        "discriminator_photographs": {D_X},
        "discriminator_renders": {D_Y},
    }
    assert all(0 <= value <= 1 for value in accuracies(judged).values())


def test_penalties_reach_their_critic_only():
    networks, images = networks_and_images(VARIANTS["wasserstein"])
    terms = penalty_terms(networks, images, images.refined, images.translated, generator_for(0))
    assert {name: reached(term, networks) for name, term in terms.items()} == {
        "penalty_photographs": {D_X},
        "penalty_renders": {D_Y},
    }


@pytest.mark.parametrize("truth", ["masks", "network"])
def test_silhouette_terms_reach_the_generator_that_translated_and_nothing_else(truth):
    networks, images = networks_and_images(VARIANTS["patch70"])
    silhouettes = SilhouetteNetwork(width=4, depth=1, generator=generator_for(0)).requires_grad_(False)
    terms = silhouette_terms(silhouettes, images, truth)
    assert {name: reached(term, networks) for name, term in terms.items()} == {
        "silhouette_refined": {F},
        "silhouette_translated": {G},
    }


def test_silhouettes_are_compared_with_the_sets_own_masks_or_with_what_is_seen_in_the_original():
    _, images = networks_and_images(TINY)
    silhouettes = SilhouetteNetwork(width=4, depth=1, generator=generator_for(0)).requires_grad_(False)
    turned_over = dataclasses.replace(images, rendered=shown(images.rendered.images, ~images.rendered.masks))
    before, after = (silhouette_terms(silhouettes, each, "masks") for each in (images, turned_over))
    assert {name for name in before if before[name] != after[name]} == {"silhouette_refined"}
    before, after = (silhouette_terms(silhouettes, each, "network") for each in (images, turned_over))
    assert before == after


@pytest.mark.parametrize("name", ["pixels", "features 1", "features 2", "full-resolution features"])
def test_identity_generators_cost_nothing_in_cycle(name):
    config = dataclasses.replace(VARIANTS[name], identity_weight=5.0)
    networks, images = networks_and_images(config)
    networks.photographed_from_rendered = nn.Identity()
    networks.rendered_from_photographed = nn.Identity()
    terms = generator_terms(networks, networks.translate(images.rendered, images.photographed), config)
    assert {name for name, value in terms.items() if value == 0} == {
        "cycle_rendered",
        "cycle_photographed",
        "identity_photographed",
        "identity_rendered",
    }


@pytest.mark.parametrize("name", ["pixels", "features 1"])
def test_each_cycle_term_sees_its_own_domain(name):
    """An error in the cycled renders is no error in the cycled photographs, in pixels and in features."""
    networks = CycleNetworks(VARIANTS[name], SIZE)
    rendered, photographed = learner(VARIANTS[name]).batch(0)
    images = Translations(
        rendered=rendered,
        refined=photographed.images,
        rendered_again=rendered.images + 0.1,
        photographed=photographed,
        translated=rendered.images,
        photographed_again=photographed.images,
    )
    terms = generator_terms(networks, images, VARIANTS[name])
    assert terms["cycle_rendered"] > 0
    assert terms["cycle_photographed"] == 0


@pytest.mark.parametrize(
    ("of", "judged"),
    [(D_X, {"adversarial_refined", "cycle_photographed"}), (D_Y, {"adversarial_translated", "cycle_rendered"})],
)
def test_each_domain_is_judged_by_its_own_discriminator(of, judged):
    config = VARIANTS["features 1"]
    networks, images = networks_and_images(config)
    before = generator_terms(networks, images, config)
    with torch.no_grad():
        weights(networks, of)[0].mul_(-3)
    after = generator_terms(networks, images, config)
    assert {name for name in before if before[name] != after[name]} == judged


def test_compositing_keeps_everything_outside_the_hand_on_the_way_there_and_nothing_on_the_way_back():
    _, images = networks_and_images(VARIANTS["pixCycleGAN"])
    for source, made in ((images.rendered, images.refined), (images.photographed, images.translated)):
        outside = ~source.masks[:, None].expand_as(made)
        assert torch.equal(made[outside], source.images[outside])
        assert not torch.isclose(made[~outside], source.images[~outside]).all()
    outside = ~images.rendered.masks[:, None].expand_as(images.refined)
    assert not torch.isclose(images.rendered_again[outside], images.rendered.images[outside]).any(dim=0).all()


def test_generator_loss_weighs_terms_as_equation_3_7():
    terms = {
        "adversarial_refined": torch.tensor(0.3),
        "adversarial_translated": torch.tensor(0.2),
        "cycle_rendered": torch.tensor(0.04),
        "cycle_photographed": torch.tensor(0.01),
        "identity_rendered": torch.tensor(0.1),
        "silhouette_refined": torch.tensor(0.5),
    }
    config = dataclasses.replace(TINY, cycle_weight=10.0, identity_weight=2.0, silhouette_weight=3.0)
    torch.testing.assert_close(generator_loss(terms, config), torch.tensor(0.3 + 0.2 + 10 * 0.05 + 2 * 0.1 + 3 * 0.5))


def test_penalties_are_weighed():
    terms = {"discriminator_renders": torch.tensor(0.5), "penalty_renders": torch.tensor(0.2)}
    config = dataclasses.replace(TINY, penalty_weight=10.0)
    torch.testing.assert_close(discriminators_loss(terms, config), torch.tensor(2.5))


@EACH_VARIANT
def test_weights_follow_from_the_seed(config):
    def all_weights(seed):
        return torch.cat(
            [each.flatten() for each in CycleNetworks(dataclasses.replace(config, seed=seed), SIZE_PX).parameters()]
        )

    assert torch.equal(all_weights(3), all_weights(3))
    assert not torch.equal(all_weights(3), all_weights(4))
    networks = CycleNetworks(config, SIZE_PX)
    assert not torch.equal(weights(networks, F)[0], weights(networks, G)[0])
