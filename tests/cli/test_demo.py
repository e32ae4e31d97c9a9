# SPDX-License-Identifier: Apache-2.0
"""``handcraft demo`` in its smoke preset: from nothing to a table and a page, and mistakes told before any work."""

import json

import pytest
from PIL import Image

from handcraft.cli import main
from handcraft.report.results import read_results
from handcraft.studies.refinement import SMOKE_STUDY

ARMS = ["image centre", "mean pose", "raw renders", "normalised colours", *SMOKE_STUDY.refiners, "labelled target"]


def demo(folder, *options):
    return main(["demo", "--preset", "smoke", "--out", str(folder), "--workers", "1", *map(str, options)])


def refused(capsys, *arguments):
    assert demo(*arguments) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("handcraft: ")
    return line


def photographs(folder, contents):
    folder.mkdir()
    for number, content in enumerate(contents):
        path = folder / f"{number}.png"
        Image.new("RGB", (40, 40), (120, 80, 60)).save(path)
        path.write_bytes(path.read_bytes()[: None if content == "whole" else 40])
    return folder


def test_the_demo_ends_with_a_table_a_page_and_the_same_figures_when_resumed(tmp_path, capsys):
    run = tmp_path / "run"
    assert demo(run, "--seeds", 3) == 0
    printed = capsys.readouterr().out
    results = read_results(run)
    assert [arm.name for arm in results.arms] == ARMS
    for arm in results.arms:
        row = next(line for line in printed.splitlines() if arm.name in line)
        assert f"{arm.epe_mean.value:.2f}" in row
    assert "stand-in" in printed
    assert results.verdict.split(".")[0] in printed.replace("\n", " ")
    assert str(run / "report.html") in printed
    assert "raw renders" in (run / "report.html").read_text(encoding="utf-8")
    first = json.loads((run / "results.json").read_text())
    assert {each["seed"] for arm in first["arms"] for each in arm["runs"]} == {3}
    assert "--resume" in refused(capsys, run, "--seeds", 3)
    assert "seeds" in refused(capsys, run, "--seeds", 4, "--resume")
    assert demo(run, "--seeds", 3, "--resume") == 0
    again = json.loads((run / "results.json").read_text())
    assert [again[name] for name in ("arms", "label_drift", "verdict")] == [
        first[name] for name in ("arms", "label_drift", "verdict")
    ]
    assert again["seconds"] >= first["seconds"]


@pytest.mark.parametrize(
    ("option", "contents", "said"),
    [
        ("--photos", [], "found none of them"),
        ("--photos", ["cut short", "cut short"], "none of its 2 can"),
        ("--test", ["cut short", "whole"], "labelled keypoints"),
    ],
)
def test_a_folder_that_will_not_do_is_told_before_any_work(tmp_path, capsys, option, contents, said):
    line = refused(capsys, tmp_path / "run", option, photographs(tmp_path / "pictures", contents))
    assert said in line
    assert "pictures" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--workers", -1], "`workers`"), (["--seeds", 1, 1], "`seeds`"), (["--photos", "nowhere"], "nowhere")],
)
def test_options_that_make_no_sense_are_told_before_any_work(tmp_path, capsys, options, said):
    assert said in refused(capsys, tmp_path / "run", *options)
    assert not (tmp_path / "run").exists()
