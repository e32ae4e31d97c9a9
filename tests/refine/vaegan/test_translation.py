# SPDX-License-Identifier: Apache-2.0
"""A trained VAEGAN answers for each image alone, by the mean of its code, without its tint, in [0, 1]."""

import dataclasses

import pytest
import torch

from handcraft.data import normalise_colour
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine.translator import Given
from handcraft.refine.vaegan import translator_from
from handcraft.training import Checkpoint
from tests.refine.toy import renders
from tests.refine.vaegan.toy import TINY, learner_at


@pytest.fixture(scope="module")
def trained():
    """With statistics and codes in which images differ visibly, as after a long training."""
    trained = learner_at(5)
    with torch.no_grad():
        trained.networks.encoder.mean.weight.mul_(100)
        trained.average.network.layers[-2].weight.mul_(10)
        for step in range(40):
            trained.networks.encoder.train()(normalise_colour(trained.batches.rendered(step).images) * 2 - 1)
            trained.average.network.train()(trained.batches.noise(step, "generated"))
        trained.average.network.eval()
    return trained


def checkpoint_of(trained, *, step=6):
    return Checkpoint("vaegan", TINY.without_loop(), step, {"learner": trained.state_dict()})


def given(count, *, seed=0, strength=1.0):
    return Given(masks=None, numbers=torch.arange(count), seed=seed, strength=strength)


def test_it_is_the_averaged_decoder_on_the_mean(trained):
    images = renders().float_images()
    refined = translator_from(checkpoint_of(trained)).translate(images, given(len(images)))
    with torch.no_grad():
        mean = trained.networks.encoder.eval()(normalise_colour(images) * 2 - 1).mean
        expected = (trained.average.network(mean) + 1) / 2
    torch.testing.assert_close(refined, expected)
    assert not refined.requires_grad
    assert 0 <= refined.min() < refined.max() <= 1


def test_nothing_is_drawn_and_batch_mates_do_not_matter(trained):
    translator = translator_from(checkpoint_of(trained))
    images = renders().float_images()
    images[1:] *= torch.rand(len(images) - 1, 1, 1, 1, generator=generator_for(1))
    together = translator.translate(images, given(len(images)))
    alone = translator.translate(images[:1], Given(masks=None, numbers=torch.tensor([7]), seed=3))
    torch.testing.assert_close(together[:1], alone, rtol=0, atol=1e-5)


def test_tint_is_taken_out_first(trained):
    translator, images = translator_from(checkpoint_of(trained)), renders().float_images()
    tint = torch.tensor([0.9, 0.5, 0.3]).reshape(3, 1, 1)
    plain, tinted = (translator.translate(each, given(len(images))) for each in (images, images * tint))
    torch.testing.assert_close(plain, tinted, rtol=0, atol=1e-3)
    assert plain.std(dim=0).mean() > 0.02


def test_it_has_one_size_and_one_strength(trained):
    translator = translator_from(checkpoint_of(trained))
    assert translator.size_multiple == translator.size_minimum == 16
    with pytest.raises(HandcraftError, match=r"Expected images of 16x16 pixels, .* but got 32x16 after padding"):
        translator.translate(torch.zeros(1, 3, 32, 16), given(1))
    with pytest.raises(HandcraftError, match=r"Expected `strength` to be 1 for a VAEGAN, .* but got 0.5"):
        translator.translate(torch.zeros(1, 3, 16, 16), given(1, strength=0.5))


def test_a_checkpoint_of_a_pretraining_is_no_refiner(trained):
    with pytest.raises(HandcraftError, match=r"beyond its 4 steps of pre-training, but the checkpoint is of step 4"):
        translator_from(checkpoint_of(trained, step=4))


def test_an_unknown_configuration_is_refused(trained):
    strange = dataclasses.replace(checkpoint_of(trained), config={"wings": 2})
    with pytest.raises(HandcraftError, match=r"to be a VAEGANConfig of this version, but .*wings"):
        translator_from(strange)
