# SPDX-License-Identifier: Apache-2.0
"""The pixel discriminator has the published size and sees one pixel at a time."""

import torch

from handcraft.networks import parameter_count
from handcraft.refine.discriminators import PixelDiscriminator
from tests.refine.discriminators.probe import extent_px, images, initialised, without_normalisation


def test_parameter_count_is_the_published_one():
    assert parameter_count(PixelDiscriminator()) == 8_961


def test_receptive_field_is_one_pixel():
    network = without_normalisation(initialised(PixelDiscriminator(4), std=0.3))
    assert extent_px(lambda shown: network(shown)[0], size=16) == (1, 1)


def test_moved_pixels_are_judged_as_before():
    """It knows colours and nothing of shape: shuffled pixels get shuffled answers."""
    network = initialised(PixelDiscriminator(8)).eval()
    shown = images(1, 16)
    torch.testing.assert_close(network(shown.flip(2, 3))[0], network(shown)[0].flip(2, 3))


def test_maps_have_the_size_of_the_image():
    network = PixelDiscriminator(4)
    assert network(images(2, 16))[0].shape == (2, 1, 16, 16)
    assert network.features(images(2, 16), 1).shape == (2, 4, 16, 16)
    assert network.features(images(2, 16), 2).shape == (2, 8, 16, 16)
