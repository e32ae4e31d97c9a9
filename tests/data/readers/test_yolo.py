# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from handcraft.data import YoloHands
from handcraft.errors import HandcraftError
from tests.data.painted import centroids_px
from tests.data.yolo.make import corners, write_yolo


@pytest.mark.parametrize("columns", [2, 3])
def test_a_labelled_joint_lies_on_the_corner_painted(tmp_path, columns):
    write_yolo(tmp_path, columns)
    for picture, sample in enumerate(YoloHands(tmp_path)):
        assert torch.allclose(sample.keypoints_px, torch.tensor(corners(picture)).float(), atol=1e-4)
        found = centroids_px(sample.image, sample.keypoints_px, reach_px=3)
        assert (found - sample.keypoints_px).abs().max() < 1e-4
        assert sample.key == str(picture)
        assert (sample.side, sample.is_real) == (("left", "right")[picture % 2], True)
        told = None if columns == 2 else [joint % 2 == 0 for joint in range(21)]
        assert (sample.visible if told is None else sample.visible.tolist()) == told


def test_splits_can_be_had_alone(tmp_path):
    write_yolo(tmp_path)
    assert [sample.key for sample in YoloHands(tmp_path, split="val")] == ["2"]
    assert [len(YoloHands(tmp_path, split=split)) for split in ("train", "")] == [2, 3]
    with pytest.raises(HandcraftError, match=r"images/test"):
        YoloHands(tmp_path, split="test")


def test_two_hands_in_a_picture_are_two_samples_and_none_is_none(tmp_path):
    write_yolo(tmp_path)
    label = tmp_path / "labels" / "train" / "0.txt"
    label.write_text(label.read_text() * 2)
    (tmp_path / "labels" / "val" / "2.txt").write_text("")
    assert [sample.key for sample in YoloHands(tmp_path)] == ["0-0", "0-1", "1"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("hands.yaml", "kpt_shape: [17, 3]\n", r"\[21, 3\] or \[21, 2\].*got \[17, 3\]"),
        ("hands.yaml", "kpt_shape: [21, 3\n", "to be YAML"),
        ("hands.yaml", "- kpt_shape\n", "a YAML mapping"),
        ("samples.csv", "name\n1\n", "key, split, side, subject"),
    ],
)
def test_a_set_of_something_else_is_refused(tmp_path, name, text, words):
    write_yolo(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(HandcraftError, match=words):
        YoloHands(tmp_path)


@pytest.mark.parametrize(("text", "words"), [("0 0.5 0.5\n", "68 numbers a line"), ("0 a\n", "hold numbers")])
def test_a_line_of_something_else_is_skipped_and_named(tmp_path, text, words):
    write_yolo(tmp_path)
    (tmp_path / "labels" / "train" / "1.txt").write_text(text)
    reader = YoloHands(tmp_path)
    assert [sample.key for sample in reader] == ["0", "2"]
    assert reader.skipped[0].path == "images/train/1.png"
    assert words in reader.skipped[0].reason
