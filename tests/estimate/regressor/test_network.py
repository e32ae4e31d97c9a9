# SPDX-License-Identifier: Apache-2.0
"""The feedback adds, with one network, from the mean; encoders are the published ones, and frozen means frozen."""

import itertools
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from handcraft.errors import HandcraftError
from handcraft.estimate.regressor import REGRESSOR_SMOKE, FeedbackHead, RegressorNet
from handcraft.estimate.regressor.encoders import make_encoder, starting_weights
from handcraft.networks import parameter_count
from handcraft.networks.backbones import load_backbone
from handcraft.randomness import generator_for

MEAN = torch.linspace(-1, 1, 9)
FEATURES = torch.rand(4, 6, generator=generator_for(0))


def head(**changes):
    return FeedbackHead(6, MEAN, replace(REGRESSOR_SMOKE, **changes), generator=generator_for(1))


def test_every_step_adds_the_correction_of_one_network_to_the_last():
    feedback = head(last_gain=1.0)
    vectors = feedback(FEATURES)
    assert vectors.shape == (4, 4, 9)
    assert torch.equal(vectors[0], MEAN.expand(4, 9))
    for before, after in itertools.pairwise(vectors):
        torch.testing.assert_close(after, before + feedback.correction(torch.cat([FEATURES, before], 1)))
    assert parameter_count(feedback) == parameter_count(head(iterations=7))


def test_a_head_without_gain_stays_at_the_mean_and_a_small_one_near_it():
    assert torch.equal(head(last_gain=0.0)(FEATURES), MEAN.expand(4, 4, 9))
    assert 0 < (head()(FEATURES) - MEAN).abs().max() < 0.3


def test_the_mean_is_no_part_of_the_state():
    assert not any("mean" in name for name in head().state_dict())


def test_seed_001_s_head_has_its_size():
    thesis = FeedbackHead(
        2048, torch.zeros(61), replace(REGRESSOR_SMOKE, hidden=1024), generator=generator_for(1)
    )  # fmt: skip
    assert parameter_count(thesis) == 2110 * 1024 + 1025 * 1024 + 1025 * 61  # 3.27 million


def compact(**changes):
    config = replace(REGRESSOR_SMOKE, **changes)
    return RegressorNet(make_encoder(config, weights=None), MEAN, config, generator=generator_for(1))


def test_a_frozen_encoder_has_no_gradient_and_keeps_its_statistics():
    images = torch.rand(6, 3, 32, 32, generator=generator_for(2))
    for frozen in (True, False):
        network = compact(frozen=frozen, last_gain=1.0).train()
        before = {name: value.clone() for name, value in network.encoder.state_dict().items()}
        network(images)[-1].square().sum().backward()
        gradients = [parameter.grad for parameter in network.encoder.parameters()]
        assert all(gradient is None for gradient in gradients) == frozen
        same = all(torch.equal(before[name], value) for name, value in network.encoder.state_dict().items())
        assert same == frozen
        assert all(parameter.grad.abs().sum() > 0 for parameter in network.head.parameters())
        assert network.head.training


def test_batch_mates_do_not_matter_and_any_size_will_do():
    network = compact(last_gain=1.0).eval()
    images = torch.rand(3, 3, 48, 48, generator=generator_for(2))
    alone = torch.cat([network(image[None]) for image in images], 1)
    torch.testing.assert_close(network(images), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "side", "features", "parameters", "cells"),
    [
        ("resnet50", 224, 2048, 23_508_032, 7),
        ("densenet121", 224, 1024, 6_953_856, 7),
        ("inception_v3", 299, 2048, 21_785_568, 8),
    ],
)
def test_encoders_are_the_published_networks_without_classes(name, side, features, parameters, cells):
    """Inception with its two max-pools: seed 001's lost them, and ended in 35 x 35 cells."""
    with torch.device("meta"):
        encoder = make_encoder(replace(REGRESSOR_SMOKE, encoder=name), weights=None)
        images = torch.zeros(2, 3, side, side)
        assert encoder(images).shape == (2, features) == (2, encoder.feature_count)
        assert encoder._maps(images).shape == (2, features, cells, cells)
    assert parameter_count(encoder) == parameters
    assert all(parameter.requires_grad for parameter in encoder.parameters())


def test_a_pretrained_start_takes_the_user_s_file_and_asks_for_it(tmp_path):
    backbone = load_backbone("densenet121", seed=3)
    save_file(backbone.network.state_dict(), tmp_path / "densenet.safetensors")
    config = replace(REGRESSOR_SMOKE, encoder="densenet121", start="pretrained")
    with pytest.raises(HandcraftError, match=r"`weights` to name a file of densenet121's weights .* --weights FILE"):
        starting_weights(config)
    named = replace(config, weights=tmp_path / "densenet.safetensors")
    encoder = make_encoder(named, weights=starting_weights(named))
    assert torch.equal(encoder.network.features.conv0.weight, backbone.network.features.conv0.weight)
    assert starting_weights(replace(named, start="random")) is None
