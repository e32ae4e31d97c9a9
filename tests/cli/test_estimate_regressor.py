# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate regressor``: trains on some people, validates on others; ``measure`` takes what it made."""

import json

import pytest

from handcraft.cli import main
from handcraft.cli.prepared import read_preparation
from handcraft.data import KOMOROWICZ, PreprocessConfig, open_dataset
from handcraft.training import RunFolder
from tests.data.hands.make import write_hands
from tests.data.joints_json.make import write_joints_json


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("regressor")
    write_hands(home / "renders")
    command = ["estimate", "regressor", "--data", str(home / "renders"), "--out", str(home / "run")]
    assert main([*command, "--preset", "smoke"]) == 0
    return home


def refused(command, capsys):
    assert main(command) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_it_trains_on_some_people_and_validates_on_others(home):
    run = RunFolder.open(home / "run")
    inputs = run.record["inputs"]
    assert inputs["images"] + inputs["validation_images"] == len(open_dataset(home / "renders"))
    assert "validation_loss" in run.metrics()[-1]
    assert read_preparation(home / "run") == PreprocessConfig(size=32)


def test_it_is_measured_as_any_estimator(home, capsys):
    assert main(["measure", "--estimator", str(home / "run"), "--data", str(home / "renders")]) == 0
    results = json.loads((home / "run" / "measured" / "renders" / "results.json").read_text())
    assert [arm["name"] for arm in results["arms"]] == ["image centre", "mean pose", "estimator"]


def test_seed_001_s_presets_ask_for_files_and_cut_by_labels(home, tmp_path, capsys):
    write_joints_json(tmp_path / "hands")
    command = ["estimate", "regressor", "--data", str(tmp_path / "hands"), "--out", str(tmp_path / "new")]
    thesis = [*command, "--preset", "resnet-pretrained"]
    assert "--mano MANO_RIGHT.pkl" in refused(thesis, capsys)
    assert "--weights FILE" in refused([*thesis, "--hand", "anny"], capsys)
    assert "split by subject" in refused([*thesis, "--split", "thesis"], capsys)
    assert not (tmp_path / "new").exists()
    with pytest.raises(SystemExit):
        main([*thesis, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert f"(default: {KOMOROWICZ.crop})" in shown
    assert "(default: 224)" in shown
