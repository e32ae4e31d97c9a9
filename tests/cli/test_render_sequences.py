# SPDX-License-Identifier: Apache-2.0
"""``handcraft render`` of moving hands: one command for the two sets of seed document 003."""

import json
from pathlib import Path

import pytest
from PIL import Image

from handcraft.cli import main
from handcraft.cli.render import SEQHAND, RenderCommand
from handcraft.data import ShardDataset

SMALL = ["--size-px", "24", "--workers", "1", "--frames", "3", "--motion.sampled-poses", "20"]
SEQHAND_SMALL = ["render", "--preset", "seqhand", *SMALL, "--samples-per-shard", "6", "--count", "12"]


def test_the_preset_is_the_documents_two_sets():
    train, validation = RenderCommand(Path("out"), preset="seqhand", **SEQHAND).sets()
    assert (train.count, validation.count) == (40_000 * 10, 1_000 * 10)
    for one in (train, validation):
        assert (one.config.frames, one.config.scenes.size_px, one.config.motion.flow.mode) == (10, 224, "carry")
    assert train.seed != validation.seed
    assert train.out != validation.out


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "seqhand"
    assert main([*SEQHAND_SMALL, "--out", str(folder)]) == 0
    return folder


def test_how_much_hands_move_is_said(sets, capsys):
    assert main([*SEQHAND_SMALL, "--out", str(sets)]) == 0
    said = capsys.readouterr().out
    assert "Poses of the first 4 sequences:" in said
    assert "% of the way to the end pose" in said


def test_one_command_makes_both_sets_and_their_previews(sets):
    train, validation = ShardDataset(sets / "train"), ShardDataset(sets / "validation")
    assert (len(train), len(validation)) == (12, 3)
    assert [(sample.sequence, sample.frame) for sample in train] == [(i // 3, i % 3) for i in range(12)]
    assert {sample.subject for sample in train}.isdisjoint(sample.subject for sample in validation)
    for folder in (sets / "train", sets / "validation"):
        with Image.open(folder / "preview.webp") as animation:
            assert animation.n_frames == 3
        described = json.loads((folder / "dataset.json").read_text())
        assert described["description"]["config"]["frames"] == 3
        assert "flow" in described["units"]


def test_a_later_part_of_the_training_set_comes_alone(sets, tmp_path):
    assert main([*SEQHAND_SMALL, "--range", "6:12", "--out", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["train"]
    assert (tmp_path / "train" / "shard-000001.tar").read_bytes() == (sets / "train" / "shard-000001.tar").read_bytes()


def test_a_motion_that_makes_no_sense_is_refused_before_anything_is_written(tmp_path, capsys):
    options = ["render", "--frames", "3", "--motion.flow.alpha", "4", "--out", str(tmp_path / "set")]
    assert main(options) == 2
    assert "`alpha` to be at most the 3 frames" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()
