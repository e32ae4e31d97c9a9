# SPDX-License-Identifier: Apache-2.0
"""The networks have the published sizes, judge the published patches, and treat every image alone."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.networks import initialise_normal, parameter_count
from handcraft.randomness import generator_for
from handcraft.refine import CycleGenerator, PatchDiscriminator


def discriminator(**options):
    network = PatchDiscriminator(**options)
    initialise_normal(network, std=0.02, generator=generator_for(0))
    return network


def test_parameter_counts_are_the_published_ones():
    assert parameter_count(CycleGenerator()) == 5_477_379
    assert parameter_count(PatchDiscriminator()) == 662_528


@pytest.mark.parametrize("upsample", ["transposed", "resize"])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 24)])
def test_generator_keeps_the_size_and_the_range(upsample, height, width):
    images = torch.rand(2, 3, height, width, generator=generator_for(1)) * 2 - 1
    translated = CycleGenerator(4, 1, upsample)(images)
    assert translated.shape == images.shape
    assert translated.abs().max() <= 1


def test_generator_has_no_checkerboard_with_resize_convolutions():
    """On a flat image everything stays flat; transposed convolutions reach pixels unevenly and do not."""
    flat = torch.full((1, 3, 16, 16), 0.3)
    assert spread(CycleGenerator(4, 1, "resize")(flat)) < 1e-5


def spread(image):
    return (image.amax(dim=(2, 3)) - image.amin(dim=(2, 3))).max()


def test_generator_does_not_mix_images_and_has_no_modes():
    network = CycleGenerator(4, 1)
    images = torch.rand(3, 3, 16, 16, generator=generator_for(2)) * 2 - 1
    together = network(images)
    torch.testing.assert_close(together[1:2], network(images[1:2]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network.eval()(images), together, rtol=0, atol=0)


def test_features_are_the_published_maps_and_lead_to_the_answer():
    network = discriminator()
    images = torch.rand(1, 3, 64, 64, generator=generator_for(3)) * 2 - 1
    assert network.features(images, 1).shape == (1, 64, 32, 32)
    assert network.features(images, 2).shape == (1, 128, 16, 16)
    torch.testing.assert_close(network.blocks[1](network.features(images, 1)), network.features(images, 2))
    assert network(images).shape == (1, 1, 7, 7)


def test_receptive_field_is_46_pixels():
    """Seen by the gradient of the middle answer; instance normalisation, which sees all, is replaced by nothing."""
    network = discriminator(width=4)
    for block in network.blocks[1:]:
        block[1] = torch.nn.Identity()
    images = torch.zeros(1, 3, 128, 128, requires_grad=True)
    network(images)[0, 0, 7, 7].backward()
    columns = images.grad[0].abs().sum(dim=(0, 1)).nonzero().flatten()
    assert int(columns[-1] - columns[0]) + 1 == 46


@pytest.mark.parametrize("sigmoid", [True, False])
def test_discriminator_is_awake_at_the_start(sigmoid):
    images = torch.rand(4, 3, 64, 64, generator=generator_for(4)) * 2 - 1
    answers = discriminator(width=32, sigmoid=sigmoid)(images)
    assert answers.std() > 1e-2
    assert (bool((answers > 0).all()) and bool((answers < 1).all())) == sigmoid


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CycleGenerator(width=0), "Expected `width` to be at least 1, but got 0."),
        (lambda: CycleGenerator(blocks=-2), "Expected `blocks` to be at least 1, but got -2."),
        (lambda: PatchDiscriminator(width=0), "Expected `width` to be at least 1, but got 0."),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(HandcraftError) as caught:
        make()
    assert str(caught.value) == message
