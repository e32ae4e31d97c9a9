# SPDX-License-Identifier: Apache-2.0
"""Generators have the published sizes, keep sizes and ranges, and treat every image alone where they are used."""

import pytest
import torch
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.networks import parameter_count
from handcraft.randomness import generator_for
from handcraft.refine.generators import CycleGenerator
from tests.refine.discriminators.probe import extent_px, initialised, without_normalisation


def images(count=3, height=16, width=16):
    return torch.rand(count, 3, height, width, generator=generator_for(1)) * 2 - 1


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({}, 5_477_379),
        ({"norm": "batch", "dropout": 0.5, "blocks": 4}, 5_482_755),
        ({"norm": "batch", "dropout": 0.5, "blocks": 6}, 7_845_123),
        ({"norm": "batch", "dropout": 0.5, "blocks": 9}, 11_388_675),
    ],
)
def test_parameter_counts_are_the_published_ones(options, parameters):
    assert parameter_count(CycleGenerator(**options)) == parameters


def test_normalisation_of_seed_000_has_no_parameters_and_no_state():
    network = CycleGenerator(4, 1)
    assert list(network.buffers()) == []
    assert all(
        isinstance(each, nn.Conv2d | nn.ConvTranspose2d)
        for each in network.modules()
        if list(each.parameters(recurse=False))
    )


@pytest.mark.parametrize(
    ("norm", "activation", "halving"), [("instance", nn.LeakyReLU, "reflect"), ("batch", nn.ReLU, "zeros")]
)
def test_activations_and_borders_are_those_of_the_seed(norm, activation, halving):
    network = CycleGenerator(4, 2, norm=norm)
    activations = [each for each in network.modules() if isinstance(each, nn.ReLU | nn.LeakyReLU)]
    assert len(activations) == 7
    assert all(type(each) is activation for each in activations)
    borders = {each.stride[0]: each.padding_mode for each in network.modules() if isinstance(each, nn.Conv2d)}
    assert borders == {1: "reflect", 2: halving}


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("upsample", ["transposed", "resize"])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 24)])
def test_generator_keeps_the_size_and_the_range(upsample, height, width, norm):
    shown = images(2, height, width)
    translated = CycleGenerator(4, 1, upsample, norm)(shown)
    assert translated.shape == shown.shape
    assert translated.abs().max() <= 1


def test_generator_has_no_checkerboard_with_resize_convolutions():
    """On a flat image everything stays flat; transposed convolutions reach pixels unevenly and do not."""
    flat = torch.full((1, 3, 16, 16), 0.3)
    assert spread(CycleGenerator(4, 1, "resize")(flat)) < 1e-5


def spread(image):
    return (image.amax(dim=(2, 3)) - image.amin(dim=(2, 3))).max()


def test_generator_of_seed_000_does_not_mix_images_and_has_no_modes():
    network = CycleGenerator(4, 1)
    together = network(images())
    torch.testing.assert_close(together[1:2], network(images()[1:2]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network.eval()(images()), together, rtol=0, atol=0)


def test_generator_of_seed_002_mixes_images_in_training_and_not_in_use():
    network = CycleGenerator(4, 1, norm="batch")
    assert not torch.allclose(network(images())[1:2], network(images()[1:2]), atol=1e-3)
    network.eval()
    torch.testing.assert_close(network(images())[1:2], network(images()[1:2]), rtol=1e-4, atol=1e-5)


def test_dropout_is_drawn_in_training_and_absent_in_use():
    network = CycleGenerator(4, 1, dropout=0.5)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = network(images()), network(images())
        torch.manual_seed(0)
        again = network(images())
    assert torch.equal(first, again)
    assert not torch.allclose(first, second)
    plain = CycleGenerator(4, 1)
    plain.load_state_dict(dict(zip(plain.state_dict(), network.state_dict().values(), strict=True)))
    torch.testing.assert_close(network.eval()(images()), plain(images()))


@pytest.mark.parametrize(("blocks", "extent"), [(4, 85), (6, 117)])
def test_each_block_widens_what_a_pixel_sees_by_16(blocks, extent):
    """7 pixels, 5 at half and 3 at quarter size on the way back; 2 more a convolution; doubled twice, and 6 more."""
    quarter = 3 + 2 * 2 * blocks
    assert 2 * (2 * quarter + 1) + 1 + 6 == extent
    network = without_normalisation(initialised(CycleGenerator(2, blocks), std=0.3))
    assert extent_px(network, size=192) == (extent, extent)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CycleGenerator(width=0), "Expected `width` to be at least 1, but got 0."),
        (lambda: CycleGenerator(blocks=-2), "Expected `blocks` to be at least 1, but got -2."),
        (lambda: CycleGenerator(dropout=1.0), "Expected `dropout` to be at least 0 and below 1, but got 1.0."),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(HandcraftError) as caught:
        make()
    assert str(caught.value) == message
