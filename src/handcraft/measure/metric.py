# SPDX-License-Identifier: Apache-2.0
"""What a figure is: its name, its unit and the direction in which it is better, as data that tables and plots read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """The kind of a figure.

    >>> Metric("EPE mean", unit="px", better="lower").improves(by=-2.1)
    True
    """

    name: str
    unit: str
    """Empty for a share between 0 and 1."""
    better: Literal["lower", "higher"]

    def improves(self, *, by: float) -> bool:
        """Whether a change of ``by`` (new minus old) is for the better; no change is none."""
        return by < 0 if self.better == "lower" else by > 0
