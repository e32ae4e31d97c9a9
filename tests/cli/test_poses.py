# SPDX-License-Identifier: Apache-2.0
"""``handcraft poses``: its words work one on another's files; bad input is one line and harms nothing."""

import json

import numpy as np
import pytest
import torch

from handcraft.cli import main
from handcraft.data import HandSample, ShardWriter
from handcraft.hand.pose_library import PoseLibrary
from handcraft.measure.range_of_motion import range_of_motion
from tests.data.joint_files.make import write_bighand, write_freihand_joints


@pytest.fixture(scope="module")
def posed(hand_model):
    return PoseLibrary.sampled(hand_model, 8, seed=0)


@pytest.fixture
def library(posed, tmp_path):
    posed.save(tmp_path / "poses.safetensors")
    return tmp_path / "poses.safetensors"


def one_line(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def poses(*words):
    return main(["poses", *map(str, words)])


def test_a_library_is_built_of_every_kind_of_file(posed, tmp_path, capsys):
    write_bighand(tmp_path / "full_annotation", posed.joints_m)
    write_freihand_joints(tmp_path / "training_xyz.json", posed.joints_m)
    np.save(tmp_path / "left.npy", 1000 * (posed.joints_m * torch.tensor([1.0, 1.0, -1.0])).numpy())
    for name, options in (
        ("full_annotation", []), ("training_xyz.json", []), ("left.npy", ["--side", "left", "--unit", "mm"]),
    ):  # fmt: skip
        assert poses("build", "--joints", tmp_path / name, "--out", tmp_path / "out.safetensors", *options) == 0
        built = PoseLibrary.load(tmp_path / "out.safetensors")
        assert torch.allclose(built.angles_rad, posed.angles_rad, atol=2e-3)
        assert built.source == name
    printed = " ".join(capsys.readouterr().out.split())
    assert "Wrote 8 of 8 poses" in printed
    assert "0 unlike hands, 0 further than 10 mm" in printed


def test_sampled_prior_and_new_poses_follow_one_another(tmp_path, capsys):
    library, run, new = tmp_path / "a.safetensors", tmp_path / "prior", tmp_path / "new.safetensors"
    assert poses("build", "--sampled", 24, "--out", library) == 0
    tiny = ["--width", 8, "--steps", 4, "--batch-size", 8, "--device", "cpu"]
    assert poses("train-prior", "--library", library, "--out", run, *tiny) == 0
    assert poses("sample", "--prior", run, "--count", 5, "--out", new, "--reference", library) == 0
    assert len(PoseLibrary.load(new)) == 5
    assert "Half of the new poses are within" in capsys.readouterr().out
    assert set(json.loads((run / "coverage.json").read_text())) > {"samples_to_reference_mm_median"}


def test_a_trained_network_builds_libraries(posed, library, tmp_path):
    run = tmp_path / "network"
    tiny = ["--widths", 8, 8, "--steps", 3, "--batch-size", 8, "--device", "cpu"]
    assert poses("train-network", "--library", library, "--out", run, *tiny) == 0
    write_freihand_joints(tmp_path / "a.json", posed.joints_m)
    out = tmp_path / "out.safetensors"
    assert (
        poses("build", "--joints", tmp_path / "a.json", "--network", run, "--max-residual-mm", 500, "--out", out) == 0
    )
    assert not torch.allclose(PoseLibrary.load(out).angles_rad, posed.angles_rad, atol=0.05)  # hardly trained


def test_the_range_of_motion_is_a_picture_and_the_same_of_library_and_file(posed, library, tmp_path):
    write_bighand(tmp_path / "full_annotation", posed.joints_m)
    assert poses("rom", "--poses", library, "--out", tmp_path / "a") == 0
    assert poses("rom", "--poses", tmp_path / "full_annotation", "--out", tmp_path / "b") == 0
    first, second = (json.loads((tmp_path / name / "range-of-motion.json").read_text()) for name in "ab")
    assert first["deg"]["ring"]["pip_flexion"] == pytest.approx(second["deg"]["ring"]["pip_flexion"], abs=0.05)
    assert first["poses"] == 8
    assert (tmp_path / "a" / "range-of-motion.png").read_bytes()[:4] == b"\x89PNG"


def test_the_range_of_motion_of_a_data_set_takes_its_sides_into_account(posed, tmp_path):
    mirror = torch.tensor([1.0, 1.0, -1.0])
    with ShardWriter(tmp_path / "set", samples_per_shard=8, description={"made": "by a test"}) as writer:
        for row, joints_m in enumerate(posed.joints_m):
            left = row % 2 == 1
            writer.write(HandSample(
                key=f"hand-{row}", image=torch.zeros(3, 8, 8), source="x", is_real=False, subject="s",
                side="left" if left else "right", joints_m=joints_m * mirror if left else joints_m,
            ))  # fmt: skip
    assert poses("rom", "--poses", tmp_path / "set", "--out", tmp_path / "rom") == 0
    found = json.loads((tmp_path / "rom" / "range-of-motion.json").read_text())
    assert found["deg"] == range_of_motion(posed.joints_m, "x").degrees


def test_bad_joints_are_one_line_and_leave_what_was_made(posed, library, tmp_path, capsys):
    before = library.read_bytes()
    spoilt = {"mm": 1000 * posed.joints_m, "order": posed.joints_m.flip(1), "nan": posed.joints_m * float("nan")}
    for name, joints in spoilt.items():
        np.save(tmp_path / f"{name}.npy", joints.numpy())
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "none").mkdir()
    for name, said in (
        ("mm.npy", "millimetres"), ("order.npy", "order"), ("nan.npy", "NaN"), ("empty.csv", "empty"), ("none", "none"),
        ("missing.npy", "no such file"),
    ):  # fmt: skip
        assert poses("build", "--joints", tmp_path / name, "--out", library) == 2
        assert said in one_line(capsys)
        assert library.read_bytes() == before
        assert poses("rom", "--poses", tmp_path / name, "--out", tmp_path / "rom") == 2
        assert said in one_line(capsys)


def test_wrong_words_and_options_are_one_line(tmp_path, capsys):
    for words, said in (
        ([], "got nothing"), (["bild"], "got `bild`"),
        (["build", "--out", tmp_path / "a.safetensors"], "one of `--joints`"),
        (["build", "--sampled", 5, "--out", tmp_path / "a.txt"], ".safetensors"),
        (["sample", "--prior", tmp_path, "--out", tmp_path / "a.safetensors"], "run.json"),
        (["rom", "--poses", tmp_path / "a.safetensors", "--out", tmp_path], "cannot be read"),
    ):  # fmt: skip
        assert poses(*words) == 2
        assert said in one_line(capsys)
    assert main(["poses", "--help"]) == 0
    assert "train-prior" in capsys.readouterr().out
