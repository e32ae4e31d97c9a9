# SPDX-License-Identifier: Apache-2.0
"""The 1 euro filter: what rests stays, noise shrinks, lag shrinks with speed, and all is as the paper writes it."""

import numpy as np
import pytest

from handcraft.errors import HandcraftError
from handcraft.predict import OneEuroConfig, OneEuroFilter
from tests.oracles.one_euro import one_euro

RATE_HZ = 30.0


def smoothed(values, config=None, unit=1.0, rate_hz=RATE_HZ):
    one = OneEuroFilter(config or OneEuroConfig())
    return np.array([one(np.asarray(value), index / rate_hz, unit) for index, value in enumerate(values)])


@pytest.mark.parametrize("rate_hz", [10.0, 30.0, 120.0])
@pytest.mark.parametrize(("cutoff", "beta"), [(1.0, 0.0), (0.5, 2.0), (3.0, 0.1)])
def test_it_is_what_the_paper_writes(rate_hz, cutoff, beta):
    values = np.cumsum(np.random.default_rng(0).normal(size=(60, 3)), axis=0)
    found = smoothed(values, OneEuroConfig(cutoff, beta, 0.7), rate_hz=rate_hz)
    for column in range(3):
        assert np.allclose(found[:, column], one_euro(values[:, column], rate_hz, cutoff, beta, 0.7))


def test_what_rests_stays_as_it_is():
    rest = np.full((21, 2), 37.25, np.float32)
    assert np.array_equal(smoothed([rest] * 5), np.stack([rest] * 5))


def test_noise_of_a_resting_hand_shrinks():
    noise = np.random.default_rng(1).normal(size=(300, 21))
    assert smoothed(noise, unit=100.0)[30:].std() < 0.6 * noise[30:].std()


def test_the_lag_shrinks_with_speed():
    lags_s = []
    for speed in (0.2, 1.0, 5.0):
        values = speed * np.arange(120) / RATE_HZ
        lags_s.append((values - smoothed(values))[-1] / speed)
    assert lags_s[0] > 1.5 * lags_s[1] > 2 * lags_s[2] > 0


def test_a_step_is_followed_without_overshoot():
    answer = smoothed([0.0] * 10 + [1.0] * 60)
    assert (np.diff(answer) >= 0).all()
    assert answer[9] == 0
    assert 0.99 < answer[-1] <= 1


def test_the_unit_makes_near_and_far_hands_alike():
    values = np.cumsum(np.random.default_rng(2).normal(size=40))
    assert np.allclose(smoothed(values * 50, unit=50.0), 50 * smoothed(values))
    assert not np.allclose(smoothed(values * 50), 50 * smoothed(values))


def test_a_frame_of_the_same_time_is_taken_as_it_is():
    one = OneEuroFilter(OneEuroConfig())
    one(np.array(1.0), 0.5, 1.0)
    assert one(np.array(3.0), 0.5, 1.0) == 3.0


def test_a_cutoff_of_nothing_is_refused():
    with pytest.raises(HandcraftError, match="least_cutoff_hz"):
        OneEuroConfig(least_cutoff_hz=0.0)
