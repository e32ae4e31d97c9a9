# SPDX-License-Identifier: Apache-2.0
"""Every kind of damage is found, in every shard that has it."""

import dataclasses
import json
import os
import re

import pytest
import torch

from handcraft.data.manifest import Manifest
from handcraft.data.verify import check_shard, sample_problems, set_problems
from tests.data.hands.make import HAND_ROWS, hand, write_hands


def problems(folder):
    manifest = Manifest.read(folder)
    reports = [check_shard(folder, manifest, shard) for shard in manifest.shards]
    return [list(report.problems) for report in reports], set_problems(folder, manifest, reports)


def test_a_whole_set_has_no_problem_and_nothing_is_written(tmp_path):
    write_hands(tmp_path / "set")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "set").iterdir()}
    assert problems(tmp_path / "set") == ([[], [], []], [])
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "set").iterdir()}
    manifest = Manifest.read(tmp_path / "set")
    report = check_shard(tmp_path / "set", manifest, manifest.shards[1])
    assert report.keys == tuple(f"hand-{number:06d}" for number in range(4, 8))
    assert (report.inventory.samples, report.inventory.people) == (4, {"person-1", "person-2"})
    assert report.inventory.sides == {"left": 2, "right": 2}


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: os.truncate(path, 700), "cut short"),
        (lambda path: path.write_bytes(path.read_bytes() + b"more"), "too long"),
        (flip_a_byte, "match its checksum"),
        (lambda path: path.unlink(), "it is missing"),
    ],
)
def test_damage_is_named_in_every_shard_that_has_it_with_the_samples_to_make_again(tmp_path, damage, words):
    folder = write_hands(tmp_path / "set")
    for name in ("shard-000000.tar", "shard-000002.tar"):
        damage(folder / name)
    (first, second, third), others = problems(folder)
    assert (second, others) == ([], [])
    assert [len(first), len(third)] == [1, 1]
    for (problem,), name, samples in ((first, "shard-000000.tar", "0:4"), (third, "shard-000002.tar", "8:10")):
        assert words in problem
        assert name in problem
        assert f"make samples {samples} again" in problem


def relisted(folder, **values):
    """The set with a shard's entry changed, as a writer with a bug would leave it."""
    path = folder / "dataset.json"
    content = json.loads(path.read_text())
    content["shards"][0] |= values
    path.write_text(json.dumps(content))


def test_counts_are_compared_with_what_is_there(tmp_path):
    folder = write_hands(tmp_path / "set")
    relisted(folder, samples=5)
    (first, *_), others = problems(folder)
    assert "to hold 5 samples, but it has 4" in first[0]
    assert "(10) to be the sum of its shards (11)" in others[0]


def test_keys_are_unique_over_the_whole_set(tmp_path):
    folder = write_hands(tmp_path / "set", change=lambda sample: dataclasses.replace(sample, key=f"{sample.key[-1]}x"))
    assert problems(folder)[1] == []
    again = {"hand-000009": "hand-000001"}
    folder = write_hands(
        tmp_path / "twice", change=lambda sample: dataclasses.replace(sample, key=again.get(sample.key, sample.key))
    )
    assert problems(folder)[0] == [[], [], []]
    assert "hand-000001 comes 2 times" in problems(folder)[1][0]


@pytest.mark.parametrize("name", [".shard-000003.tar.part", "shard-000003.tar"])
def test_what_a_kill_left_is_named_with_the_cure(tmp_path, name):
    folder = write_hands(tmp_path / "set")
    (folder / name).write_bytes(b"half")
    (problem,) = problems(folder)[1]
    assert name in problem
    assert "run the command that writes this set again" in problem


def without_hand(depth_m):
    changed = depth_m.clone()
    changed[HAND_ROWS, 30:32] = 0
    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda hand: {"keypoints_px": hand.keypoints_px.where(hand.keypoints_px > 20, torch.nan)},
            "finite keypoints_px",
        ),
        (lambda hand: {"joints_m": hand.joints_m * torch.inf}, "finite joints_m"),
        (lambda hand: {"confidence": hand.confidence * 1.5}, "confidence within 0 and 1"),
        (lambda hand: {"mask": hand.mask[:, 1:]}, r"mask of \(48, 64\) px, but got \(48, 63\)"),
        (lambda hand: {"depth_m": hand.depth_m.T}, "depth_m of"),
        (lambda hand: {"visible": hand.visible[:20]}, "21 visible, but it has 20"),
        (lambda hand: {"mask": hand.mask.roll(1, dims=0)}, "its mask where its parts are"),
        (lambda hand: {"parts": hand.parts * 10}, "parts up to 22, but got 30"),
        (lambda hand: {"depth_m": without_hand(hand.depth_m)}, "64 pixels have none"),
        (lambda hand: {"depth_m": hand.depth_m.roll(20, dims=0)}, "depth where the hand is"),
        (lambda hand: {"keypoints_px": hand.keypoints_px + torch.tensor([0.0, 22.0])}, "visible keypoints on the hand"),
        (lambda hand: {"joints_m": hand.joints_m * torch.tensor([1.0, 1.01, 1.0])}, "where its joints project"),
    ],
)
def test_labels_that_contradict_each_other_are_named(change, words):
    whole = hand(0)
    assert sample_problems(whole) == []
    for name, value in change(whole).items():
        object.__setattr__(whole, name, value)  # past the checks of shapes that tests make and users do not
    assert re.search(words, "; ".join(sample_problems(whole)))


def test_a_contradiction_in_a_shard_whose_checksum_holds_is_found(tmp_path):
    folder = write_hands(
        tmp_path / "set", change=lambda sample: dataclasses.replace(sample, mask=sample.mask.roll(1, dims=0))
    )
    (first, *_), _ = problems(folder)
    assert len(first) == 4
    assert "Expected sample hand-000000 of shard-000000.tar to have its mask" in first[0]


def test_a_label_that_is_absent_contradicts_nothing():
    labels = ("mask", "keypoints_px", "confidence", "visible", "joints_m", "intrinsics", "depth_m", "parts")
    for label in labels:
        assert sample_problems(dataclasses.replace(hand(0), **{label: None})) == []
    assert sample_problems(dataclasses.replace(hand(0), **dict.fromkeys(labels))) == []
