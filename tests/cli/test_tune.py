# SPDX-License-Identifier: Apache-2.0
import pytest

from handcraft.cli import main
from handcraft.cli.prepared import read_preparation
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
