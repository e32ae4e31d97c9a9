# SPDX-License-Identifier: Apache-2.0
"""Squares of photographs carry their labels; what is unknown is marked and moves nothing."""

import dataclasses

import pytest
import torch

from handcraft.data import HandSample
from handcraft.errors import HandcraftError
from handcraft.estimate.hand import labelled_photographs
from handcraft.estimate.hand.photographs import read_labelled_photographs
from tests.data.joints_json.make import write_joints_json
from tests.data.photographs.make import write_photographs

SIZE = 40


def photograph(index=0, **fields):
    """A dot at every keypoint, on black."""
    keypoints_px = torch.stack([20.0 + 4 * (torch.arange(21) % 7), 30.0 + 10 * (torch.arange(21) // 7)], -1) + 0.5
    image = torch.zeros(3, 90, 120)
    for x, y in keypoints_px.long().tolist():
        image[:, y, x] = 1
    values = {
        "key": f"p{index}", "image": image, "source": "mine", "is_real": True, "subject": f"person {index}",
        "side": "left", "keypoints_px": keypoints_px, "confidence": torch.ones(21),
    }  # fmt: skip
    return HandSample(**{**values, **fields})


def knowing(count):
    confidence = torch.zeros(21)
    confidence[:count] = 0.5
    return confidence


def test_keypoints_lie_on_their_pixels():
    examples = labelled_photographs([photograph()], 96, scale=2.0).examples
    for x, y in examples.keypoints_px[0].tolist():
        assert examples.images[0, 0, int(y), int(x)] > 120
    assert examples.images[0, 0].float().mean() < 10


def test_the_square_is_about_the_known_keypoints():
    """Of the first row alone: 24 px wide."""
    wild = torch.where(knowing(7)[:, None] > 0, photograph().keypoints_px, torch.nan)
    found = labelled_photographs([photograph(confidence=knowing(7), keypoints_px=wild)], SIZE, scale=2.0)
    known_px = found.examples.keypoints_px[0, :7]
    torch.testing.assert_close(known_px[6, 0] - known_px[0, 0], torch.tensor(SIZE / 2))
    torch.testing.assert_close(known_px.mean(0), torch.tensor([SIZE / 2, SIZE / 2]))
    assert found.examples.keypoints_px.isfinite().all()


def test_what_is_unknown_is_marked():
    samples = [photograph(0, confidence=knowing(5)), photograph(1, side="unknown", confidence=None)]
    examples = labelled_photographs(samples, SIZE, scale=2.0).examples
    assert torch.equal(examples.keypoint_weights[0], knowing(5))
    assert torch.equal(examples.keypoint_weights[1], torch.ones(21))
    assert examples.has_side.tolist() == [True, False]
    assert not examples.is_right.any()
    assert not examples.has_pose.any()
    assert examples.foreground.all()


def test_a_place_that_is_no_number_is_not_known():
    keypoints_px = photograph().keypoints_px.clone()
    keypoints_px[3, 1] = torch.nan
    examples = labelled_photographs([photograph(keypoints_px=keypoints_px)], SIZE, scale=2.0).examples
    assert examples.keypoint_weights[0].nonzero().flatten().tolist() == [index for index in range(21) if index != 3]
    assert examples.keypoints_px.isfinite().all()


def test_samples_that_make_no_box_are_left_out_and_counted():
    samples = [
        photograph(0, confidence=knowing(1)),
        photograph(1, keypoints_px=None, confidence=None),
        photograph(2, confidence=knowing(2)),
        photograph(3),
    ]
    found = labelled_photographs(samples, SIZE, scale=2.0)
    assert (len(found), found.left_out, found.partly_labelled) == (2, 2, 1)
    assert found.subjects == ("person 2", "person 3")
    assert found.described()["count"] == 2


def test_the_hash_is_of_pixels_and_labels():
    one, other = photograph(), photograph(image=torch.ones(3, 90, 120))
    unsure = dataclasses.replace(one, confidence=torch.full((21,), 0.5))
    hashes = {labelled_photographs([each], SIZE, scale=2.0).described()["sha256"] for each in (one, other, unsure)}
    assert len(hashes) == 3


def test_a_set_is_real_if_all_of_it_is():
    mixed = [photograph(0), photograph(1, is_real=False)]
    assert not labelled_photographs(mixed, SIZE, scale=2.0).is_real
    assert labelled_photographs(mixed[:1], SIZE, scale=2.0).is_real


def test_sets_are_read_from_their_folders(tmp_path):
    write_joints_json(tmp_path / "labelled")
    assert len(read_labelled_photographs(tmp_path / "labelled", SIZE, scale=2.0)) == 3


def test_a_set_without_labels_is_refused(tmp_path):
    write_photographs(tmp_path / "bare")
    with pytest.raises(HandcraftError, match=r"labelled keypoints in .*bare.*refiner"):
        read_labelled_photographs(tmp_path / "bare", SIZE, scale=2.0)
