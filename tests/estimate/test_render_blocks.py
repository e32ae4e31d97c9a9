# SPDX-License-Identifier: Apache-2.0
"""A block is its samples of every scene's endless set, whoever asks for it and when."""

import pytest

from handcraft.data.rendered import RenderedSet
from handcraft.errors import HandcraftError
from handcraft.estimate.render_blocks import RenderBlocks
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
