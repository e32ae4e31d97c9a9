# SPDX-License-Identifier: Apache-2.0
"""A refiner answers for each image alone, at any size, in [0, 1]."""

import dataclasses

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine import Refiner
from handcraft.training import save_checkpoint
from tests.refine.toy import TINY, refiner

NORMALISED = dataclasses.replace(TINY, input="normalised")
COMPOSITED = dataclasses.replace(TINY, composite=True)


def images(count, height=16, width=16):
    return torch.rand(count, 3, height, width, generator=generator_for(count, height, width))


@pytest.mark.parametrize("config", [TINY, NORMALISED])
def test_batch_mates_do_not_matter(config):
    refine, batch = refiner(config), images(5)
    batch[1:] *= torch.tensor([0.1, 0.5, 2.0, 0.0]).reshape(4, 1, 1, 1)  # a stretch over the batch would show here
    torch.testing.assert_close(refine(batch)[0], refine(batch[:1])[0], rtol=0, atol=1e-5)


def test_mode_does_not_matter():
    refine, batch = refiner(), images(2)
    refine.translator.train()
    training = refine(batch)
    refine.translator.eval()
    assert torch.equal(refine(batch), training)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 30), (16, 16), (33, 18)])
def test_any_size_keeps_its_size_and_range(height, width):
    refined = refiner()(images(2, height, width))
    assert refined.shape == (2, 3, height, width)
    assert refined.min() >= 0
    assert refined.max() <= 1
    assert not refined.requires_grad


def test_padding_does_not_move_the_image():
    """A size that needs no padding gives the same pixels as that image with its border repeated by hand."""
    refine, batch = refiner(), images(1, 16, 17)
    by_hand = torch.nn.functional.pad(batch, (1, 2, 0, 0), mode="replicate")
    torch.testing.assert_close(refine(batch), refine(by_hand)[..., 1:18], rtol=0, atol=1e-6)


def test_tint_is_taken_out_first_when_trained_so():
    """A gain per channel, which colour normalisation removes, makes a difference only to a refiner in colour."""
    batch, tint = images(2), torch.tensor([0.9, 0.5, 0.3]).reshape(3, 1, 1)
    normalising, in_colour = refiner(NORMALISED), refiner(TINY)
    torch.testing.assert_close(normalising(batch), normalising(batch * tint), rtol=0, atol=1e-3)
    assert (in_colour(batch) - in_colour(batch * tint)).abs().max() > 0.05


def test_what_lies_outside_the_mask_stays_where_training_kept_it():
    """Also where the image is padded: the mask is padded with it."""
    refine, batch = refiner(COMPOSITED), images(2, 17, 18)
    masks = torch.zeros(2, 17, 18, dtype=torch.bool)
    masks[:, 3:9, 5:] = True
    refined = refine(batch, masks=masks)
    outside = ~masks[:, None].expand_as(batch)
    torch.testing.assert_close(refined[outside], batch[outside], rtol=0, atol=1e-6)
    torch.testing.assert_close(refined[~outside], refiner(TINY)(batch)[~outside])
    assert (refined[~outside] - batch[~outside]).abs().mean() > 0.01


def test_masks_that_are_needed_or_do_not_match_are_asked_for():
    with pytest.raises(HandcraftError, match=r"Expected `masks` for a refiner that was trained to change hands"):
        refiner(COMPOSITED)(images(2))
    with pytest.raises(HandcraftError, match=r"Expected `masks` to be 2 of 16x16 pixels, .* but got 2 of 16x8"):
        refiner(COMPOSITED)(images(2), masks=torch.ones(2, 8, 16, dtype=torch.bool))


def test_a_strength_that_it_does_not_have_is_refused():
    with pytest.raises(HandcraftError, match=r"Expected `strength` to be 1 for a CycleGAN, but got 0\.5"):
        refiner()(images(1), strength=0.5)


def test_checkpoint_without_refiner_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, kind="cyclegan", config=TINY.without_loop(), step=1, state={"learner": {"average": {}}})
    with pytest.raises(HandcraftError, match=r"to hold its refiner's weights; train again\."):
        Refiner.load(path)


def test_other_kind_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, kind="keypoints", config={}, step=1, state={})
    with pytest.raises(HandcraftError, match=r"to be a checkpoint of kind cyclegan or .*, but .* keypoints"):
        Refiner.load(path)


def test_unknown_configuration_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, kind="cyclegan", config={"wings": 2}, step=1, state={})
    with pytest.raises(HandcraftError, match=r"configuration to be a CycleGANConfig of this version, but .*wings"):
        Refiner.load(path)


def test_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(HandcraftError, match=r"has no run\.json"):
        Refiner.load(tmp_path)
