# SPDX-License-Identifier: Apache-2.0
"""A block is its samples of every scene's endless set, whoever asks for it and when."""

import os

import pytest
import torch

from handcraft.data.rendered import RenderedSet
from handcraft.errors import HandcraftError
from handcraft.estimate.render_blocks import RenderBlocks, leaves_cores_free
from handcraft.randomness import seed_for
from handcraft.scene import SceneConfig

SCENES = [(SceneConfig(size_px=8), 3), (SceneConfig(size_px=8, left_share=0.0), 2)]


def keys(samples):
    return [(sample.index, sample.side, float(sample.image.sum())) for sample in samples]


def joined(parts):
    return [key for part in parts for key in part]


def blocks(**settings):
    return RenderBlocks(SCENES, seed=4, make=keys, join=joined, **settings)


@pytest.mark.usefixtures("hand_model")
@pytest.mark.parametrize("ahead", [False, True])
def test_a_block_is_its_part_of_every_set(ahead):
    with blocks(ahead=ahead) as some:
        assert some.size == 5
        for number in (2, 0, 1):
            expected = [
                key
                for place, (scene, count) in enumerate(SCENES)
                for key in keys(list(RenderedSet(scene, seed_for(4, place), count, first=number * count)))
            ]
            assert some.at(number) == expected


@pytest.mark.usefixtures("hand_model")
def test_the_block_in_use_is_not_made_again():
    with blocks() as some:
        assert some.at(1) is some.at(1)


def test_scenes_without_samples_are_refused():
    with pytest.raises(HandcraftError, match="samples of each scene"):
        RenderBlocks([(SCENES[0][0], 0)], seed=0, make=keys, join=joined)


def process_ids(samples):
    return [os.getpid() for _ in samples]


@pytest.mark.usefixtures("hand_model")
def test_what_is_rendered_ahead_is_rendered_beside_the_training():
    with RenderBlocks(SCENES, seed=4, make=process_ids, join=joined, ahead=True) as some:
        assert os.getpid() not in some.at(0)


def test_cores_are_free_beside_a_gpu_or_fewer_threads_than_cores(monkeypatch):
    monkeypatch.setattr("handcraft.estimate.render_blocks.available_cores", torch.get_num_threads)
    assert not leaves_cores_free(torch.device("cpu"))
    assert leaves_cores_free(torch.device("cuda"))
    monkeypatch.setattr("handcraft.estimate.render_blocks.available_cores", lambda: torch.get_num_threads() + 1)
    assert leaves_cores_free(torch.device("cpu"))
