# SPDX-License-Identifier: Apache-2.0
"""Configurations refuse what cannot be trained with; the paper's preset has the paper's figures."""

import dataclasses
import json

import pytest

from handcraft.errors import HandcraftError
from handcraft.networks import parameter_count
from handcraft.refine import LAPTOP, LAPTOP_FEATURES, PAPER, PAPER_FEATURES, SMOKE, CycleGANConfig
from handcraft.refine.objective import CycleNetworks


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cycle_weight": -1.0}, "Expected `cycle_weight` to be at least 0, but got -1.0."),
        ({"identity_weight": -0.5}, "Expected `identity_weight` to be at least 0, but got -0.5."),
        ({"generator_width": 0}, "Expected `generator_width` to be at least 1, but got 0."),
        ({"batch_size": 0}, "Expected `batch_size` to be at least 1, but got 0."),
        ({"learning_rate": 0.0}, "Expected `learning_rate` to be above 0, but got 0.0."),
        ({"beta1": 1.0}, "Expected `beta1` to be at least 0 and below 1, but got 1.0."),
        ({"ema_decay": 1.5}, "Expected `ema_decay` to be at least 0 and below 1, but got 1.5."),
        ({"pool": -1}, "Expected `pool` to be at least 0, but got -1."),
    ],
)
def test_nonsense_is_refused(values, message):
    with pytest.raises(HandcraftError) as caught:
        CycleGANConfig(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cycle", "pixel", "Expected `cycle` to be pixels or discriminator_features, but got pixel."),
        ("input", "grey", "Expected `input` to be normalised or colour, but got grey."),
        ("feature_level", 3, "Expected `feature_level` to be 1 or 2, but got 3."),
    ],
)
def test_unknown_choices_are_refused(name, value, message):
    config = CycleGANConfig()
    object.__setattr__(config, name, value)  # past the type checker, which only the tests have
    with pytest.raises(HandcraftError) as caught:
        config.__post_init__()
    assert str(caught.value) == message


def test_paper_preset_builds_the_published_networks():
    networks = CycleNetworks(PAPER)
    assert parameter_count(networks.photographed_from_rendered) == 5_477_379
    assert parameter_count(networks) == 2 * (5_477_379 + 662_528)
    assert PAPER.loop.steps == 11_430
    assert PAPER_FEATURES.loop.steps == 22_890


@pytest.mark.parametrize("preset", [SMOKE, LAPTOP, LAPTOP_FEATURES, PAPER, PAPER_FEATURES])
def test_configuration_survives_its_record(preset):
    recorded = json.loads(json.dumps(preset.without_loop()))
    assert CycleGANConfig.from_recorded(recorded) == dataclasses.replace(preset, loop=CycleGANConfig().loop)
