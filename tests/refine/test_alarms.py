# SPDX-License-Identifier: Apache-2.0
"""Each alarm rings for its own failure, not at once, not for another's, and stops when it is over."""

import torch

from handcraft.randomness import generator_for
from handcraft.refine.alarms import Alarms

ALARMS = ("collapse_warning", "identity_warning", "variety_warning")


def hands(step, *, tones):
    """Flat hands in the middle of black pictures, whose brightness differs by ``tones``."""
    brightness = 0.5 + tones * (torch.rand(4, 1, 1, 1, generator=generator_for(step)) - 0.5)
    masks = torch.zeros(4, 8, 8, dtype=torch.bool)
    masks[:, 2:6, 2:6] = True
    return brightness * masks[:, None].expand(4, 3, 8, 8), masks


def rung(alarms, steps, *, refined_tones=0.6, changed=True, accuracy=0.7):
    """The alarms on after ``steps``."""
    for step in range(steps):
        (target, masks), (original, _) = hands(step, tones=0.6), hands(step + 10**6, tones=0.6)
        refined = hands(step + 2 * 10**6, tones=refined_tones)[0] if changed else original
        told = alarms.watch(
            original=original, refined=refined, masks=masks, target=target, target_masks=masks, accuracies=[accuracy]
        )
    return {name for name in ALARMS if told[name]}


def test_a_healthy_training_rings_nothing():
    assert rung(Alarms(), 150) == set()


def test_discriminators_that_are_always_right_ring_collapse():
    alarms = Alarms()
    assert rung(alarms, 5, accuracy=1.0) == set()
    assert rung(alarms, 120, accuracy=1.0) == {"collapse_warning"}
    assert rung(alarms, 10) == set()


def test_renders_handed_back_as_they_are_ring_identity():
    alarms = Alarms()
    assert rung(alarms, 5, changed=False) == set()
    assert rung(alarms, 120, changed=False) == {"identity_warning"}
    assert rung(alarms, 10) == set()


def test_hands_painted_alike_ring_variety():
    alarms = Alarms()
    assert rung(alarms, 5, refined_tones=0.0) == set()
    assert rung(alarms, 120, refined_tones=0.0) == {"variety_warning"}
    assert rung(alarms, 60) == set()


def test_hands_alike_ring_nothing_where_photographs_are_alike_too():
    alarms = Alarms()
    for step in range(120):
        (target, masks), (original, _) = hands(step, tones=0.0), hands(step, tones=0.6)
        told = alarms.watch(original=original, refined=0.9 * target, masks=masks, target=target, target_masks=masks)
    assert {name for name in ALARMS if told[name]} == set()


def test_watching_goes_on_after_a_stop_as_without():
    through, stopped, resumed = Alarms(), Alarms(), Alarms()
    rung(through, 30, refined_tones=0.1)
    rung(stopped, 30, refined_tones=0.1)
    resumed.load_state_dict(stopped.state_dict())
    rung(through, 3)
    rung(resumed, 3)
    assert through.state_dict() == resumed.state_dict()
