# SPDX-License-Identifier: Apache-2.0
"""A shape has no tint, brightness or contrast; a style has no size; and both reach the picture."""

import dataclasses

import pytest
import torch

from handcraft.randomness import generator_for
from handcraft.refine.style import shape_of
from tests.refine.style.toy import TINY


def images(*shape, index=0):
    return torch.rand(*shape, generator=generator_for(5, index)) * 2 - 1


def test_shape_has_no_brightness_and_no_contrast():
    pictures = images(3, 3, 8, 12)
    shapes = shape_of(pictures)
    torch.testing.assert_close(shape_of(0.2 * pictures + 0.5), shapes, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(shapes.mean(dim=(1, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(shapes.std(dim=(1, 2, 3), correction=0), torch.ones(3))


def test_shape_is_the_same_for_every_tint_of_a_grey_image():
    grey = images(1, 1, 8, 8).expand(-1, 3, -1, -1)
    tint = torch.tensor([0.9, 0.5, 0.1])[:, None, None]
    torch.testing.assert_close(shape_of(grey * tint), shape_of(grey), atol=1e-5, rtol=1e-5)


def test_flat_image_has_a_flat_shape():
    assert torch.equal(shape_of(torch.full((1, 3, 8, 8), -1.0)), torch.zeros(1, 1, 8, 8))


@pytest.mark.parametrize("upsample", ["transposed", "resize"])
def test_sizes_are_kept_and_styles_count(upsample):
    network = dataclasses.replace(TINY, upsample=upsample).network()
    pictures, styles = images(2, 3, 12, 20), torch.eye(3)[:2]
    refined = network.refined(pictures, styles)
    assert refined.shape == pictures.shape
    assert refined.abs().max() <= 1
    assert (network.refined(pictures, styles.flip(0)) - refined).abs().mean() > 1e-3


def test_refined_image_forgets_the_renders_own_tint():
    network = TINY.network()
    pictures, styles = images(2, 3, 16, 16), images(2, 3, index=1)
    torch.testing.assert_close(
        network.refined(0.3 * pictures - 0.4, styles), network.refined(pictures, styles), atol=1e-3, rtol=1e-3
    )


def test_style_depends_on_colour_and_not_on_how_much_of_it_there_is():
    network = TINY.network()
    red, blue = (torch.tensor(colour).reshape(1, 3, 1, 1) for colour in ((0.8, -0.5, -0.6), (-0.6, -0.5, 0.8)))
    small, large = network.styles_of(red.expand(1, 3, 16, 16)), network.styles_of(red.expand(1, 3, 40, 32))
    torch.testing.assert_close(small, large)
    assert (network.styles_of(blue.expand(1, 3, 16, 16)) - small).abs().max() > 0.05


def test_weights_follow_from_the_seed():
    def weights(seed):
        return torch.cat([each.flatten() for each in dataclasses.replace(TINY, seed=seed).network().parameters()])

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))
