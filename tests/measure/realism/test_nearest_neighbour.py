# SPDX-License-Identifier: Apache-2.0
import dataclasses
import importlib

import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from handcraft.errors import HandcraftError
from handcraft.measure.realism import nearest_neighbour_accuracy
from handcraft.randomness import generator_for
from tests.oracles.realism import one_nearest_neighbour


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


def halves_that_share(fraction, *, size=1000):
    """Two draws from one pool; the first ``fraction`` of each are the same images."""
    pool, shared = normal(2 * size, 8), round(fraction * size)
    return pool[:size], torch.cat([pool[:shared], pool[size : 2 * size - shared]])


def test_equals_the_oracle():
    real, made = normal(23, 5), normal(23, 5, seed=1) + 0.4
    ours = nearest_neighbour_accuracy(real, made)
    assert dataclasses.astuple(ours) == pytest.approx(one_nearest_neighbour(real.numpy(), made.numpy()))


def test_equals_sklearn():
    real, made = normal(200, 16), 0.8 * normal(200, 16, seed=1) + 0.1
    both, is_real = torch.cat([real, made]).double().numpy(), torch.arange(400) < 200
    nearest = NearestNeighbors(n_neighbors=2).fit(both).kneighbors(both, return_distance=False)[:, 1]
    right = (is_real[nearest] == is_real).double()
    ours = nearest_neighbour_accuracy(real, made)
    assert (ours.all, ours.real, ours.made) == pytest.approx(
        (right.mean().item(), right[:200].mean().item(), right[200:].mean().item())
    )


def test_disjoint_halves_of_one_set_are_told_apart_no_better_than_by_chance():
    assert nearest_neighbour_accuracy(*halves_that_share(0.0)).all == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("fraction", [0.2, 0.393, 1.0])
def test_a_control_whose_halves_share_images_is_off_by_half_of_what_they_share(fraction):
    """0.393 is what two draws of 12,800 of 32,560 share, and 0.30 the control that seed 000 shows for it."""
    accuracy = nearest_neighbour_accuracy(*halves_that_share(fraction)).all
    assert accuracy == pytest.approx((1 - fraction) / 2, abs=0.04)


def test_the_order_of_the_images_changes_nothing_even_with_ties():
    real, made = halves_that_share(0.3, size=100)
    real, made = torch.cat([real, real[:20]]), torch.cat([made, made[-20:]])
    turned = nearest_neighbour_accuracy(real.flip(0), made.flip(0))
    assert dataclasses.astuple(turned) == pytest.approx(dataclasses.astuple(nearest_neighbour_accuracy(real, made)))


def test_a_tie_counts_by_shares():
    """Real images have one copy in either set, the made copy two real ones, the other made image three alike."""
    one, other = torch.zeros(1, 3), torch.full((1, 3), 7.0)
    accuracy = nearest_neighbour_accuracy(torch.cat([one, one]), torch.cat([one, other]))
    assert accuracy.real == 0.5
    assert accuracy.made == pytest.approx((0 + 1 / 3) / 2)


def test_swapping_the_sets_swaps_their_figures():
    real, made = normal(60, 4), 0.2 * normal(60, 4, seed=1)
    forth, back = nearest_neighbour_accuracy(real, made), nearest_neighbour_accuracy(made, real)
    assert (back.all, back.real, back.made) == (forth.all, forth.made, forth.real)


def test_close_neighbours_far_from_the_origin_are_still_seen():
    """Float32 products of features around 1000 err by more than these neighbours differ by."""
    sites = 20 * torch.arange(60.0, dtype=torch.float64)[:, None].expand(-1, 4) + 1e4
    real, made = sites.repeat_interleave(2, dim=0), sites.repeat_interleave(2, dim=0) + 0.05
    real[1::2] += 0.001
    made[1::2] += 0.001
    assert nearest_neighbour_accuracy(real, made).all == 1


def test_a_few_rows_at_a_time_are_no_different(monkeypatch):
    real, made = halves_that_share(0.3, size=50)
    whole = nearest_neighbour_accuracy(real, made)
    monkeypatch.setattr(importlib.import_module("handcraft.measure.realism.distances"), "_ENTRIES_AT_ONCE", 300)
    assert nearest_neighbour_accuracy(real, made) == whole


def test_one_place_for_all_made_images_shows_as_lost_variety():
    """The crowd in the middle is everybody's nearest; the mean of both figures would pass for a fair result."""
    accuracy = nearest_neighbour_accuracy(normal(200, 100), 0.1 * normal(200, 100, seed=1))
    assert accuracy.made > 0.95
    assert accuracy.real < 0.05
    assert accuracy.all == pytest.approx(0.5, abs=0.05)


def test_mistakes_are_named():
    with pytest.raises(HandcraftError, match="equally many images, but got 5 and 4; draw as many"):
        nearest_neighbour_accuracy(normal(5, 3), normal(4, 3))
    broken = normal(5, 3)
    broken[2, 1] = torch.nan
    with pytest.raises(HandcraftError, match="`made` to be finite, but 1 of 5 images"):
        nearest_neighbour_accuracy(normal(5, 3), broken)
    with pytest.raises(HandcraftError, match=r"2 or more images by features, but got the shape \(1, 3\)"):
        nearest_neighbour_accuracy(normal(1, 3), normal(1, 3))
