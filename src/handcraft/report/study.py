# SPDX-License-Identifier: Apache-2.0
"""What a study of a document adds to ``results.json``: its tables, ours beside the published, and its embeddings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handcraft.errors import HandcraftError
from handcraft.measure import Estimate
from handcraft.report.inline_svg import SERIES, figure, svg_from_figure
from handcraft.report.tables import Column, decimals_for

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True)
class StudyCell:
    """Our figure, what real images get in its place, and the published one; None where there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    control: float | None = None
    published: float | None = None
    note: str = ""

    @property
    def ours(self) -> Estimate | None:
        """Our figure with its interval."""
        if self.value is None:
            return None
        ends = (self.low, self.high)
        low, high = (math.nan, math.nan) if None in ends else (float(end or 0.0) for end in ends)
        return Estimate(self.value, low, high)


@dataclass(frozen=True)
class StudyRow:
    """The figures of one method."""

    name: str
    cells: tuple[StudyCell, ...]
    note: str = ""


@dataclass(frozen=True)
class StudyTable:
    """One table or figure of a document."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[StudyRow, ...]
    source: str
    note: str = ""
    caveats: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a table without rows, and rows that do not fit the columns."""
        if not self.rows or not self.columns:
            raise HandcraftError(f"Expected {self.name!r} of `study.tables` to have rows and columns, but it has none")
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise HandcraftError(
                    f"Expected {len(self.columns)} cells in row {row.name!r} of {self.name!r}, but got {len(row.cells)}"
                )

    def decimals(self, place: int) -> int:
        """As many for all of our figures of a column."""
        return self._decimals(place, [row.cells[place].value for row in self.rows])

    def published_decimals(self, place: int) -> int:
        """As many for all published ones, which may be figures of another space and far smaller or larger."""
        return self._decimals(place, [row.cells[place].published for row in self.rows])

    def _decimals(self, place: int, values: Sequence[float | None]) -> int:
        return decimals_for(self.columns[place], [value for value in values if value is not None])


@dataclass(frozen=True)
class Embedding:
    """Images of several sets in one plane."""

    name: str
    space: str
    method: str
    points: dict[str, tuple[tuple[float, ...], ...]]
    """By set."""

    def __post_init__(self) -> None:
        """Refuse points that are not in a plane."""
        if any(len(point) != 2 for points in self.points.values() for point in points):
            raise HandcraftError(f"Expected the points of {self.name!r} to have two coordinates each, but some do not")


@dataclass(frozen=True)
class Study:
    """A document's tables and figures."""

    document: str
    scale: str
    data: str
    tables: tuple[StudyTable, ...]
    embeddings: tuple[Embedding, ...] = ()
    embeddings_caveat: str = ""


def embedding_svg(embedding: Embedding, *, name: str) -> Markup:
    """Every image a dot; sets differ by colour and by marker."""
    with figure(4.6) as drawn:
        axes = drawn.subplots()
        for number, (title, points) in enumerate(embedding.points.items()):
            colour, marker = SERIES[number % len(SERIES)], _MARKERS[number % len(_MARKERS)]
            columns, rows = zip(*points, strict=True) if points else ((), ())
            axes.plot(columns, rows, marker, color=colour, markersize=3.5, markeredgewidth=0, alpha=0.75, label=title)
        axes.set_xticks([])
        axes.set_yticks([])
        drawn.legend(loc="outside lower center", ncols=2, markerscale=2)
        sets = ", ".join(f"{len(points)} {title}" for title, points in embedding.points.items())
        description = f"{embedding.name}: {sets} by {embedding.method}, in {embedding.space}."
        return svg_from_figure(drawn, name=name, description=description)
