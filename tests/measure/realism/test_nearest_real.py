# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure.realism import nearest_real_distances
from handcraft.randomness import generator_for


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


def test_images_of_the_real_kind_lie_around_one():
    distances = nearest_real_distances(normal(400, 6), normal(300, 6, seed=1))
    assert float(distances.median()) == pytest.approx(1, abs=0.1)


def test_what_lies_apart_is_far_and_a_copy_is_at_no_distance():
    real = normal(100, 6)
    distances = nearest_real_distances(real, torch.cat([real[:3], real[:3] + 30]))
    assert distances[:3].tolist() == [0, 0, 0]
    assert (distances[3:] > 10).all()


def test_units_of_the_features_do_not_matter():
    real, made = normal(50, 4), normal(20, 4, seed=1)
    assert torch.allclose(nearest_real_distances(100 * real + 5, 100 * made + 5), nearest_real_distances(real, made))


def test_a_set_of_copies_is_refused():
    with pytest.raises(HandcraftError, match="half or more of the 6 are copies of others; leave the copies out"):
        nearest_real_distances(normal(3, 4).repeat(2, 1), normal(3, 4, seed=1))
