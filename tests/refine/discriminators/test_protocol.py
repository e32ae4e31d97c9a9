# SPDX-License-Identifier: Apache-2.0
"""What all discriminators have in common, whichever is chosen."""

import pytest
import torch

from handcraft.networks import initialise_xavier
from handcraft.randomness import generator_for
from handcraft.refine.discriminators import (
    Discriminator,
    PatchDiscriminator,
    PatchDiscriminator70,
    PerceptualDiscriminator,
    PixelDiscriminator,
)
from tests.refine.discriminators.probe import Taps, images, initialised

EVERY = pytest.mark.parametrize(
    "make",
    [
        lambda: PatchDiscriminator(64),
        lambda: PatchDiscriminator(64, sigmoid=False),
        lambda: PatchDiscriminator(64, sigmoid=False, full_resolution_features=True),
        lambda: PatchDiscriminator70(32),
        lambda: PixelDiscriminator(64),
        lambda: PerceptualDiscriminator(Taps((64, 64, 64, 64)), size_px=64),
    ],
)


@EVERY
def test_awake_at_the_start(make):
    """An answer that hardly varies teaches nothing; seed 002's Xavier initialisation with gain 0.02 starts so."""
    network = make()
    for answers in initialised(network)(images(4)):
        assert answers.abs().mean() > 1e-2
        assert answers.std() > 1e-2


def test_perceptual_discriminator_is_awake_with_xavier_of_gain_one_and_nearly_dead_with_the_published_gain():
    network = PerceptualDiscriminator(Taps((16, 16, 16, 16)), size_px=64)
    deviations = []
    for gain in (1.0, 0.02):
        initialise_xavier(network, gain=gain, generator=generator_for(3))
        deviations.append([answers.std().item() for answers in network(images(4))])
    assert min(deviations[0]) > 1e-2
    assert max(deviations[1]) < 1e-2


@EVERY
def test_all_fulfil_the_protocol(make):
    network = make()
    assert isinstance(network, Discriminator)
    answers = network(images())
    assert isinstance(answers, tuple)
    assert all(each.shape[:2] == (2, 1) for each in answers)
    assert network.features(images(), 1).ndim == 4


@EVERY
def test_gradient_reaches_every_weight_and_every_pixel(make):
    network = initialised(make())
    shown = images().requires_grad_(True)
    torch.stack([each.square().mean() for each in network(shown)]).sum().backward()
    weights = {name: each for name, each in network.named_parameters() if name.endswith("weight")}
    assert [name for name, each in weights.items() if not each.grad.abs().sum() > 0] == []
    assert bool((shown.grad.abs().sum(dim=1) > 0).float().mean() > 0.9)
