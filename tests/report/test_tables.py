# SPDX-License-Identifier: Apache-2.0
"""Tables that know their better direction, and confusion matrices: what the page shows is what the file says."""

import pytest

from handcraft.errors import HandcraftError
from handcraft.measure import Estimate
from handcraft.report import write_report
from handcraft.report.tables import Column, ConfusionTable, MetricTable, Row
from tests.report.conftest import brief
from tests.report.make import make_run
from tests.report.reading import read_page


def cell(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


TABLE = {
    "title": "How like photographs",
    "note": "In the space of tests.",
    "first": "Images",
    "columns": [
        {"name": "accuracy", "unit": "", "better": "nearest to 0.5"},
        {"name": "distance", "unit": "units", "better": "lower"},
        {"name": "recall", "unit": "", "better": "higher"},
        {"name": "count", "unit": "", "better": ""},
    ],
    "rows": [
        {"name": "renders", "cells": [cell(0.91, 0.88, 0.94), cell(128.4, 120.0, 136.0), cell(0.4), cell(12)]},
        {"name": "refined", "cells": [cell(0.35), cell(12.6), cell(0.3), None]},
        {"name": "photographs", "role": "control", "cells": [cell(0.5), cell(0.1), cell(1.0), cell(99)]},
        {"name": "their table 4.1", "role": "published", "cells": [cell(0.52), cell(0.2), cell(0.99), None]},
    ],
}
MATRIX = {
    "title": "Told apart",
    "names": ["synthetic", "real"],
    "counts_true_by_predicted": [[1341, 114], [0, 0]],
    "accuracy": 0.9216,
    "precision": [1.0, 0.0],
    "recall": [0.9216, None],
    "f1": [0.959, 0.0],
}


def without_arms(**blocks):
    nothing = {"arms": [], "differences": [], "label_drift": [], "training": []}
    return brief() | nothing | blocks


@pytest.fixture(scope="module")
def tables_page(tmp_path_factory):
    content = without_arms(tables=[TABLE], tables_title="Realism", confusions=[MATRIX])
    return read_page(write_report(make_run(tmp_path_factory.mktemp("tables"), content)))


def test_every_figure_stands_under_its_direction_and_only_arms_compete(tables_page):
    (table,) = tables_page.all("table", "metrics")
    headings = [heading.text for heading in table.all("thead")[0].all("th")]
    assert headings == [
        "Images", "accuracy nearest to 0.5 is better", "distance units lower is better", "recall higher is better",
        "count",
    ]  # fmt: skip
    rows = {row.all("th")[0].text: [one.text for one in row.all("td")] for row in table.all("tbody")[0].all("tr")}
    assert rows["renders"] == ["0.910 [0.880, 0.940]", "128 [120, 136]", "0.400 no interval", "12.0 no interval"]
    assert rows["refined"][3] == "–"
    assert "their table 4.1 published" in rows
    best = [
        (row.all("th")[0].text, one.text.split()[0]) for row in table.all("tr") for one in row.all("td", "best-figure")
    ]
    assert best == [("renders", "0.400"), ("refined", "0.350"), ("refined", "13")]


def test_the_matrix_has_true_rows_with_shares_and_figures(tables_page):
    (table,) = tables_page.all("table", "confusion")
    synthetic, real = [[one.text for one in row.all("td")] for row in table.all("tbody")[0].all("tr")]
    assert synthetic == ["1,341 92.2%", "114 7.8%", "1.000", "0.922", "0.959"]
    assert real == ["0", "0", "0.000", "–", "0.000"]


def test_a_page_without_arms_has_no_empty_parts_and_one_without_tables_has_no_table_part(tables_page, page):
    assert "Did it help?" not in tables_page.text
    assert "PCK" not in tables_page.text
    assert "Realism" in [link.text for link in tables_page.all("nav")[0].all("a")]
    assert "What is taken for what" not in page.text
    assert not page.all("table", "metrics")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (without_arms(tables=[TABLE | {"rows": [{"name": "short", "cells": [cell(1.0)]}]}]), "4 cells in row 'short'"),
        (without_arms(tables=[TABLE | {"columns": [{"name": "x", "better": "0.5"}]}]), "lower, higher or nearest to"),
        (without_arms(confusions=[MATRIX | {"names": ["one"]}]), "1 rows, columns and figures"),
        (without_arms(), "at least one of `arms`"),
    ],
)
def test_what_is_no_table_is_refused(content, said, tmp_path):
    with pytest.raises(HandcraftError, match=said):
        write_report(make_run(tmp_path, content))


def test_equal_figures_are_both_best_and_one_arm_is_best_of_nothing():
    column = (Column("recall", better="higher"),)
    same = tuple(Row(name, (Estimate(0.5, 0.4, 0.6),)) for name in "ab")
    assert all(MetricTable("t", column, same).is_best(row, 0) for row in same)
    assert not MetricTable("t", column, same[:1]).is_best(same[0], 0)


def test_a_column_has_as_many_decimals_as_its_largest_figure_needs():
    def decimals(value, unit):
        row = Row("a", (Estimate(value, value, value),))
        return MetricTable("t", (Column("c", unit, "lower"),), (row,)).decimals(0)

    assert [decimals(*each) for each in ((0.5, ""), (128.0, "px"), (9.8, "px"), (0.0023, "units"), (0.0, "px"))] == [
        3, 0, 2, 5, 2,
    ]  # fmt: skip


def test_a_confusion_table_takes_what_a_confusion_writes():
    assert ConfusionTable("t", ("a", "b"), ((1, 0), (0, 1)), 1.0, (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)).names == (
        "a",
        "b",
    )
