# SPDX-License-Identifier: Apache-2.0
"""Tables of figures that know their better direction, and confusion matrices, as ``results.json`` holds them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from handcraft.errors import HandcraftError
from handcraft.measure import Estimate, Metric, NearestTo

_NEAREST = "nearest to "
_SIGNIFICANT, _MOST_DECIMALS, _DECIMALS_OF_SHARES = 3, 6, 3


@dataclass(frozen=True)
class Column:
    """What a column's figures are."""

    name: str
    unit: str = ""
    """Empty for a share between 0 and 1."""
    better: str = ""
    """lower, higher, ``nearest to 0.5``; empty where no direction is better."""

    def __post_init__(self) -> None:
        """Refuse a direction nobody can read."""
        if self.better and self.metric is None:
            raise HandcraftError(
                f"Expected `better` of {self.name!r} to be lower, higher or nearest to a number, but got "
                f"{self.better!r}"
            )

    @property
    def metric(self) -> Metric | None:
        """The column as a metric; None where no direction is better."""
        if self.better == "lower":
            return Metric(self.name, self.unit, "lower")
        if self.better == "higher":
            return Metric(self.name, self.unit, "higher")
        start, _, target = self.better.partition(_NEAREST)
        try:
            return None if start or not target else Metric(self.name, self.unit, NearestTo(float(target)))
        except ValueError:
            return None


@dataclass(frozen=True)
class Row:
    """What is measured, and its figures."""

    name: str
    cells: tuple[Estimate | None, ...]
    """One per column; None where there is no figure."""
    role: Literal["arm", "control", "published"] = "arm"
    """Only arms compete for the best figure of a column."""
    note: str = ""


@dataclass(frozen=True)
class MetricTable:
    """Rows of figures under columns that say which direction is better."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    first: str = ""
    """The heading over the rows' names."""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a table without rows, and rows that do not fit the columns."""
        if not self.rows or not self.columns:
            raise HandcraftError(f"Expected the table {self.title!r} to have rows and columns, but it has none")
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise HandcraftError(
                    f"Expected {len(self.columns)} cells in row {row.name!r} of the table {self.title!r}, but got "
                    f"{len(row.cells)}"
                )

    def is_best(self, row: Row, place: int) -> bool:
        """Whether no arm has a better figure in the column at ``place``; a single arm is not best of anything."""
        metric, own = self.columns[place].metric, row.cells[place]
        others = [cell for each in self.rows if each.role == "arm" and (cell := each.cells[place]) is not None]
        if metric is None or own is None or row.role != "arm" or len(others) < 2:
            return False
        return not any(metric.is_better(other.value, than=own.value) for other in others)

    def decimals(self, place: int) -> int:
        """As many for all figures of a column."""
        return decimals_for(self.columns[place], [cell.value for row in self.rows if (cell := row.cells[place])])


def decimals_for(column: Column, values: Sequence[float]) -> int:
    """As many as give the largest figure of a column three significant digits; three for shares.

    >>> decimals_for(Column("EPE mean", "px"), [15.2, 9.94]), decimals_for(Column("1-NN accuracy"), [0.5])
    (1, 3)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if not column.unit and largest <= 1:
        return _DECIMALS_OF_SHARES
    if largest <= 0:
        return _SIGNIFICANT - 1
    return min(_MOST_DECIMALS, max(0, _SIGNIFICANT - 1 - math.floor(math.log10(largest))))


@dataclass(frozen=True)
class ConfusionTable:
    """Counted answers of a classifier; rows are the true class, columns the predicted one."""

    title: str
    names: tuple[str, ...]
    counts_true_by_predicted: tuple[tuple[int, ...], ...]
    accuracy: float
    precision: tuple[float | None, ...]
    """None for a class that was never answered."""
    recall: tuple[float | None, ...]
    f1: tuple[float | None, ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a matrix that does not fit its names."""
        parts = (self.counts_true_by_predicted, *self.counts_true_by_predicted, self.precision, self.recall, self.f1)
        if any(len(part) != len(self.names) for part in parts):
            raise HandcraftError(
                f"Expected the confusion matrix {self.title!r} to have {len(self.names)} rows, columns and figures of "
                "each kind, one per class"
            )
