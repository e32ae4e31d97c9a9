# SPDX-License-Identifier: Apache-2.0
"""Configurations refuse what cannot be trained with; the paper's preset has the paper's figures."""

import dataclasses
import json

import pytest

from handcraft.errors import HandcraftError
from handcraft.refine.vaegan import VAEGAN_LAPTOP, VAEGAN_PAPER, VAEGAN_SMOKE, VAEGANConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 0}, "Expected `width` to be at least 1, but got 0."),
        ({"latent": 0}, "Expected `latent` to be at least 1, but got 0."),
        ({"batch_size": 1}, "Expected `batch_size` to be at least 2, but got 1."),
        ({"gan_steps": -1}, "Expected `gan_steps` to be at least 0, but got -1."),
        ({"vae_steps": -1}, "Expected `vae_steps` to be at least 0, but got -1."),
        ({"content_weight": -0.1}, "Expected `content_weight` to be at least 0, but got -0.1."),
        ({"ema_decay": 1.0}, "Expected `ema_decay` to be at least 0 and below 1, but got 1.0."),
    ],
)
def test_nonsense_is_refused(values, message):
    with pytest.raises(HandcraftError) as caught:
        VAEGANConfig(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("content_level", 5, "Expected `content_level` to be 1 or 2 or 3 or 4, but got 5."),
        ("content_reduction", "max", "Expected `content_reduction` to be sum or mean, but got max."),
    ],
)
def test_unknown_choices_are_refused(name, value, message):
    config = VAEGANConfig()
    object.__setattr__(config, name, value)  # past the type checker, which only the tests have
    with pytest.raises(HandcraftError) as caught:
        config.__post_init__()
    assert str(caught.value) == message


def test_paper_preset_has_the_papers_figures():
    """190 whole batches of 128 among 24,420 photographs; 30, 30 and 5 epochs."""
    assert (VAEGAN_PAPER.gan_steps, VAEGAN_PAPER.vae_steps, VAEGAN_PAPER.loop.steps) == (5_700, 5_700, 12_350)
    assert (VAEGAN_PAPER.content_level, VAEGAN_PAPER.content_weight, VAEGAN_PAPER.content_reduction) == (1, 6e-3, "sum")
    assert (VAEGAN_PAPER.width, VAEGAN_PAPER.latent, VAEGAN_PAPER.optimiser.learning_rate) == (64, 128, 2e-4)


@pytest.mark.parametrize("preset", [VAEGAN_SMOKE, VAEGAN_LAPTOP, VAEGAN_PAPER])
def test_presets_reach_the_third_stage_and_survive_their_record(preset):
    assert preset.loop.steps > preset.pretraining_steps
    recorded = json.loads(json.dumps(preset.without_loop()))
    assert VAEGANConfig.from_recorded(recorded) == dataclasses.replace(preset, loop=VAEGANConfig().loop)
