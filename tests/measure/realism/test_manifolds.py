# SPDX-License-Identifier: Apache-2.0
import importlib

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure.realism import density_coverage, frechet_distance, precision_recall
from handcraft.randomness import generator_for
from tests.oracles import fidelity
from tests.oracles import realism as oracle


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


def tones(count, kinds, *, seed):
    """Hands of ``kinds`` skin tones, equally many of each, far apart."""
    features = normal(count, 6, seed=seed)
    features[:, 0] += 12.0 * (torch.arange(count) % kinds)
    return features


def test_equal_the_oracle():
    real, made = normal(25, 3), 0.7 * normal(21, 3, seed=1) + 0.5
    arrays = real.double().numpy(), made.double().numpy()
    shares, densities = precision_recall(real, made, neighbours=3), density_coverage(real, made, neighbours=2)
    assert (shares.precision, shares.recall) == pytest.approx(oracle.precision_recall(*arrays, 3))
    assert (densities.density, densities.coverage) == pytest.approx(oracle.density_coverage(*arrays, 2))


def test_precision_and_recall_equal_torch_fidelity():
    real, made = normal(150, 5), 0.7 * normal(150, 5, seed=1) + 0.5
    ours = precision_recall(real, made)
    assert (ours.precision, ours.recall) == pytest.approx(fidelity.precision_recall(real, made, 3))


def test_real_against_real_is_what_the_papers_expect():
    densities = density_coverage(normal(800, 4), normal(800, 4, seed=1))
    assert densities.density == pytest.approx(1, abs=0.1)
    assert densities.coverage == pytest.approx(1 - 2**-5, abs=0.02)


def test_the_same_images_are_all_on_the_manifold():
    real = normal(50, 4)
    assert precision_recall(real, real).precision == precision_recall(real, real).recall == 1
    assert density_coverage(real, real).coverage == 1


def test_lost_variety_shows():
    """A refiner that paints every hand in one of four tones: as precise as ever, and three quarters of them gone."""
    real = tones(400, 4, seed=0)
    varied, peach = tones(400, 4, seed=1), tones(400, 1, seed=1)
    assert precision_recall(real, peach).precision > 0.8
    assert density_coverage(real, peach).density > 0.9
    assert precision_recall(real, varied).recall > 0.8 > 0.3 > precision_recall(real, peach).recall
    assert density_coverage(real, varied).coverage > 0.9 > 0.3 > density_coverage(real, peach).coverage


def test_one_distance_hides_whether_variety_or_likeness_was_lost():
    """Peach hands and hands moved off the photographs can have one Fréchet distance; recall and precision tell them."""
    real, peach, varied = tones(400, 2, seed=0), tones(400, 1, seed=1), tones(400, 2, seed=1)
    away = varied.clone()
    away[:, 1] += frechet_distance(real, peach) ** 0.5
    assert frechet_distance(real, away) == pytest.approx(frechet_distance(real, peach), rel=0.05)
    assert precision_recall(real, peach).precision > 0.8 > 0.2 > precision_recall(real, away).precision


def test_unlike_images_have_no_precision_and_a_wild_one_cannot_buy_coverage():
    """Balls of made images stretch recall; coverage only asks who reaches a real one."""
    real = normal(200, 4)
    made = torch.cat([real.mean(dim=0) + 0.01 * normal(190, 4, seed=1), 8 * normal(10, 4, seed=2)])
    assert precision_recall(real, real + 40).precision == 0
    assert precision_recall(real, made).recall > 0.9
    assert density_coverage(real, made).coverage < 0.6


def test_a_few_rows_at_a_time_are_no_different(monkeypatch):
    real, made = normal(40, 3), normal(30, 3, seed=1)
    whole = precision_recall(real, made), density_coverage(real, made)
    monkeypatch.setattr(importlib.import_module("handcraft.measure.realism.distances"), "_ENTRIES_AT_ONCE", 100)
    assert (precision_recall(real, made), density_coverage(real, made)) == whole


def test_too_few_images_are_refused():
    with pytest.raises(HandcraftError, match="`neighbours` to be from 1 to 2, one less than the images, but got 3"):
        precision_recall(normal(9, 2), normal(3, 2))
    with pytest.raises(HandcraftError, match="`neighbours` to be from 1 to 4"):
        density_coverage(normal(5, 2), normal(9, 2))
