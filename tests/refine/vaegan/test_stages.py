# SPDX-License-Identifier: Apache-2.0
"""Each term of each stage reaches exactly the networks it is for, and each stage moves exactly the networks it trains.

The published code detached what it made from noise, so that a third of equation 3.4 moved nothing; and it trained
networks in evaluation mode. These tests fail on either.
"""

import dataclasses

import pytest
import torch

from handcraft.refine.range import generator_input
from handcraft.refine.vaegan.adversary import discriminator_terms
from tests.refine.vaegan.toy import GAN_STEP, TINY, VAE_STEP, VAEGAN_STEP, learner, learner_at

E, D, G, J = "encoder", "decoder", "generator", "discriminator"
LEVELS = pytest.mark.parametrize("level", [1, 2, 3, 4])


def reached(term, networks):
    """Names of the networks of which ``term`` has a gradient in every weight; partly reached ones are marked."""
    names = set()
    for name in (E, D, G, J):
        weights = [each for part, each in getattr(networks, name).named_parameters() if part.endswith("weight")]
        gradients = torch.autograd.grad(term, weights, retain_graph=True, allow_unused=True)
        hits = [gradient is not None and bool(gradient.abs().sum() > 0) for gradient in gradients]
        if any(hits):
            names.add(name if all(hits) else f"part of {name}")
    return names


def table(terms, networks):
    return {name: reached(term, networks) for name, term in terms.items()}


def without_tint(trained, step):
    return generator_input(trained.batches.photographs(step).images, "normalised")


def test_terms_of_the_gan_reach_their_network_only():
    trained = learner_at(GAN_STEP)
    generated, terms = trained.stage.generator_terms(trained.batches.noise(1, "generated"))
    judged, _ = discriminator_terms(trained.networks.discriminator, without_tint(trained, 1), {"generated": generated})
    assert table(terms | judged, trained.networks) == {
        "adversarial_generated": {G},
        "discriminator_photographs": {J},
        "discriminator_generated": {J},
    }


def test_terms_of_the_vae_reach_encoder_and_decoder():
    trained = learner_at(VAE_STEP)
    terms = trained.stage.terms(without_tint(trained, 3), trained.batches.noise(3, "photographed"))
    assert table(terms, trained.networks) == {"reconstruction": {E, D}, "divergence": {E}}


@LEVELS
def test_terms_of_the_vaegan_reach_decoder_or_discriminator_and_never_the_encoder(level):
    trained = learner_at(VAEGAN_STEP, dataclasses.replace(TINY, content_level=level))
    stage, photographs = trained.stage, without_tint(trained, 5)
    codes = stage.encode(photographs, trained.batches.noise(5, "photographed"))
    decoded = stage.decode(codes, trained.batches.noise(5, "generated"))
    made = {"reconstructed": decoded.reconstructed, "generated": decoded.generated}
    judged, _ = discriminator_terms(trained.networks.discriminator, photographs, made)
    assert table(stage.decoder_terms(decoded, photographs) | judged, trained.networks) == {
        "adversarial_reconstructed": {D},
        "adversarial_generated": {D},
        "content": {D},
        "discriminator_photographs": {J},
        "discriminator_reconstructed": {J},
        "discriminator_generated": {J},
    }


@pytest.mark.parametrize(("step", "moved"), [(GAN_STEP, {G, J}), (VAE_STEP, {E, D}), (VAEGAN_STEP, {D, J})])
def test_a_stage_moves_the_networks_it_trains_and_no_other(step, moved):
    """Remembered statistics count as well: what is frozen keeps them, what is trained learns them."""
    trained = learner_at(step)
    before = {name: value.clone() for name, value in trained.networks.state_dict().items()}
    trained.step(step + 1)
    after = trained.networks.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(before[name], value)}
    assert {name.split(".")[0] for name in changed} == moved
    assert changed >= {name for name in after if name.split(".")[0] in moved and name.endswith("running_mean")}


def test_a_decoder_without_error_costs_nothing():
    """Published, tint was taken out of the targets a second time, so that even such a decoder had a loss."""
    trained = learner_at(VAE_STEP)
    images, noise = without_tint(trained, 3), trained.batches.noise(3, "photographed")

    class Perfect(torch.nn.Module):
        def forward(self, latents):
            return images

    trained.networks.decoder = Perfect()
    assert trained.stage.terms(images, noise)["reconstruction"].item() == 0.0


def test_accuracies_are_the_shares_judged_rightly():
    trained = learner_at(GAN_STEP)
    judge, photographs = trained.networks.discriminator, without_tint(trained, 1)
    _, right = discriminator_terms(judge, photographs, {"generated": photographs.flip(0)})
    assert right["accuracy_photographs"].item() == (judge(photographs) > 0).float().mean().item()
    assert right["accuracy_generated"].item() == 1 - right["accuracy_photographs"].item()


def test_equation_3_4_weighs_content_by_lambda_and_the_others_by_one():
    trained = learner_at(VAEGAN_STEP, dataclasses.replace(TINY, content_weight=0.25))
    names = ("adversarial_reconstructed", "adversarial_generated", "content")
    values = dict(zip(names, torch.tensor([1.0, 10.0, 400.0]), strict=True))
    assert trained.stage.decoder_loss(values).item() == 111.0


@LEVELS
def test_content_costs_nothing_where_the_photograph_is_met(level):
    trained = learner_at(VAEGAN_STEP, dataclasses.replace(TINY, content_level=level))
    photographs = trained.batches.photographs(0).images * 2 - 1
    decoded = trained.stage.decode(torch.zeros(4, 8), torch.zeros(4, 8))
    met = dataclasses.replace(decoded, reconstructed=photographs)
    assert trained.stage.decoder_terms(met, photographs)["content"].item() == 0.0
    assert trained.stage.decoder_terms(decoded, photographs)["content"].item() > 0.0


def test_photographs_go_in_without_tint_and_are_wanted_in_colour():
    """Also that tint is taken out once: a second time would change the image again."""
    trained, seen = learner_at(VAEGAN_STEP), {}
    encode, terms = trained.stage.encode, trained.stage.decoder_terms
    trained.stage.encode = lambda images, noise: seen.update(encoded=images) or encode(images, noise)
    trained.stage.decoder_terms = lambda made, wanted: seen.update(wanted=wanted) or terms(made, wanted)
    trained.step(VAEGAN_STEP + 1)
    in_colour = trained.batches.photographs(VAEGAN_STEP + 1).images
    torch.testing.assert_close(seen["wanted"], in_colour * 2 - 1)
    torch.testing.assert_close(seen["encoded"], generator_input(in_colour, "normalised"))


def test_the_vae_sees_as_many_renders_as_photographs_and_wants_them_back():
    trained, seen = learner_at(VAE_STEP), {}
    terms = trained.stage.terms
    trained.stage.terms = lambda images, noise: seen.update(images=images) or terms(images, noise)
    trained.step(VAE_STEP + 1)
    both = torch.cat([trained.batches.rendered(VAE_STEP + 1).images, trained.batches.photographs(VAE_STEP + 1).images])
    torch.testing.assert_close(seen["images"], generator_input(both, "normalised"))


def test_photographs_are_turned_with_their_masks():
    batch = learner(dataclasses.replace(TINY, turn_photographs_deg=180.0, batch_size=10)).batches.photographs(0)
    untouched = learner(dataclasses.replace(TINY, turn_photographs_deg=0.0, batch_size=10)).batches.photographs(0)
    seen = batch.images.sum(dim=1) > 0.5
    assert (seen == batch.masks).float().mean() > 0.95
    assert (seen == untouched.masks).float().mean() < 0.9
    assert torch.equal(batch.indices, untouched.indices)


def test_noise_differs_from_step_to_step_and_from_use_to_use():
    batches = learner().batches
    draws = [batches.noise(step, use) for step in (0, 1) for use in ("generated", "rendered", "photographed")]
    assert len({draw.sum().item() for draw in draws}) == 6
    assert torch.equal(batches.noise(1, "generated"), draws[3])
