# SPDX-License-Identifier: Apache-2.0
import inspect
import sys

import pytest
import torch
from sklearn.decomposition import PCA

from handcraft.errors import HandcraftError
from handcraft.measure.realism import NEIGHBOURS, embed_in_plane, nearest_neighbour_accuracy, principal_plane
from handcraft.randomness import generator_for


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


@pytest.fixture(scope="module")
def halves_of_one_cloud():
    return embed_in_plane(normal(150, 8), neighbours=5, seed=3)


def test_nobody_can_tell_it_the_labels():
    """Seed 000 did, and its clusters are the labels; there is no argument to pass them by."""
    for function in (embed_in_plane, principal_plane):
        assert set(inspect.signature(function).parameters) <= {"features", "neighbours", "seed"}


def test_umap_does_not_part_what_is_one(halves_of_one_cloud):
    points = halves_of_one_cloud.points
    assert nearest_neighbour_accuracy(points[:75], points[75:]).all == pytest.approx(0.5, abs=0.08)


def test_umap_parts_what_is_apart_and_says_how_it_was_done(halves_of_one_cloud):
    apart = embed_in_plane(torch.cat([normal(60, 8), normal(60, 8, seed=1) + 9]), neighbours=19, seed=3)
    assert nearest_neighbour_accuracy(apart.points[:60], apart.points[60:]).all == 1
    assert apart.method == "UMAP without labels, 19 neighbours, seed 3"
    assert halves_of_one_cloud.method == "UMAP without labels, 5 neighbours, seed 3"
    assert NEIGHBOURS == (5, 19)


def test_the_seed_alone_decides(halves_of_one_cloud):
    again = embed_in_plane(normal(150, 8), neighbours=5, seed=3)
    other = embed_in_plane(normal(150, 8), neighbours=5, seed=4)
    assert torch.equal(again.points, halves_of_one_cloud.points)
    assert not torch.equal(other.points, halves_of_one_cloud.points)


def test_without_umap_it_is_principal_components_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    features = normal(50, 6)
    embedding = embed_in_plane(features, neighbours=5, seed=0)
    assert embedding.method.startswith("principal components")
    assert "umap-learn is not installed" in embedding.method
    assert torch.equal(embedding.points, principal_plane(features).points)


def test_principal_components_are_sklearns_up_to_sign():
    features = normal(80, 6) * torch.tensor([1.0, 5.0, 2.0, 0.1, 3.0, 1.0]) + 7
    ours, theirs = principal_plane(features).points, torch.from_numpy(PCA(2).fit_transform(features.double().numpy()))
    assert torch.allclose(ours.abs().double(), theirs.abs(), atol=1e-4)


def test_the_sign_does_not_hang_on_the_machine():
    points = principal_plane(normal(80, 6)).points
    assert (points.max(dim=0).values >= -points.min(dim=0).values).all()


def test_one_feature_or_none_that_varies_is_a_line_or_a_point():
    assert (principal_plane(torch.arange(5.0)[:, None]).points[:, 1] == 0).all()
    assert (principal_plane(torch.ones(5, 3)).points == 0).all()


def test_no_more_images_than_neighbours_are_refused():
    with pytest.raises(HandcraftError, match="from 2 to 18, one less than the images, but got 19"):
        embed_in_plane(normal(19, 4), neighbours=19, seed=0)


def test_torch_keeps_its_threads():
    """numba sets the number of OpenMP threads, torch's too: what comes after would be slower, and sum otherwise."""
    threads = torch.get_num_threads()
    embed_in_plane(torch.randn(40, 4, generator=generator_for(3)), neighbours=5, seed=0)
    assert torch.get_num_threads() == threads == 1
