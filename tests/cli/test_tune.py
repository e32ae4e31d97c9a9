# SPDX-License-Identifier: Apache-2.0
import dataclasses
import io

import pytest
from rich.console import Console

from handcraft.cli import main
from handcraft.cli.prepared import read_preparation
from handcraft.cli.tune import trials_table
from handcraft.studies.tuning import SearchSpace
from tests.cli.test_verbs import write_set


@pytest.fixture
def asked(tmp_path):
    """A search on eight painted hands of each kind."""
    folders = []
    for option, is_real in (("--rendered", False), ("--photos", True), ("--validation", True)):
        folders += [option, str(write_set(tmp_path / option.strip("-"), is_real=is_real, source=option.strip("-")))]
    return ["tune", *folders, "--out", str(tmp_path / "run"), "--preset", "smoke", "--trials", "1", "--device", "cpu"]


def test_a_search_leaves_a_page_and_a_refiner_that_can_be_used(tmp_path, asked, capsys):
    assert main(asked) == 0
    assert "raw renders" in capsys.readouterr().out
    assert (tmp_path / "run" / "report.html").exists()
    refiner = tmp_path / "run" / "trials" / "001" / "refine"
    assert read_preparation(refiner).size == 32
    out = ["--data", str(tmp_path / "rendered"), "--out", str(tmp_path / "refined")]
    assert main(["refine", "apply", "--refiner", str(refiner), *out]) == 0


def test_a_search_that_is_there_needs_resume_and_mistakes_are_one_line(tmp_path, asked, capsys):
    assert main([*asked, "--space.cycle-weight", "3", "1"]) == 2
    assert "`cycle_weight` to be a range" in capsys.readouterr().err
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "else.txt").write_text("something else")
    assert main(asked) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "--resume" in said[-1]


def test_every_trial_is_whole_in_a_terminal_of_80_columns():
    longest = {"cycle_weight": 29.7123, "learning_rate": 5.12345e-5, "identity_weight": 9.87654,
               "cycle": "discriminator_features", "feature_level": 2, "discriminator_width": 128,
               "ema_decay": 0.999}  # fmt: skip
    assert list(longest) == [each.name for each in dataclasses.fields(SearchSpace)]
    trials = [{"number": 100, "settings": longest, "error_px": {"value": 12.3456}},
              {"number": 101, "settings": longest, "error_px": None}]  # fmt: skip
    written = io.StringIO()
    Console(file=written, width=80).print(trials_table({"baseline_px": 12.3456, "best": 100, "trials": trials}))
    lines = written.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line.split() for line in lines]
    assert ["100", "12.35", "29.7", "5.1e-05", "9.88", "features", "2", "128", "0.999"] in rows
    assert ["101", "given", "29.7", "5.1e-05", "9.88", "features", "2", "128", "0.999"] in rows
    headings = " ".join(lines[: next(place for place, row in enumerate(rows) if row[:1] == ["100"])])
    for word in ("trial", "px", "cycle", "weight", "rate", "identity", "level", "width", "ema"):
        assert word in headings.split(), word
