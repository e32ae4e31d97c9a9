# SPDX-License-Identifier: Apache-2.0
"""Vertex errors and F-scores: equal surfaces score 1, precision and recall change places with their arguments."""

import math

import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import (
    F_AT_5MM,
    F_AT_15MM,
    PA_VERTEX_ERROR,
    VERTEX_ERROR,
    f_score,
    nearest_distances,
    surface_error,
    vertex_errors,
)
from handcraft.randomness import generator_for
from tests.oracles import freihand as oracle


def surface(vertices, seed=0):
    return torch.randn(vertices, 3, generator=generator_for(41, seed), dtype=torch.float64) * 0.02


@pytest.mark.parametrize("threshold", [0.005, 0.015])
def test_equals_the_oracle(threshold):
    predicted, true = surface(70), surface(50, seed=1)
    expected = oracle.f_score(true.numpy(), predicted.numpy(), threshold)
    assert 0 < expected < 1
    assert f_score(predicted, true, threshold=threshold) == pytest.approx(expected, abs=1e-15)


def test_nearest_distances_are_exact_where_products_would_round():
    """Two points a micrometre apart, ten metres away: |a|^2 + |b|^2 - 2ab loses them, differences do not."""
    far = torch.tensor([[10.0, 10.0, 10.0]], dtype=torch.float64).expand(60, 3) + surface(60) * 1e-6
    found = nearest_distances(far + torch.tensor([1e-6, 0.0, 0.0]), far)
    expected = [min(math.dist(a, b) for b in far.tolist()) for a in (far + torch.tensor([1e-6, 0.0, 0.0])).tolist()]
    np.testing.assert_allclose(found.of_predicted.numpy(), expected, rtol=1e-7)


def test_pieces_change_nothing(monkeypatch):
    predicted, true = surface(70), surface(50, seed=1)
    whole = nearest_distances(predicted, true)
    monkeypatch.setattr(surface_error, "_DISTANCES_AT_ONCE", 3 * 50)
    pieces = nearest_distances(predicted, true)
    assert torch.equal(pieces.of_predicted, whole.of_predicted)
    assert torch.equal(pieces.of_true, whole.of_true)


def test_equal_surfaces_score_one_in_any_order():
    true = surface(60)
    assert f_score(true.flip(0), true, threshold=0.001) == 1.0


def test_precision_and_recall_change_places_with_the_surfaces():
    predicted, true = surface(70), surface(50, seed=1)
    there, back = nearest_distances(predicted, true), nearest_distances(true, predicted)
    assert there.precision(0.008) == back.recall(0.008) != there.recall(0.008)
    assert there.f_score(0.008) == back.f_score(0.008)


def test_precision_is_of_the_prediction_and_recall_of_the_truth():
    """Half of the true surface is predicted, and nothing else."""
    true = surface(40)
    found = nearest_distances(true[:20], true)
    assert found.precision(1e-6) == 1.0
    assert found.recall(1e-6) == 0.5
    assert found.f_score(1e-6) == pytest.approx(2 / 3)


def test_a_vertex_on_the_threshold_does_not_count():
    found = nearest_distances(torch.tensor([[5.0, 0.0, 0.0]]), torch.zeros(1, 3))
    assert found.precision(5.0) == found.recall(5.0) == 0.0
    assert f_score(torch.tensor([[5.0, 0.0, 0.0]]), torch.zeros(1, 3), threshold=5.0001) == 1.0


def test_a_wider_threshold_never_scores_less():
    found = nearest_distances(surface(70), surface(50, seed=1))
    scores = [found.f_score(threshold) for threshold in np.linspace(0.0, 0.2, 50)]
    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (0.0, 1.0)


@pytest.mark.parametrize("broken", [torch.zeros(0, 3), torch.full((2, 3), torch.nan)])
def test_nothing_and_no_numbers_are_refused(broken):
    with pytest.raises(HandcraftError, match="Expected `predicted` to be finite vertices"):
        f_score(broken, torch.zeros(1, 3), threshold=1.0)
    with pytest.raises(HandcraftError, match="Expected `true` to be finite vertices"):
        f_score(torch.zeros(1, 3), broken, threshold=1.0)


def test_vertex_errors_are_distances_by_number():
    true = surface(60)
    offset = torch.tensor([0.003, 0.0, -0.004])
    np.testing.assert_allclose(vertex_errors(true + offset, true).numpy(), 0.005, rtol=1e-6)
    assert float(vertex_errors(true.flip(0), true).mean()) > 0.01


def test_figures_know_their_unit_and_direction():
    assert {metric.unit for metric in (VERTEX_ERROR, PA_VERTEX_ERROR)} == {"mm"}
    assert all(metric.improves(by=-0.1) for metric in (VERTEX_ERROR, PA_VERTEX_ERROR))
    assert all(metric.improves(by=0.1) for metric in (F_AT_5MM, F_AT_15MM))
