# SPDX-License-Identifier: Apache-2.0
"""Sets that cannot be trained on are refused in one line; sets of different numbers are not."""

import dataclasses

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.refine import CycleGANLearner
from handcraft.training import make_accelerator
from tests.refine.toy import TINY, learner, photographs, renders


def refused(rendered, photographed, config=TINY):
    with pytest.raises(HandcraftError) as caught:
        CycleGANLearner(rendered, photographed, config, make_accelerator("cpu"))
    return str(caught.value)


def test_domains_may_differ_in_number():
    assert len(renders()) != len(photographs())
    learner().step(0)


def test_one_image_is_no_domain():
    assert refused(renders(), photographs().select([0])) == (
        "Expected `photographed` to hold at least 2 crops, but blobs holds 1; a domain is more than one image."
    )


def test_masks_that_are_needed_must_show_hands():
    empty = dataclasses.replace(photographs(), masks=torch.zeros(10, 16, 16, dtype=torch.bool))
    message = refused(renders(), empty, dataclasses.replace(TINY, composite=True))
    assert "the mask of its hand, but 10 of 10 are empty; prepare the set with a segmenter." in message


def test_a_silhouette_loss_needs_its_network():
    message = refused(renders(), photographs(), dataclasses.replace(TINY, silhouette_weight=1.0))
    assert message.startswith("Expected `silhouette` to be the run folder of a silhouette network, but got none")
