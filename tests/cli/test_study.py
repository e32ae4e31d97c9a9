# SPDX-License-Identifier: Apache-2.0
"""``handcraft study``: names its studies, refuses others, and refuses the paper's scale without the paper's data."""

import pytest

from handcraft.cli import main
from handcraft.cli import study_murphy as command
from handcraft.cli.study import STUDIES
from handcraft.studies.murphy import SMOKE_MURPHY


def refused(capsys, *arguments):
    assert main(["study", *map(str, arguments)]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_help_lists_the_studies(capsys):
    assert main(["study", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in STUDIES)


@pytest.mark.parametrize("arguments", [(), ("zimmermann",)])
def test_a_study_that_is_not_there_is_refused(capsys, arguments):
    assert "Expected a study (murphy, hgan, variety)" in refused(capsys, *arguments)


def test_the_papers_scale_needs_the_papers_data(capsys, tmp_path):
    assert "`--rhd` and `--freihand`" in refused(capsys, "murphy", "--scale", "paper", "--out", tmp_path / "run")
    assert "both `rhd` and `freihand`" in refused(capsys, "murphy", "--rhd", tmp_path, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_options_reach_the_study_and_its_tables_are_printed(capsys, tmp_path, monkeypatch):
    given = []
    cell = {"value": 10.26, "low": 9.5, "high": None, "control": None, "published": 16.799, "note": ""}
    row = {"name": "raw renders", "note": "", "cells": [cell]}
    table = {"name": "Table 4.1", "title": "Errors", "note": "On these data.", "source": "", "rows": [row],
             "columns": [{"name": "EPE mean", "unit": "px", "better": "lower"}], "tests": ["F = 1."]}  # fmt: skip

    def no_run(*arguments, **options):
        given.append((arguments, options))
        return {"study": {"tables": [table]}, "verdict": "Nothing was run."}

    monkeypatch.setattr(command, "run_murphy", no_run)
    monkeypatch.setattr(command, "write_report", lambda out: out / "report.html")
    weights = tmp_path / "resnet34.pth"
    arguments = ["--scale", "smoke", "--out", tmp_path, "--seeds", 3, "--resnet34", weights, "--photos", tmp_path]
    assert main(["study", "murphy", *map(str, arguments)]) == 0
    (out, config, data), options = given[0]
    assert (out, config.hands.seeds, config.weights, data.photos) == (tmp_path, (3,), weights, tmp_path)
    assert config.hands.refiners == SMOKE_MURPHY.hands.refiners
    assert options == {"workers": 0, "resume": False}
    said = capsys.readouterr().out
    assert "10.26 | 16.8" in said
    assert "F = 1." in said
    assert "Nothing was run." in said
