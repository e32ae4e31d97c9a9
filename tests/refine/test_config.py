# SPDX-License-Identifier: Apache-2.0
"""Configurations refuse what cannot be trained with; the papers' presets have the papers' figures."""

import dataclasses
import json

import pytest

from handcraft.errors import HandcraftError
from handcraft.networks import parameter_count
from handcraft.refine import (
    GEOCONGAN,
    LAPTOP,
    LAPTOP_FEATURES,
    MSH_GAN4,
    MSH_GAN6,
    PAPER,
    PAPER_FEATURES,
    PAPER_FULL_RESOLUTION,
    PAPER_WASSERSTEIN,
    PIX_CYCLEGAN4,
    PIX_CYCLEGAN6,
    SMOKE,
    CycleGANConfig,
    DiscriminatorConfig,
    GeneratorConfig,
    OptimiserConfig,
)
from handcraft.refine.objective import CycleNetworks

PRESETS = [
    SMOKE, LAPTOP, LAPTOP_FEATURES, PAPER, PAPER_FEATURES, PAPER_FULL_RESOLUTION, PAPER_WASSERSTEIN,
    PIX_CYCLEGAN4, PIX_CYCLEGAN6, MSH_GAN4, MSH_GAN6, GEOCONGAN,
]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "values", "message"),
    [
        (CycleGANConfig, {"cycle_weight": -1.0}, "Expected `cycle_weight` to be at least 0, but got -1.0."),
        (CycleGANConfig, {"identity_weight": -0.5}, "Expected `identity_weight` to be at least 0, but got -0.5."),
        (CycleGANConfig, {"batch_size": 0}, "Expected `batch_size` to be at least 1, but got 0."),
        (CycleGANConfig, {"critic_steps": 0}, "Expected `critic_steps` to be at least 1, but got 0."),
        (CycleGANConfig, {"ema_decay": 1.5}, "Expected `ema_decay` to be at least 0 and below 1, but got 1.5."),
        (CycleGANConfig, {"pool": -1}, "Expected `pool` to be at least 0, but got -1."),
        (GeneratorConfig, {"width": 0}, "Expected `width` to be at least 1, but got 0."),
        (GeneratorConfig, {"dropout": 1.0}, "Expected `dropout` to be at least 0 and below 1, but got 1.0."),
        (OptimiserConfig, {"learning_rate": 0.0}, "Expected `learning_rate` to be above 0, but got 0.0."),
        (OptimiserConfig, {"beta1": 1.0}, "Expected `beta1` to be at least 0 and below 1, but got 1.0."),
    ],
)
def test_nonsense_is_refused(config, values, message):
    with pytest.raises(HandcraftError) as caught:
        config(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("config", "name", "value", "message"),
    [
        (CycleGANConfig, "cycle", "pixel", "Expected `cycle` to be pixels or discriminator_features, but got pixel."),
        (CycleGANConfig, "input", "grey", "Expected `input` to be normalised or colour, but got grey."),
        (CycleGANConfig, "feature_level", 3, "Expected `feature_level` to be 1 or 2, but got 3."),
        (GeneratorConfig, "norm", "layer", "Expected `norm` to be instance or batch, but got layer."),
    ],
)
def test_unknown_choices_are_refused(config, name, value, message):
    config = config()
    object.__setattr__(config, name, value)  # past the type checker, which only the tests have
    with pytest.raises(HandcraftError) as caught:
        config.__post_init__()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("discriminator", "message"),
    [
        (DiscriminatorConfig(), r"`discriminator.sigmoid` to be False for a Wasserstein critic"),
        (DiscriminatorConfig(kind="pixel"), r"`discriminator.kind` to be patch46 or perceptual .* but got pixel"),
    ],
)
def test_critics_are_neither_shares_nor_normalised_over_the_batch(discriminator, message):
    with pytest.raises(HandcraftError, match=message):
        CycleGANConfig(adversary="wasserstein", discriminator=discriminator)


def test_paper_presets_build_the_published_networks():
    networks = CycleNetworks(PAPER, size_px=64)
    assert parameter_count(networks.photographed_from_rendered) == 5_477_379
    assert parameter_count(networks) == 2 * (5_477_379 + 662_528)
    assert parameter_count(CycleNetworks(PIX_CYCLEGAN6, size_px=128)) == 2 * (7_845_123 + 8_961)
    assert parameter_count(CycleNetworks(GEOCONGAN, size_px=128)) == 2 * (11_388_675 + 2_766_529)


def test_paper_presets_have_the_published_figures():
    assert PAPER.loop.steps == 11_430
    assert PAPER_FEATURES.loop.steps == 22_890
    assert (PAPER.cycle_weight, PAPER.identity_weight, PAPER.pool, PAPER.optimiser.learning_rate) == (10, 0, 256, 2e-4)
    for preset in (MSH_GAN4, PIX_CYCLEGAN6):
        assert (preset.cycle_weight, preset.identity_weight, preset.pool) == (10, 5, 50)
        assert (preset.batch_size, preset.optimiser.learning_rate, preset.composite) == (8, 5e-5, True)
    assert (GEOCONGAN.generator.blocks, GEOCONGAN.loop.steps, GEOCONGAN.optimiser.learning_rate) == (9, 20_000, 2e-4)
    assert (GEOCONGAN.silhouette_weight, GEOCONGAN.composite) == (1, False)
    assert PAPER.optimiser.rate_at(0) == PAPER.optimiser.rate_at(10**6) == 2e-4


@pytest.mark.parametrize("preset", PRESETS)
def test_configuration_survives_its_record(preset):
    recorded = json.loads(json.dumps(preset.without_loop()))
    assert CycleGANConfig.from_recorded(recorded) == dataclasses.replace(preset, loop=CycleGANConfig().loop)
