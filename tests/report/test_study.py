# SPDX-License-Identifier: Apache-2.0
"""Tables of a document on the page: ours beside the published figure, each where it belongs."""

import json
import math
from pathlib import Path

import pytest

from handcraft.errors import HandcraftError
from handcraft.measure import Estimate, Metric
from handcraft.report import write_report
from handcraft.studies.tables import Cell, Row, StudyTable
from tests.report.make import results
from tests.report.reading import read_page

ERROR = Metric("EPE mean", "px", "lower")


def table(*rows: Row) -> StudyTable:
    return StudyTable(
        "Table 4.1", "Errors", (ERROR,), rows, source="where it is printed", note="On <these> data.",
        caveats=("It measures something else.",), tests=("F(2, 3) = 4.00.",),
    )  # fmt: skip


def run_with(folder: Path, *tables: StudyTable, points: list | None = None) -> Path:
    study = {"document": "seed 000", "scale": "smoke", "data": "Scale smoke.",
             "tables": [each.to_json() for each in tables],
             "embeddings": [] if points is None else [{"name": "Figure 4.5", "space": "pixels", "method": "PCA",
                                                       "points": {"renders": points}}]}  # fmt: skip
    content = {name: value for name, value in results().items() if name not in ("pictures", "training")}
    content |= {"study": study, "arms": [], "differences": []}
    folder.mkdir(exist_ok=True)
    (folder / "results.json").write_text(json.dumps(content))
    return folder


def test_a_row_shows_our_figure_its_interval_the_control_and_the_published_one(tmp_path):
    rows = (
        Row("raw renders", (Cell(Estimate(10.26, 9.5, 11.0), control=7.25, published=16.799, note="seed 0 10.1"),)),
        Row("mean pose", (Cell(Estimate(13.4, math.nan, math.nan)),), note="not in the document"),
        Row("labelled", (Cell(),)),
    )
    page = read_page(write_report(run_with(tmp_path / "run", table(*rows))))
    first, second, third = page.all("tbody")[0].all("tr")
    assert [" ".join(cell.text.split()) for cell in first.all("td")] == [
        "10.3 [9.5, 11.0] seed 0 10.1 real images 7.2", "16.8"
    ]  # fmt: skip
    assert [" ".join(cell.text.split()) for cell in second.all("td")] == ["13.4 no interval", "–"]
    assert [" ".join(cell.text.split()) for cell in third.all("td")] == ["–", "–"]
    for words in ("On <these> data.", "where it is printed", "It measures something else.", "F(2, 3) = 4.00."):
        assert words in page.text


def test_an_embedding_is_drawn_and_points_elsewhere_than_in_a_plane_are_refused(tmp_path):
    row = Row("raw renders", (Cell(),))
    page = write_report(run_with(tmp_path / "flat", table(row), points=[[0.0, 1.0], [2.0, 3.0]])).read_text()
    assert "Figure 4.5: 2 renders by PCA, in pixels." in page
    with pytest.raises(HandcraftError, match="two coordinates"):
        write_report(run_with(tmp_path / "deep", table(row), points=[[0.0, 1.0, 2.0]]))


def test_rows_that_do_not_fit_the_columns_are_refused(tmp_path):
    with pytest.raises(HandcraftError, match="Expected 1 cells in row 'raw renders'"):
        write_report(run_with(tmp_path / "run", table(Row("raw renders", (Cell(), Cell())))))
