# SPDX-License-Identifier: Apache-2.0
"""The 1 euro filter of one number, step by step as Casiez et al. (CHI 2012) write it: slow and obvious."""

import math


def alpha(cutoff_hz, rate_hz):
    tau_s = 1 / (2 * math.pi * cutoff_hz)
    period_s = 1 / rate_hz
    return 1 / (1 + tau_s / period_s)


def one_euro(values, rate_hz, least_cutoff_hz, beta, speed_cutoff_hz):
    smoothed = [values[0]]
    speed = 0.0
    for value in values[1:]:
        seen_speed = (value - smoothed[-1]) * rate_hz
        share = alpha(speed_cutoff_hz, rate_hz)
        speed = share * seen_speed + (1 - share) * speed
        share = alpha(least_cutoff_hz + beta * abs(speed), rate_hz)
        smoothed.append(share * value + (1 - share) * smoothed[-1])
    return smoothed
