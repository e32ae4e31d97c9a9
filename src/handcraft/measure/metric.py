# SPDX-License-Identifier: Apache-2.0
"""What a figure is: its name, its unit and the direction in which it is better, as data that tables and plots read."""

from dataclasses import dataclass
from typing import Literal

from handcraft.errors import HandcraftError


@dataclass(frozen=True)
class NearestTo:
    """A direction: a figure is better the nearer it comes to ``target``, from either side."""

    target: float

    def __str__(self) -> str:
        """As a table says it."""
        return f"nearest to {self.target:g}"


@dataclass(frozen=True)
class Metric:
    """The kind of a figure.

    >>> Metric("EPE mean", unit="px", better="lower").improves(by=-2.1)
    True
    >>> accuracy = Metric("1-NN accuracy", unit="", better=NearestTo(0.5))
    >>> accuracy.is_better(0.6, than=0.3), accuracy.direction
    (True, 'nearest to 0.5 is better')
    """

    name: str
    unit: str
    """Empty for a share between 0 and 1."""
    better: Literal["lower", "higher"] | NearestTo

    @property
    def direction(self) -> str:
        """In words, for the head of a column."""
        return f"{self.better} is better"

    def is_better(self, value: float, *, than: float) -> bool:
        """Whether ``value`` is better than another; a figure is not better than itself."""
        if isinstance(self.better, NearestTo):
            return abs(value - self.better.target) < abs(than - self.better.target)
        return value < than if self.better == "lower" else value > than

    def improves(self, *, by: float) -> bool:
        """Whether a change of ``by`` (new minus old) is for the better; no change is none.

        Raises:
            HandcraftError: a change says nothing where a target is to be met.
        """
        if isinstance(self.better, NearestTo):
            raise HandcraftError(
                f"Expected `{self.name}` to have one better direction, but got {self.better}; use `is_better`."
            )
        return self.is_better(by, than=0.0)

    def to_json(self) -> dict[str, str]:
        """Name, unit and better direction, as a table's column is headed."""
        return {"name": self.name, "unit": self.unit, "better": str(self.better)}
