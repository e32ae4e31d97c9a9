# SPDX-License-Identifier: Apache-2.0
"""The 1 euro filter: calm where hands rest, quick where they move.

G. Casiez, N. Roussel, D. Vogel: "1 € Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
Systems", CHI 2012. Exponential smoothing y_i = α x_i + (1 - α) y_(i-1) with α = 1 / (1 + τ / T), τ = 1 / (2 π f), T the
time since the last value; the cutoff f = f_least + β |speed| grows with the speed, itself smoothed at a fixed cutoff.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from handcraft.errors import expect_above, expect_at_least


@dataclass(frozen=True)
class OneEuroConfig:
    """How much is smoothed."""

    least_cutoff_hz: float = 1.5
    """The cutoff of what rests: lower is calmer."""
    speed_gain: float = 3.0
    """By how much the cutoff grows, in hertz, for a speed of one unit a second: higher lags less."""
    speed_cutoff_hz: float = 1.0
    """The cutoff at which speed itself is smoothed."""

    def __post_init__(self) -> None:
        expect_above(0, least_cutoff_hz=self.least_cutoff_hz, speed_cutoff_hz=self.speed_cutoff_hz)
        expect_at_least(0, speed_gain=self.speed_gain)


class OneEuroFilter:
    """Smooths an array over time, each of its numbers by its own speed."""

    def __init__(self, config: OneEuroConfig) -> None:
        self._config = config
        self._values: np.ndarray | None = None
        self._speeds = np.zeros(())
        self._time_s = 0.0

    def __call__(self, values: Float[np.ndarray, "*shape"], time_s: float, unit: float) -> Float[np.ndarray, "*shape"]:
        """The smoothed values at ``time_s``; what comes no later than the last ones is given back as it is.

        Args:
            values: the same shape each time.
            time_s: when they were seen.
            unit: how long one unit of speed is, in units of the values. The hand's size makes the filter the same for
                hands near and far.
        """
        if self._values is None or time_s <= self._time_s:
            self._values, self._speeds, self._time_s = values, np.zeros_like(values), time_s
            return values
        period_s, self._time_s = time_s - self._time_s, time_s
        config = self._config
        speeds = (values - self._values) / (period_s * unit)
        self._speeds = self._speeds + _weight(config.speed_cutoff_hz, period_s) * (speeds - self._speeds)
        cutoffs_hz = config.least_cutoff_hz + config.speed_gain * np.abs(self._speeds)
        smoothed = self._values + _weight(cutoffs_hz, period_s) * (values - self._values)
        self._values = np.asarray(smoothed, values.dtype)
        return self._values


def _weight(cutoff_hz: float | np.ndarray, period_s: float) -> float | np.ndarray:
    """The paper's α."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * period_s))
