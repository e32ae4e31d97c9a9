# SPDX-License-Identifier: Apache-2.0
"""``measure joints``, ``nyu``, ``icvl``, ``msra`` and ``freihand``: files in, JSON out, one line for mistakes."""

import json

import numpy as np
import pytest
import torch

from handcraft.cli import main
from handcraft.data import write_freihand_predictions
from handcraft.data.readers.joint_files import MANO_KEYPOINTS
from handcraft.hand.skeleton import KEYPOINTS, reorder
from tests.data.depth.make import PLACES, icvl_uvd, nyu_uvd, some_joints_mm, write_joint_data, write_rows


def told(command, capsys):
    assert main([str(word) for word in command]) == 0
    return json.loads(capsys.readouterr().out)


def refused(command, capsys):
    assert main([str(word) for word in command]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.fixture
def nyu(tmp_path):
    """Every prediction 3 mm right, 4 mm up and 12 mm behind: 13 mm off, 5 of them in the plane; one joint far off."""
    true_mm = some_joints_mm(6, 36)
    predicted_mm = true_mm[:, PLACES] + [3, 4, 12]
    predicted_mm[0, 8] = true_mm[0, 24] + [0, 0, 45]
    write_rows(tmp_path / "method.txt", nyu_uvd(predicted_mm))
    write_rows(tmp_path / "method_xyz.txt", predicted_mm)
    write_rows(tmp_path / "labels.txt", nyu_uvd(true_mm[:, PLACES]))
    write_joint_data(tmp_path / "joint_data.mat", true_mm)
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [
        ["method.txt", "labels.txt"],
        ["method.txt", "joint_data.mat"],
        ["method_xyz.txt", "labels.txt", "--coordinates", "xyz"],
        ["method_xyz.txt", "joint_data.mat", "--coordinates", "xyz", "--truth-coordinates", "xyz"],
    ],
    ids=" ".join,
)
def test_nyu_by_hand(options, nyu, monkeypatch, capsys):
    monkeypatch.chdir(nyu)
    found = told(["measure", "nyu", *options], capsys)
    assert (found["set"], found["images"], found["joints"]) == ("NYU", 6, 14)
    assert found["mean_error_mm"] == pytest.approx((83 * 13 + 45) / 84, abs=1e-4)
    assert found["in_plane_error_mm"] == pytest.approx(83 * 5 / 84, abs=1e-4)
    assert found["mean_error_by_joint_mm"]["thumb_tip"] == pytest.approx((5 * 13 + 45) / 6, abs=1e-4)
    curve = dict(zip(*found["share_of_images_by_worst_joint"].values(), strict=True))
    assert curve[10.0] == 0
    assert curve[20.0] == curve[40.0] == pytest.approx(5 / 6, abs=1e-4)
    assert curve[50.0] == curve[80.0] == 1
    assert found["intervals"]["mean_error_mm"] is None  # six frames are one block


def test_smaller_blocks_give_an_interval(nyu, capsys):
    found = told(["measure", "nyu", nyu / "method.txt", nyu / "labels.txt", "--block-frames", 2], capsys)
    low, high = found["intervals"]["mean_error_mm"]
    assert low < found["mean_error_mm"] < high
    assert "blocks of 2 consecutive frames" in found["intervals"]["of"]


@pytest.mark.parametrize(("word", "joints"), [("icvl", 16), ("msra", 21)])
def test_the_other_depth_sets(word, joints, tmp_path, capsys):
    true_mm = some_joints_mm(4, joints)
    focal = np.array([241.42 / 240.99, 241.42 / 240.96, 1.0]) if word == "msra" else np.ones(3)
    for name, joints_mm in (("truth.txt", true_mm), ("method.txt", true_mm + np.array([0, 3, 4]))):
        offsets = icvl_uvd(joints_mm) - [160, 120, 0]
        write_rows(tmp_path / name, offsets * focal + [160, 120, 0])
    found = told(["measure", word, tmp_path / "method.txt", tmp_path / "truth.txt"], capsys)
    assert found["mean_error_mm"] == pytest.approx(5.0, abs=1e-4)
    assert found["in_plane_error_mm"] == pytest.approx(3.0, abs=1e-4)
    assert len(found["mean_error_by_joint_mm"]) == joints


def test_other_numbers_of_frames_are_refused(nyu, capsys):
    lines = (nyu / "method.txt").read_text().splitlines()
    (nyu / "short.txt").write_text("\n".join(lines[:5]))
    said = refused(["measure", "nyu", nyu / "short.txt", nyu / "labels.txt"], capsys)
    assert "has 5 and" in said
    assert "NYU's test set has 8252" in said
    assert "three for each of ICVL's 16" in refused(["measure", "icvl", nyu / "method.txt", nyu / "labels.txt"], capsys)


@pytest.fixture
def hands(tmp_path):
    true_m = some_joints_mm(5, 21) / 1000
    np.save(tmp_path / "truth.npy", true_m)
    np.save(tmp_path / "moved_mm.npy", 1000 * true_m + [0, 6, 8])
    to_mano = reorder(target=MANO_KEYPOINTS, source=KEYPOINTS)
    (tmp_path / "mano.json").write_text(json.dumps(((true_m + np.array([0, 0.006, 0.008]))[:, to_mano]).tolist()))
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [["moved_mm.npy", "truth.npy", "--unit", "mm", "--truth-unit", "m"],
     ["mano.json", "truth.npy", "--order", "mano", "--truth-order", "handcraft"]],
    ids=" ".join,
)  # fmt: skip
def test_joints_of_any_unit_and_order(options, hands, monkeypatch, capsys):
    monkeypatch.chdir(hands)
    found = told(["measure", "joints", *options], capsys)
    assert (found["hands"], found["joints"], found["clusters"]) == (5, 105, 5)
    assert found["errors"]["MPJPE"]["mean_mm"]["value"] == pytest.approx(10.0, abs=1e-3)
    assert found["errors"]["MPJPE, root-relative"]["mean_mm"]["value"] == pytest.approx(0.0, abs=1e-3)
    assert found["errors"]["PA-MPJPE"]["mean_mm"]["value"] == pytest.approx(0.0, abs=1e-3)


def test_joints_say_root_bone_and_blocks_and_print_a_table_beside_a_file(hands, monkeypatch, capsys):
    monkeypatch.chdir(hands)
    command = ["measure", "joints", "truth.npy", "truth.npy", "--root", "middle_mcp", "--bone", "middle_mcp",
               "middle_pip", "--block-hands", "2", "--out", "scores.json"]  # fmt: skip
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "PA-MPJPE" in printed
    found = json.loads((hands / "scores.json").read_text())
    assert (found["root"], found["bone"], found["clusters"]) == ("middle_mcp", ["middle_mcp", "middle_pip"], 3)
    assert found["errors"]["MPJPE"]["mean_mm"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_joints_that_do_not_fit_are_refused(hands, monkeypatch, capsys):
    monkeypatch.chdir(hands)
    assert "say the file's unit" in refused(["measure", "joints", "moved_mm.npy", "truth.npy"], capsys)
    assert "say the file's unit" in refused(["measure", "joints", "truth.npy", "truth.npy", "--unit", "mm"], capsys)
    true_m = np.load("truth.npy")
    np.save("fewer.npy", true_m[:4])
    assert "has 4 and" in refused(["measure", "joints", "fewer.npy", "truth.npy"], capsys)
    true_m[3, 2] = np.nan
    np.save("holed.npy", true_m)
    assert "hand 3 (from 0) and 0 more" in refused(["measure", "joints", "holed.npy", "truth.npy"], capsys)
    assert told(["measure", "joints", "truth.npy", "holed.npy"], capsys)["joints"] == 104
    assert "`root` to be a keypoint" in refused(["measure", "joints", "a", "b", "--root", "palm"], capsys)


def test_freihand_prints_what_its_scorer_prints(tmp_path, capsys):
    joints_m = torch.from_numpy(some_joints_mm(4, 21) / 1000)
    vertices_m = torch.from_numpy(some_joints_mm(4, 50, seed=1) / 1000)
    (tmp_path / "evaluation_xyz.json").write_text(json.dumps(joints_m.tolist()))
    (tmp_path / "evaluation_verts.json").write_text(json.dumps(vertices_m.tolist()))
    shift_m = torch.tensor([0.0, 0.0, 0.01])
    write_freihand_predictions(tmp_path / "pred.json", joints_m + shift_m, vertices_m + shift_m)
    command = ["measure", "freihand", tmp_path / "pred.json", tmp_path, "--scores", tmp_path / "scores.txt"]
    found = told(command, capsys)
    assert (found["xyz_mean3d"], found["mesh_mean3d"], found["xyz_al_mean3d"]) == (1.0, 1.0, 0.0)
    assert (found["f_al_score_5"], found["images"], found["mirrored_images"]) == (1.0, 4, 0)
    assert found["without_reflection"]["xyz_al_mean3d"] == 0.0
    lines = (tmp_path / "scores.txt").read_text().splitlines()
    assert {name: float(value) for name, value in (line.split(": ") for line in lines)} == {
        line.split(":")[0]: found[line.split(":")[0]] for line in lines
    }
    assert len(lines) == 12
    write_freihand_predictions(tmp_path / "pred.json", joints_m[:3], vertices_m[:3])
    assert "each of the 4 photographs" in refused(command, capsys)


def test_help_tells_of_all_words(capsys):
    with pytest.raises(SystemExit):
        main(["measure", "--help"])
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("realism", "domains", "joints", "nyu", "icvl", "msra", "freihand"))
