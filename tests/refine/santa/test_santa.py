# SPDX-License-Identifier: Apache-2.0
"""Each term reaches the half of the generator it is for; the path's speed is a speed; the slider slides."""

import copy
import dataclasses
import json

import pytest
import torch
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.range import signed_from_unit
from handcraft.refine.santa import (
    SANTA_LAPTOP,
    SANTA_PAPER,
    SANTA_SMOKE,
    SantaConfig,
    SantaGenerator,
    SantaLearner,
    SantaTranslator,
    translator_from,
)
from handcraft.refine.santa.networks import Decoded
from handcraft.refine.santa.objective import Chance, generator_loss, generator_terms, squared_speed
from handcraft.refine.translator import Given
from handcraft.training import Learner, make_accelerator
from handcraft.training.checkpoint import load_checkpoint, save_checkpoint
from tests.refine.style.test_learner import assert_same
from tests.refine.style.test_objective import reached
from tests.refine.toy import photographs, renders


def learner(config=SANTA_SMOKE):
    return SantaLearner(renders(), photographs(), config, make_accelerator("cpu", config.precision))


def given(strength):
    return Given(masks=None, numbers=torch.arange(2), seed=0, strength=strength)


def test_terms_reach_the_networks_they_are_for():
    trained = learner()
    networks = {
        "encoder": trained.network.encoder,
        "decoder": nn.ModuleList([trained.network.decoder, trained.network.exit]),
        "domain": trained.network.code,
        "discriminator": trained.duel.discriminator,
    }
    terms = generator_terms(trained.duel.discriminator, trained.brought(0))
    generator = {"encoder", "decoder", "domain"}
    assert {name: reached(term, networks) for name, term in terms.items()} == {
        "adversarial_refined": generator,
        "reconstruction_rendered": generator,
        "identity_photographed": generator,
        "latent_square": {"encoder"},
        "path_speed": generator,
    }


class LinearDecoder(SantaGenerator):
    """Its features run at known speeds: the first at that of the latent, the second at three times that."""

    def __init__(self):
        nn.Module.__init__(self)

    def decode(self, latents, domains):
        moved = latents * domains[:, None, None, None]
        return Decoded(moved[:, :3], (moved, 3 * moved))


def test_speed_is_that_of_the_features_whatever_the_gap():
    latents = torch.randn(4, 3, 2, 2, generator=generator_for(0))
    for places, gaps in ((torch.full((4,), 0.5), torch.full((4,), 0.05)), (torch.rand(4), torch.full((4,), 0.1))):
        speed = squared_speed(LinearDecoder(), latents, places, gaps)
        torch.testing.assert_close(speed, (latents**2).mean() * (1 + 9) / 2, atol=1e-4, rtol=1e-3)


def test_path_is_looked_at_within_its_ends():
    config = dataclasses.replace(SANTA_SMOKE, smallest_gap=0.2, largest_gap=0.3)
    chance = Chance.draw((500, 1, 2, 2), config, generator=generator_for(1), device=torch.device("cpu"))
    assert chance.gaps.min() >= 0.2
    assert chance.gaps.max() <= 0.3
    assert (chance.domains - chance.gaps).min() >= 0
    assert (chance.domains + chance.gaps).max() <= 1
    assert chance.domains.min() < 0.3
    assert chance.domains.max() > 0.7
    assert abs(chance.rendered_noise.std() - 1) < 0.1


def test_renders_stay_at_zero_and_photographs_at_one():
    trained = learner()
    quiet = trained.brought(0)
    with torch.no_grad():
        trained.network.code[0].weight.zero_()  # the domain is no longer heard
    deaf = trained.brought(0)
    torch.testing.assert_close(deaf.refined, deaf.rendered_again)
    assert not torch.allclose(quiet.refined, quiet.rendered_again, atol=1e-4)


def test_loss_weighs_terms_as_published():
    terms = {
        "adversarial_refined": torch.tensor(0.3),
        "reconstruction_rendered": torch.tensor(0.1),
        "identity_photographed": torch.tensor(0.2),
        "latent_square": torch.tensor(2.0),
        "path_speed": torch.tensor(0.5),
    }
    torch.testing.assert_close(generator_loss(terms, SANTA_PAPER), torch.tensor(0.3 + 0.5 + 1.0 + 0.02 + 0.05))


@pytest.mark.parametrize("config", [SANTA_SMOKE, dataclasses.replace(SANTA_SMOKE, precision="bfloat16")])
def test_resumed_equals_uninterrupted(config):
    through, first, second = learner(config), learner(config), learner(config)
    assert isinstance(through, Learner)
    for step in range(4):
        through.step(step)
    for step in range(2):
        first.step(step)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for step in range(2, 4):
        second.step(step)
    assert_same(through.state_dict(), second.state_dict())
    assert through.step(4) == second.step(4)


def test_slider_goes_from_the_render_to_the_photographs():
    """Grey discs stay grey at 0 and become skin coloured at 1, where they are."""
    config = dataclasses.replace(
        SANTA_SMOKE,
        generator_width=8,
        optimiser=OptimiserConfig(learning_rate=2e-3),
    )
    trained = learner(config)
    for step in range(100):
        trained.step(step)
    translator, images, inside = SantaTranslator(trained.duel.averaged), renders().float_images(), renders().masks
    as_render, as_photograph = (translator.translate(images, given(strength)) for strength in (0.0, 1.0))
    grey, skin = ((each[:, 0] - each[:, 2])[inside].mean().item() for each in (as_render, as_photograph))
    assert (as_render - images).abs().mean() < 0.1
    assert abs(grey) < 0.1
    assert skin > grey + 0.1


def test_translator_is_the_average_of_its_checkpoint(tmp_path):
    trained = learner()
    for step in range(3):
        trained.step(step)
    path, state = tmp_path / "checkpoint.pt", {"learner": trained.state_dict()}
    save_checkpoint(path, kind="santa", config=trained.config.without_loop(), step=3, state=state)
    images = renders().float_images()[:2]
    with torch.no_grad():
        expected = (trained.duel.averaged.at(signed_from_unit(images), 0.7) + 1) / 2
    torch.testing.assert_close(
        translator_from(load_checkpoint(path, kind="santa")).translate(images, given(0.7)), expected
    )
    save_checkpoint(path, kind="santa", config=trained.config.without_loop(), step=3, state={"learner": {}})
    with pytest.raises(HandcraftError, match="Expected the checkpoint to hold its refiner's weights"):
        translator_from(load_checkpoint(path, kind="santa"))


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strength_beyond_the_ends_is_refused(strength):
    with pytest.raises(HandcraftError, match="Expected `strength` to be from 0 to 1, but got"):
        SantaTranslator(SANTA_SMOKE.network()).translate(renders().float_images()[:2], given(strength))


@pytest.mark.parametrize("upsample", ["transposed", "resize"])
def test_sizes_are_kept(upsample):
    network = dataclasses.replace(SANTA_SMOKE, upsample=upsample).network()
    images = torch.rand(2, 3, 12, 20, generator=generator_for(0))
    assert network.at(images, 0.5).shape == images.shape
    assert network.encode(images).shape == network.latent_shape(images)


def test_picture_is_fixed_and_changes_nothing(tmp_path):
    trained = learner()
    before = copy.deepcopy(trained.state_dict())
    trained.draw(tmp_path / "one.png")
    trained.draw(tmp_path / "two.png")
    assert_same(before, trained.state_dict())
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("config", [SANTA_SMOKE, SANTA_LAPTOP, SANTA_PAPER])
def test_recorded_and_read_again(config):
    read = SantaConfig.from_recorded(json.loads(json.dumps(config.without_loop())))
    assert dataclasses.replace(read, loop=config.loop) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"decoder_blocks": 0}, "Expected `decoder_blocks` to be at least 1, but got 0."),
        ({"path_weight": -1.0}, "Expected `path_weight` to be at least 0, but got -1.0."),
        ({"ema_decay": 1.0}, "Expected `ema_decay` to be at least 0 and below 1, but got 1.0."),
        (
            {"smallest_gap": 0.2},
            "Expected `smallest_gap` and `largest_gap` to rise within 0 to 0.5, but got 0.2 and 0.1.",
        ),
    ],
)
def test_unsuitable_values_are_refused(values, message):
    with pytest.raises(HandcraftError) as caught:
        SantaConfig(**values)
    assert str(caught.value) == message
