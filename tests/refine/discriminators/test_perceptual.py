# SPDX-License-Identifier: Apache-2.0
"""The perceptual discriminator has seed 002's table, at any size, and leaves the frozen network alone."""

import copy

import pytest
import torch

from handcraft.encode import HandEncoder
from handcraft.encode.network import HandEncoderNet
from handcraft.errors import HandcraftError
from handcraft.networks import FeatureTaps, Vgg16Taps, initialise_normal, parameter_count
from handcraft.randomness import generator_for
from handcraft.refine.discriminators import PerceptualDiscriminator
from handcraft.refine.discriminators.perceptual import judged_steps
from tests.refine.discriminators.probe import Taps, extent_px, images, initialised


def small(size_px=64, grids=(16, 8, 4)):
    return initialised(PerceptualDiscriminator(Taps(), size_px=size_px, grids=grids))


def grids_of(network, size):
    return [tuple(each.shape[1:]) for each in network(images(1, size))]


def test_published_table_with_vgg16_at_128_pixels():
    network = PerceptualDiscriminator(Vgg16Taps.stand_in(generator_for(0)))
    assert parameter_count(network) == 11_328_899
    trunk = [(down[0].in_channels, down[0].out_channels) for down in network.downs]
    assert trunk == [(64, 64), (128, 128), (256, 256), (512, 512), (512, 512)]
    enters = [(enter[0].in_channels, enter[0].out_channels) for enter in network.enters]
    assert enters == [(128, 64), (256, 128), (512, 256)]
    with torch.no_grad():
        assert grids_of(network, 128) == [(1, 16, 16), (1, 8, 8), (1, 4, 4)]


@pytest.mark.parametrize(
    ("size", "grids", "steps"),
    [
        (128, (16, 8, 4), (3, 4, 5)),
        (64, (16, 8, 4), (2, 3, 4)),
        (256, (16, 8, 4), (4, 5, 6)),
        (96, (16, 8, 4), (3, 4, 5)),
        (64, (4, 16), (2, 4)),
        (20, (16, 8, 4), (1, 2)),
        (32, (1,), (5,)),
    ],
)
def test_depth_follows_the_size_and_the_grids(size, grids, steps):
    assert judged_steps(size, grids) == steps
    network = small(size, grids)
    assert len(network.downs) == max(steps)
    assert grids_of(network, size) == [(1, size >> step, size >> step) for step in steps]


def test_other_sizes_are_judged_too():
    network = small(64)
    shown = torch.zeros(2, 3, 57, 83)
    assert [tuple(each.shape) for each in network(shown)] == [(2, 1, 14, 20), (2, 1, 7, 10), (2, 1, 3, 5)]


def test_levels_are_the_trunk_after_each_halving():
    network = small(64)
    shown = images(1)
    assert [tuple(network.features(shown, level).shape[1:]) for level in (1, 2, 3, 4)] == [
        (4, 32, 32),
        (8, 16, 16),
        (16, 8, 8),
        (16, 4, 4),
    ]
    torch.testing.assert_close(network.heads["2"](network.features(shown, 2)), network(shown)[0])
    with pytest.raises(HandcraftError, match="Expected `level` to be from 1 to 4 for this discriminator, but got 5"):
        network.features(shown, 5)


def test_coarser_grids_see_more():
    """1-pixel steps of the taps apart, each halving doubles what an answer sees."""
    network = initialised(PerceptualDiscriminator(Taps(), size_px=128), std=0.3)
    extents = [extent_px(lambda shown, scale=scale: network(shown)[scale], size=128)[0] for scale in range(2)]
    assert 16 < extents[0] < extents[1] <= 128


def test_every_map_of_the_taps_and_every_weight_matters():
    network = small(64)
    torch.stack([each.square().sum() for each in network(images())]).sum().backward()
    assert all(bool(each.grad.abs().sum() > 0) for each in network.parameters())
    before = network(images())
    for level, layer in enumerate(network.taps.layers):
        changed = copy.deepcopy(network)
        changed.taps.layers[level].weight.data.mul_(1.5)
        assert not torch.equal(changed(images())[-1], before[-1]), layer


def test_gradient_passes_the_frozen_taps_to_the_image():
    network = small(64)
    shown = images().requires_grad_(True)
    sum(each.sum() for each in network(shown)).backward()
    assert bool((shown.grad.abs().sum(dim=1) > 0).all())
    assert all(each.grad is None and not each.requires_grad for each in network.taps.parameters())


def test_taps_are_neither_trained_nor_initialised_nor_saved_with_it():
    network = small(64)
    before = copy.deepcopy(network.taps.state_dict())
    initialise_normal(network, std=1.0, generator=generator_for(9))
    network.requires_grad_(True).train()
    assert not any(name.startswith("taps") for name in network.state_dict())
    assert not any(each.requires_grad for each in network.taps.parameters())
    assert not network.taps.training
    assert all(torch.equal(before[name], value) for name, value in network.taps.state_dict().items())


def test_taps_move_with_it():
    network = small(64).to(torch.float64)
    assert network.taps.layers[0].weight.dtype == torch.float64
    assert network(images().double())[0].dtype == torch.float64
    assert isinstance(network.taps, FeatureTaps)


def test_looks_through_the_hand_encoder_too():
    """Its channels are a quarter of VGG-16's and fewer, and answers are awake all the same."""
    taps = HandEncoder(HandEncoderNet(generator=generator_for(0)).state_dict(), name="an encoder (untrained)")
    network = initialised(PerceptualDiscriminator(taps, size_px=64))
    assert isinstance(taps, FeatureTaps)
    assert grids_of(network, 64) == [(1, 16, 16), (1, 8, 8), (1, 4, 4)]
    shown = images().requires_grad_(True)
    answers = network(shown)
    sum(each.sum() for each in answers).backward()
    assert bool((shown.grad.abs().sum(dim=1) > 0).all())
    assert all(each.abs().mean() > 1e-2 for each in answers)
    assert all(each.grad is None for each in taps.parameters())


@pytest.mark.parametrize(
    ("size", "grids", "message"),
    [
        (64, (), "Expected `grids` to name at least one side, but got none."),
        (64, (8, 0), "Expected `grids[1]` to be at least 1, but got 0."),
        (16, (16, 8), "Expected `grids` to be smaller than images of 16 pixels, but got 16."),
    ],
)
def test_nonsense_is_refused(size, grids, message):
    with pytest.raises(HandcraftError) as caught:
        PerceptualDiscriminator(Taps(), size_px=size, grids=grids)
    assert str(caught.value) == message
