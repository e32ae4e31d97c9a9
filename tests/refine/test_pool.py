# SPDX-License-Identifier: Apache-2.0
"""The pool fills, then gives past images for half of the new ones, and loses and invents none."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine import ImagePool


def numbered(first, count):
    return torch.arange(first, first + count, dtype=torch.float32).reshape(count, 1, 1, 1).expand(count, 3, 2, 2)


def numbers(images):
    return images[:, 0, 0, 0].tolist()


def test_images_come_back_unchanged_while_there_is_room():
    pool = ImagePool(6)
    assert numbers(pool.exchange(numbered(0, 4), generator=generator_for(0))) == [0, 1, 2, 3]
    assert len(pool) == 4


def test_full_pool_exchanges_about_half_and_keeps_every_image_once():
    pool, shown, count = ImagePool(50), [], 2000
    for step in range(count // 10):
        shown += numbers(pool.exchange(numbered(10 * step, 10), generator=generator_for(1, step)))
    old = sum(number < 10 * (place // 10) for place, number in enumerate(shown))
    assert 0.4 < old / (count - 50) < 0.55  # some come back within their own batch and do not count as old
    kept = {image[0, 0, 0].item() for image in pool.state_dict()["images"]}
    assert len(kept) == len(pool) == 50
    assert kept <= set(range(count))
    assert set(shown) | kept == set(range(count))


def test_pool_of_none_shows_the_new_images():
    images = numbered(0, 5)
    assert torch.equal(ImagePool(0).exchange(images, generator=generator_for(2)), images)


def test_stored_images_do_not_change_with_the_batch_they_came_from():
    pool, batch = ImagePool(2), numbered(0, 2).clone()
    pool.exchange(batch, generator=generator_for(3))
    batch.zero_()
    assert [image[0, 0, 0].item() for image in pool.state_dict()["images"]] == [0, 1]


def test_state_makes_a_second_pool_answer_alike():
    pool, other = ImagePool(3), ImagePool(3)
    pool.exchange(numbered(0, 3), generator=generator_for(4))
    other.load_state_dict(pool.state_dict(), device=torch.device("cpu"))
    again = [each.exchange(numbered(3, 8), generator=generator_for(5)) for each in (pool, other)]
    assert torch.equal(*again)
    assert numbers(again[0]) != list(range(3, 11))


def test_images_with_a_graph_are_refused():
    with pytest.raises(ValueError, match=r"Expected `fakes` to be detached"):
        ImagePool(2).exchange(torch.zeros(1, 3, 2, 2, requires_grad=True), generator=generator_for(6))


def test_negative_capacity_is_refused():
    with pytest.raises(HandcraftError, match=r"Expected `capacity` to be at least 0, but got -1\."):
        ImagePool(-1)
