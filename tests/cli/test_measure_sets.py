# SPDX-License-Identifier: Apache-2.0
"""``measure realism`` and ``measure domains`` on folders of crops: what they print is what they write."""

import json

import pytest

from handcraft.cli import main
from handcraft.cli.prepared import PREPARED, write_preparation
from handcraft.data import PreprocessConfig
from handcraft.measure.realism import embedding
from tests.studies.toy_sets import SIZE, plain_set


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Crops that lie ready, as ``refine apply`` leaves them, in the folder where the command is called."""

    def not_installed():
        raise ImportError("umap")

    monkeypatch.setattr(embedding, "_umap", not_installed)
    monkeypatch.chdir(tmp_path)
    sets = {
        "photos": plain_set(64, seed=1, source="photographs", is_real=True, level=0.8, people=8),
        "renders": plain_set(40, seed=2, level=0.2, people=8),
        "refined": plain_set(40, seed=3, source="refined renders", level=0.8, people=8),
    }
    for name, each in sets.items():
        (tmp_path / name).mkdir()
        write_preparation(tmp_path / name, PreprocessConfig(size=SIZE))
        each.save(tmp_path / name / PREPARED)
    return tmp_path


def test_realism_of_two_sets_in_one_table(folders, capsys):
    command = ["measure", "realism", "--photos", "photos", "--images", "renders", "refined", "--out", "run"]
    assert main([*command, "--space", "pixels", "--repeats", "2", "--draw", "12", "--device", "cpu"]) == 0
    results = json.loads((folders / "run" / "results.json").read_text())
    assert list(results["realism"]["measures"]) == ["renders", "refined"]
    assert results["realism"]["space"] == "pixels"
    said = capsys.readouterr().out
    assert results["verdict"] in said.replace("\n", " ")
    assert "nearest to 0.5" in said
    assert (folders / "run" / "report.html").exists()


def test_domains_of_two_sets_are_a_matrix(folders, capsys):
    command = ["measure", "domains", "--synthetic", "renders", "--real", "photos", "--out", "run"]
    small = ["--preset", "smoke", "--classifier.image-px", str(SIZE), "--classifier.device", "cpu"]
    assert main([*command, *small]) == 0
    (matrix,) = json.loads((folders / "run" / "results.json").read_text())["confusions"]
    assert list(map(sum, matrix["counts_true_by_predicted"])) == [10, 16]
    assert "as synthetic" in capsys.readouterr().out
