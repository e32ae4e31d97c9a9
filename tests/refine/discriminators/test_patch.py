# SPDX-License-Identifier: Apache-2.0
"""Patch discriminators have the published sizes and judge the published patches."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.networks import parameter_count
from handcraft.refine.discriminators import PatchDiscriminator, PatchDiscriminator70
from tests.refine.discriminators.probe import extent_px, images, initialised, without_normalisation


def judged(network):
    """The one map of a discriminator, to be probed."""
    return lambda shown: network(shown)[0]


def test_parameter_counts_are_the_published_ones():
    assert parameter_count(PatchDiscriminator()) == 662_528
    assert parameter_count(PatchDiscriminator70()) == 2_766_529


@pytest.mark.parametrize(
    ("network", "extent"),
    [
        (PatchDiscriminator(4), 46),
        (PatchDiscriminator(4, full_resolution_features=True), 50),
        (PatchDiscriminator70(4), 70),
    ],
)
def test_receptive_field_is_the_published_patch(network, extent):
    assert extent_px(judged(without_normalisation(initialised(network, std=0.2))), size=160) == (extent, extent)


def test_full_resolution_features_see_five_pixels():
    network = initialised(PatchDiscriminator(4, full_resolution_features=True), std=0.2)
    assert extent_px(lambda shown: network.features(shown, 1), size=32) == (5, 5)


def test_features_are_the_published_maps_and_lead_to_the_answer():
    network = initialised(PatchDiscriminator())
    shown = images(1)
    assert network.features(shown, 1).shape == (1, 64, 32, 32)
    assert network.features(shown, 2).shape == (1, 128, 16, 16)
    torch.testing.assert_close(network.blocks[1](network.features(shown, 1)), network.features(shown, 2))
    torch.testing.assert_close(network.head(network.features(shown, 3)), network(shown)[0])
    assert [tuple(each.shape) for each in network(shown)] == [(1, 1, 7, 7)]


def test_first_block_at_full_resolution_answers_at_the_size_of_the_image():
    network = initialised(PatchDiscriminator(8, full_resolution_features=True))
    assert network.features(images(1), 1).shape == (1, 8, 64, 64)
    assert network.features(images(1), 2).shape == (1, 8, 32, 32)
    assert network(images(1))[0].shape == (1, 1, 7, 7)


def test_first_block_at_full_resolution_is_residual():
    block = initialised(PatchDiscriminator(4, full_resolution_features=True), std=0.3).blocks[0]
    with torch.no_grad():
        block.residual[-1].weight.zero_()
    torch.testing.assert_close(block(images(1)), torch.nn.functional.leaky_relu(block.enter(images(1)), 0.2))


def test_patch_discriminator_70_answers_a_map_of_14_at_128_pixels():
    assert PatchDiscriminator70(4)(images(2, 128))[0].shape == (2, 1, 14, 14)
    assert PatchDiscriminator70(4).features(images(2, 128), 1).shape == (2, 4, 64, 64)


@pytest.mark.parametrize("sigmoid", [True, False])
def test_sigmoid_bounds_the_answer(sigmoid):
    (answers,) = initialised(PatchDiscriminator(32, sigmoid=sigmoid))(images(4))
    assert (bool((answers > 0).all()) and bool((answers < 1).all())) == sigmoid


@pytest.mark.parametrize(
    "network",
    [PatchDiscriminator(sigmoid=False), PatchDiscriminator(sigmoid=False, full_resolution_features=True)],
)
def test_images_do_not_see_each_other(network):
    (together,), (alone,) = initialised(network)(images(3)), network(images(3)[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PatchDiscriminator(width=0), "Expected `width` to be at least 1, but got 0."),
        (lambda: PatchDiscriminator70(width=0), "Expected `width` to be at least 1, but got 0."),
        (
            lambda: PatchDiscriminator(4).features(images(1), 4),
            "Expected `level` to be from 1 to 3 for this discriminator, but got 4.",
        ),
        (
            lambda: PatchDiscriminator(4).features(images(1), 0),
            "Expected `level` to be from 1 to 3 for this discriminator, but got 0.",
        ),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(HandcraftError) as caught:
        make()
    assert str(caught.value) == message
