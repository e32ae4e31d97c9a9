# SPDX-License-Identifier: Apache-2.0
import importlib

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure.realism import kernel_distance, kernel_distance_over_subsets
from handcraft.randomness import generator_for
from tests.oracles import fidelity
from tests.oracles.realism import kernel_distance as oracle


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


def test_equals_the_oracle():
    real, made = normal(15, 4), normal(11, 4, seed=1) + 0.5
    assert kernel_distance(real, made) == pytest.approx(oracle(real.double().numpy(), made.double().numpy()))


def test_equals_torch_fidelity():
    real, made = normal(90, 10), normal(90, 10, seed=1) + 0.3
    assert kernel_distance(real, made) == pytest.approx(fidelity.kernel_distance(real, made))


@pytest.mark.parametrize("size", [5, 40])
def test_sets_of_one_kind_average_to_zero_whatever_their_size(size):
    distances = torch.tensor(
        [kernel_distance(normal(size, 6, seed=2 * i), normal(size, 6, seed=2 * i + 1)) for i in range(300)]
    )
    assert abs(float(distances.mean())) < 3 * float(distances.std()) / 300**0.5
    assert float(distances.min()) < 0


def test_a_few_rows_at_a_time_are_no_different(monkeypatch):
    real, made = normal(30, 4), normal(20, 4, seed=1)
    whole = kernel_distance(real, made)
    monkeypatch.setattr(importlib.import_module("handcraft.measure.realism.kernel"), "_ENTRIES_AT_ONCE", 70)
    assert kernel_distance(real, made) == pytest.approx(whole)


def test_the_mean_over_subsets_is_that_of_all_images():
    real, made = normal(400, 6), normal(400, 6, seed=1) + 0.5
    subsets = kernel_distance_over_subsets(real, made, subsets=200, size=50, seed=0)
    assert subsets.value == pytest.approx(kernel_distance(real, made), rel=0.05)
    assert subsets == kernel_distance_over_subsets(real, made, subsets=200, size=50, seed=0)


def test_the_spread_over_subsets_is_none_over_models():
    """Equally good models scatter far less than the subsets of one; more subsets do not make it the smaller one."""
    real = normal(400, 6)
    models = torch.tensor([kernel_distance(real, normal(400, 6, seed=seed) + 0.5) for seed in range(1, 13)])
    few, many = (
        kernel_distance_over_subsets(real, normal(400, 6, seed=1) + 0.5, subsets=count, size=40, seed=0).subset_std
        for count in (50, 200)
    )
    assert many == pytest.approx(few, rel=0.3)
    assert many > 2 * float(models.std())


def test_mistakes_are_named():
    with pytest.raises(HandcraftError, match="of 2 to 4 images, but got 3 of 5; take a `size`"):
        kernel_distance_over_subsets(normal(9, 3), normal(4, 3), subsets=3, size=5, seed=0)
    with pytest.raises(HandcraftError, match="1 or more `subsets`"):
        kernel_distance_over_subsets(normal(9, 3), normal(4, 3), subsets=0, size=2, seed=0)
