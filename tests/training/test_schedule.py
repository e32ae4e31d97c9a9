# SPDX-License-Identifier: Apache-2.0
"""Learning rates by step."""

import pytest

from handcraft.training.schedule import learning_rate_at


def test_thirds_are_those_of_hand3d():
    rates = [learning_rate_at(step, steps=30_000, peak=1e-4, schedule="thirds") for step in (0, 9_999, 10_000, 20_000)]
    assert rates == pytest.approx([1e-4, 1e-4, 1e-5, 1e-6])


@pytest.mark.parametrize("steps", [1, 2, 7, 400])
def test_one_cycle_rises_to_its_peak_once_and_falls_towards_zero(steps):
    rates = [learning_rate_at(step, steps=steps, peak=2.0, schedule="one_cycle") for step in range(steps)]
    top = rates.index(max(rates))
    assert rates[top] == 2.0
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert all(rate > 0 for rate in rates)
    assert steps < 400 or (rates[0] < 0.05 and rates[-1] < 0.001)
