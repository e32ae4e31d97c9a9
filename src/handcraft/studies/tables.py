# SPDX-License-Identifier: Apache-2.0
"""A document's tables and figures as rows: our figure, what real images get in its place, and the published one.

Every row stands for one method of the document or for something it lacks; where it has no figure, none is shown.
"""

from dataclasses import dataclass
from typing import Any

from handcraft.measure import Estimate, Metric


@dataclass(frozen=True)
class Cell:
    """One figure."""

    ours: Estimate | None = None
    control: float | None = None
    """What real images get in the place of made ones."""
    published: float | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """``value``, ``low`` and ``high`` are ours; None where there is none."""
        ours = {"value": None, "low": None, "high": None} if self.ours is None else self.ours.to_json()
        return ours | {"control": self.control, "published": self.published, "note": self.note}


@dataclass(frozen=True)
class Row:
    """The figures of one method, in the order of the table's columns."""

    name: str
    cells: tuple[Cell, ...]
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """As ``results.json`` has it."""
        return {"name": self.name, "note": self.note, "cells": [cell.to_json() for cell in self.cells]}


@dataclass(frozen=True)
class StudyTable:
    """One table or figure of a document."""

    name: str
    """As the document calls it: ``Table 4.1``."""
    title: str
    columns: tuple[Metric, ...]
    rows: tuple[Row, ...]
    source: str
    """Where the published figures are printed, or how they were read."""
    note: str = ""
    """On what our figures were measured: data, scale, space, sizes."""
    caveats: tuple[str, ...] = ()
    """What the published figures really measure."""
    tests: tuple[str, ...] = ()
    """Tests over independently trained models, in words."""

    def to_json(self) -> dict[str, Any]:
        """As ``results.json`` has it."""
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "note": self.note,
            "columns": [metric.to_json() for metric in self.columns],
            "rows": [row.to_json() for row in self.rows],
            "caveats": list(self.caveats),
            "tests": list(self.tests),
        }
