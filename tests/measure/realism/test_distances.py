# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure.realism.distances import FeaturePair, expect_features, neighbour_radii, squared_distances
from handcraft.randomness import generator_for


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


def exact(a, b):
    return (a.double()[:, None] - b.double()).square().sum(dim=-1)


def test_equal_the_differences_themselves_far_from_the_origin():
    """Where products in float32 are off by more than the whole spread."""
    pair = FeaturePair.checked(normal(60, 5) + 3e3, normal(40, 5, seed=1) + 3e3)
    ours = torch.cat([distances for _, distances in squared_distances(pair.real, pair.made)])
    assert torch.allclose(ours, exact(pair.real, pair.made), rtol=1e-12, atol=pair.tolerance)
    in_float32 = torch.cdist(normal(60, 5) + 3e3, normal(40, 5, seed=1) + 3e3).square()
    assert (in_float32 - ours).abs().max() > 0.5


def test_moving_both_sets_changes_neither_distances_nor_what_is_a_tie():
    here, far = (
        FeaturePair.checked(normal(60, 5).double() + at, normal(40, 5, seed=1).double() + at) for at in (0.0, 2.0**26)
    )
    ours, theirs = (torch.cat([d for _, d in squared_distances(pair.real, pair.made)]) for pair in (here, far))
    assert torch.allclose(ours, theirs, atol=1e-6)
    assert far.tolerance == pytest.approx(here.tolerance, rel=1e-6)


def test_copies_lie_within_the_tolerance_and_near_copies_do_not():
    points = 100 * normal(50, 300)
    near = points * (1 + 1e-5 * normal(50, 300, seed=1))
    pair = FeaturePair.checked(points, near)
    to_copies = torch.cat([distances.diagonal() for _, distances in squared_distances(pair.real, pair.real)])
    to_near = torch.cat([distances.diagonal() for _, distances in squared_distances(pair.real, pair.made)])
    assert float(to_copies.min()) >= 0
    assert float(to_copies.max()) < pair.tolerance < float(to_near.min())


def test_nobody_is_their_own_neighbour_but_a_copy_is():
    points = torch.tensor([[0.0], [0.0], [3.0], [7.0]])
    assert neighbour_radii(points, neighbours=1).tolist() == [0, 0, 9, 16]
    assert neighbour_radii(points, neighbours=2).tolist() == [9, 9, 9, 49]


def test_mistakes_are_named():
    with pytest.raises(HandcraftError, match="from one feature space, but got 3 and 2 features; encode both"):
        FeaturePair.checked(normal(5, 3), normal(5, 2))
    with pytest.raises(HandcraftError, match=r"a table of 2 or more images by features, but got the shape \(4, 3, 2\)"):
        expect_features(normal(4, 3, 2), "real", at_least=2)
    with pytest.raises(HandcraftError, match=r"got the shape \(4, 0\)"):
        expect_features(torch.zeros(4, 0), "real", at_least=2)
