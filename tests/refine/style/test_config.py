# SPDX-License-Identifier: Apache-2.0
"""Presets survive the way through a checkpoint, and what cannot be trained with is refused."""

import dataclasses
import json

import pytest

from handcraft.errors import HandcraftError
from handcraft.refine.style import STYLE_LAPTOP, STYLE_SMOKE, StyleConfig


@pytest.mark.parametrize("config", [STYLE_SMOKE, STYLE_LAPTOP])
def test_recorded_and_read_again(config):
    read = StyleConfig.from_recorded(json.loads(json.dumps(config.without_loop())))
    assert dataclasses.replace(read, loop=config.loop) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"style_size": 0}, "Expected `style_size` to be at least 1, but got 0."),
        ({"bank": 0}, "Expected `bank` to be at least 1, but got 0."),
        ({"prior_weight": -1.0}, "Expected `prior_weight` to be at least 0, but got -1.0."),
        ({"ema_decay": 1.0}, "Expected `ema_decay` to be at least 0 and below 1, but got 1.0."),
    ],
)
def test_unsuitable_values_are_refused(values, message):
    with pytest.raises(HandcraftError) as caught:
        StyleConfig(**values)
    assert str(caught.value) == message
