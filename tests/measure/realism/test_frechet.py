# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch
from sklearn.covariance import ledoit_wolf

from handcraft.errors import HandcraftError
from handcraft.measure.realism import (
    frechet_distance,
    frechet_distance_as_in_thesis,
    frechet_distance_shrunk,
    shrunk_covariance,
)
from handcraft.randomness import generator_for
from tests.oracles import fidelity
from tests.oracles.realism import frechet_distance as oracle


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


def mixed(features, *, seed=5):
    return features @ normal(features.shape[1], features.shape[1], seed=seed)


REAL, MADE = normal(150, 12), mixed(normal(130, 12, seed=1)) + 0.5


def test_equals_the_oracle():
    assert frechet_distance(REAL, MADE) == pytest.approx(oracle(REAL.double().numpy(), MADE.double().numpy()))


def test_equals_torch_fidelity():
    assert frechet_distance(REAL, MADE) == pytest.approx(fidelity.frechet_distance(REAL, MADE))


def test_of_scaled_and_moved_clouds_it_is_known():
    """Scaling by s moves each axis' deviation σ by (s - 1) σ; squared, as everyone but the thesis gives it."""
    variances = float(REAL.double().var(dim=0).sum())
    mean = float((2 * REAL.double().mean(dim=0) + 3).square().sum())
    assert frechet_distance(REAL, 3 * REAL + 3) == pytest.approx(mean + 4 * variances)


def test_a_set_is_at_no_distance_from_itself_and_both_ways_are_one():
    assert frechet_distance(REAL, REAL) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(REAL, MADE) == pytest.approx(frechet_distance(MADE, REAL))


def test_turning_the_space_changes_nothing():
    turn = torch.linalg.qr(normal(12, 12, seed=3).double()).Q
    assert frechet_distance(REAL.double() @ turn, MADE.double() @ turn) == pytest.approx(frechet_distance(REAL, MADE))


@pytest.mark.parametrize("count", [12, 7])
def test_no_more_images_than_features_are_refused(count):
    with pytest.raises(HandcraftError, match=f"more images than features .* but got {count} images of 12 features"):
        frechet_distance(REAL, MADE[:count])
    with pytest.raises(HandcraftError, match="use `frechet_distance_shrunk`"):
        frechet_distance(REAL[:count], MADE)


def test_few_images_give_a_distance_to_their_own_kind_that_shrinking_mostly_takes_away():
    """Why they are refused: 40 images of 64 features, drawn from one cloud, are far apart by the plain formula."""
    real, made = normal(40, 64), normal(40, 64, seed=1)
    plain = oracle(real.double().numpy(), made.double().numpy())
    means = float((real.double().mean(dim=0) - made.double().mean(dim=0)).square().sum())
    assert plain - means > 20
    assert frechet_distance_shrunk(real, made) - means < 1


def test_shrinks_as_sklearn_does():
    for features in (REAL, mixed(normal(9, 12, seed=2))):
        ours = shrunk_covariance(features).numpy()
        assert np.allclose(ours, ledoit_wolf(features.double().numpy())[0], rtol=1e-9, atol=1e-12)


def test_shrunk_clouds_that_differ_by_a_move_are_that_far_apart():
    assert frechet_distance_shrunk(REAL[:5], REAL[:5] + 2) == pytest.approx(12 * 4, rel=1e-6)


def test_the_thesis_has_the_root_on_softmax_vectors():
    real, made = REAL.double().softmax(dim=1), MADE.double().softmax(dim=1)
    assert frechet_distance_as_in_thesis(real, made) == pytest.approx(
        math.sqrt(oracle(real.numpy(), made.numpy())), rel=1e-4
    )  # the covariance of vectors that sum to 1 is singular, and the oracle's root of it less exact
    with pytest.raises(HandcraftError, match="`made_probabilities` to be probabilities"):
        frechet_distance_as_in_thesis(real, MADE)
