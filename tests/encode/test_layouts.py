# SPDX-License-Identifier: Apache-2.0
"""Layouts of hands as classes: clusters that are apart are found, and learned where images tell them."""

import dataclasses

import pytest
import torch

from handcraft.data import PreparedSet
from handcraft.encode import ClassSpace, HandEncoder, learn_layouts
from handcraft.encode.layouts import clusters
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for

COUNT, SIZE = 24, 32


def two_kinds(*, seed: int) -> PreparedSet:
    """Bright hands whose keypoints are up on the left, dark ones whose keypoints are down on the right."""
    kind = torch.arange(COUNT) % 2
    noise = torch.rand(COUNT, 3, SIZE, SIZE, generator=generator_for(seed))
    images = (60 * noise + 180 * kind[:, None, None, None]).byte()
    keypoints_px = SIZE * (0.2 + 0.6 * kind[:, None, None] + 0.05 * torch.rand(COUNT, 21, 2))
    names = tuple(map(str, range(COUNT)))
    return PreparedSet(
        names, names, "two kinds", False, images, torch.ones(COUNT, SIZE, SIZE, dtype=torch.bool), keypoints_px,
        torch.ones(COUNT, 21), torch.tensor([[0.0, 0.0, float(SIZE)]]).repeat(COUNT, 1), 0,
    )  # fmt: skip


def test_clusters_that_are_apart_are_found_whatever_the_seed():
    points = torch.cat([torch.randn(20, 3, generator=generator_for(0, place)) + 50 * place for place in range(4)])
    for seed in range(5):
        found = clusters(points, 4, seed=seed).reshape(4, 20)
        assert (found == found[:, :1]).all()
        assert len(found[:, 0].unique()) == 4


def test_layouts_that_images_tell_are_learned_and_name_themselves_a_stand_in():
    labelled, fresh = two_kinds(seed=1), two_kinds(seed=2)
    space = learn_layouts(HandEncoder.load(), labelled, classes=2, seed=0)
    assert isinstance(space, ClassSpace)
    assert "2 layouts" in space.name
    assert "stand-in" in space.name
    likeliest = space.probabilities(fresh.float_images()).argmax(1)
    assert len(set(likeliest[::2].tolist())) == len(set(likeliest[1::2].tolist())) == 1
    assert likeliest[0] != likeliest[1]
    features = space.features(fresh.float_images())
    torch.testing.assert_close(space.logits_of(features).softmax(1), space.probabilities(fresh.float_images()))


def test_unlabelled_and_too_few_images_are_refused():
    labelled = two_kinds(seed=1)
    with pytest.raises(HandcraftError, match="`labelled` to have keypoints"):
        learn_layouts(
            HandEncoder.load(), dataclasses.replace(labelled, keypoints_px=None, confidence=None), classes=2, seed=0
        )
    with pytest.raises(HandcraftError, match="at least 99 images"):
        learn_layouts(HandEncoder.load(), labelled, classes=99, seed=0)
