# SPDX-License-Identifier: Apache-2.0
"""Learning rates as pure functions of the step: nothing to store in a checkpoint, nothing to get out of step."""

import math
from typing import Literal

from torch.optim import Optimizer

Schedule = Literal["one_cycle", "thirds", "constant"]
"""``one_cycle``: linear warm-up over the first 15 %, then half a cosine to 0 (after Smith and Topin 2018); made for few
steps. ``thirds``: the peak, then a tenth and a hundredth of it from the second and third third on (hand3d).
``constant``: the peak throughout."""

WARM_UP_FRACTION = 0.15


def learning_rate_at(step: int, *, steps: int, peak: float, schedule: Schedule) -> float:
    """The learning rate of step number ``step`` (0, 1, ...) of ``steps``."""
    if schedule == "constant":
        return peak
    if schedule == "thirds":
        return peak * 0.1 ** min(3 * step // steps, 2)
    warm_up = max(1, round(WARM_UP_FRACTION * steps))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def set_learning_rate(optimiser: Optimizer, rate: float) -> None:
    """Give every parameter group the same rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate
