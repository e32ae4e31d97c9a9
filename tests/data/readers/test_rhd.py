# SPDX-License-Identifier: Apache-2.0
import os
import pickle

import numpy as np
import pytest
import torch

from handcraft.data.readers import RHD
from handcraft.data.readers.pickled_arrays import read_pickled_arrays
from handcraft.data.readers.rhd import RHD_JOINTS
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS
from tests.data.painted import centroids_px
from tests.data.rhd import make


@pytest.fixture
def folder(tmp_path):
    make.write_rhd(tmp_path / "RHD_published_v2")
    return tmp_path / "RHD_published_v2"


@pytest.mark.parametrize("hands", ["clearer", "each"])
def test_joints_are_where_they_were_painted(folder, hands):
    for each in RHD(folder, hands=hands):
        assert torch.allclose(
            centroids_px(each.image, each.keypoints_px, reach_px=4), each.keypoints_px.double(), atol=0.1
        )
        homogeneous = each.joints_m @ each.intrinsics.T
        assert torch.allclose(homogeneous[:, :2] / homogeneous[:, 2:], each.keypoints_px, atol=1e-2)


def test_joints_have_their_names(folder):
    first = next(iter(RHD(folder)))
    stored = dict(zip(RHD_JOINTS, make.hand_px(0, "left"), strict=True))  # tips are painted highest
    assert RHD_JOINTS[1:5] == ("thumb_tip", "thumb_ip", "thumb_mcp", "thumb_cmc")
    assert {name: point.tolist() for name, point in zip(KEYPOINTS, first.keypoints_px, strict=True)} == {
        name: stored[name].tolist() for name in KEYPOINTS
    }
    for finger in ("thumb", "index", "little"):  # tips are painted highest
        tip, *_, base = (
            point for name, point in zip(RHD_JOINTS, make.hand_px(0, "left"), strict=True) if finger in name
        )
        assert tip[1] < base[1]
    hidden = RHD_JOINTS[5]
    assert [name for name, seen in zip(KEYPOINTS, first.visible, strict=True) if not seen] == [hidden]


def test_the_hand_with_the_larger_spread_is_taken_and_a_picture_without_one_is_listed(folder):
    reader = RHD(folder)
    samples = list(reader)
    assert [(each.key, each.side) for each in samples] == [
        ("training-00000", "left"),
        ("training-00001", "right"),
        ("training-00002", "right"),
    ]
    assert len(reader) == 4
    assert [(file.path, "without a hand" in file.reason) for file in reader.skipped] == [
        ("training/color/00003.png", True)
    ]
    assert {(each.source, each.is_real) for each in samples} == {("RHD", False)}


def test_each_hand_that_is_seen_is_a_sample_and_both_share_a_subject(folder):
    reader = RHD(folder, hands="each")
    samples = list(reader)
    assert [each.key[9:] for each in samples] == [
        "00000-left",
        "00000-right",
        "00001-left",
        "00001-right",
        "00002-right",
    ]
    assert len(reader) == 5
    assert samples[0].subject == samples[1].subject != samples[2].subject


def test_a_hand_that_the_mask_does_not_have_is_listed(folder):
    without = np.where(make.mask(0) >= 18, 1, make.mask(0)).astype(np.uint8)
    make.Image.fromarray(without).save(folder / "training" / "mask" / "00000.png")
    reader = RHD(folder, hands="each")
    assert [each.key[9:] for each in reader][:2] == ["00000-left", "00001-left"]
    assert "no pixel of the right hand" in reader.skipped[0].reason


def test_masks_are_of_one_hand_and_depth_is_metres_off_the_flat_background(folder):
    for each in RHD(folder, hands="each"):
        number = int(each.key[9:14])
        top, height = make.HANDS[number][each.side]
        expected = torch.zeros(320, 320, dtype=torch.bool)
        expected[top : top + height, 100:220] = True
        assert each.mask.equal(expected)
        is_there = torch.from_numpy(make.mask(number) > 0)
        expected_m = torch.from_numpy(np.where(is_there, make.depth_m(number), 0.0)).float()
        assert torch.allclose(each.depth_m, expected_m, atol=5 / 65535)


def test_the_depth_may_be_missing_as_a_whole(folder):
    for path in (folder / "training" / "depth").iterdir():
        path.unlink()
    (folder / "training" / "depth").rmdir()
    assert [each.depth_m for each in RHD(folder)] == [None] * 3


def test_broken_pictures_masks_and_depths_are_left_out_and_listed(folder):
    for kind, number in (("color", 0), ("mask", 1), ("depth", 2)):
        (folder / "training" / kind / f"{number:05d}.png").write_bytes(b"broken")
    reader = RHD(folder)
    assert list(reader) == []
    assert len(reader.skipped) == 4
    assert all("cannot be read" in file.reason for file in reader.skipped[:3])


def test_a_mask_of_another_size_is_listed(folder):
    make.Image.fromarray(make.mask(0)[:100]).save(folder / "training" / "mask" / "00000.png")
    reader = RHD(folder)
    assert len(list(reader)) == 2
    assert "but got (100, 320)" in reader.skipped[0].reason


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_labels_of_any_protocol_are_read(tmp_path, protocol):
    make.write_rhd(tmp_path, splits=["evaluation"], protocol=protocol)
    assert [each.side for each in RHD(tmp_path, split="evaluation")] == ["left"]


def test_labels_that_ask_for_more_than_arrays_are_not_run(folder):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {folder / 'ran'}",)

    path = folder / "training" / "anno_training.pickle"
    path.write_bytes(pickle.dumps({0: Hostile()}))
    with pytest.raises(HandcraftError, match=r"anno_training\.pickle .* it asks for \w+\.system, .* it was not run"):
        RHD(folder)
    assert not (folder / "ran").exists()
    path.write_bytes(pickle.dumps({0: np.load}))
    with pytest.raises(HandcraftError, match=r"asks for numpy.*load"):
        read_pickled_arrays(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "anno_training.pickle, but it is missing"),
        (b"half", "to be a pickle of arrays, but it cannot be read"),
        (pickle.dumps([1]), "to be a dictionary of labels, but got list"),
        (pickle.dumps({"a": 1}), "to number its pictures"),
        (
            pickle.dumps({0: make.labels(0)}),
            "labels of 00001.png in .*, but it has none; take labels",
        ),
        (pickle.dumps({0: {"uv_vis": "a"}}), "uv_vis of picture 0 in .* to be numbers"),
        (pickle.dumps({0: make.labels(0) | {"xyz": np.zeros((21, 3))}}), r"xyz of picture 0 .* to be \(42, 3\) finite"),
        (
            pickle.dumps({0: make.labels(0) | {"K": np.full((3, 3), np.nan)}}),
            r"K of picture 0 .* to be \(3, 3\) finite",
        ),
    ],
)
def test_labels_that_do_not_fit_are_named(folder, content, words):
    path = folder / "training" / "anno_training.pickle"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HandcraftError, match=words):
        RHD(folder)


def test_a_folder_without_pictures_is_told(folder):
    for path in (folder / "training" / "color").iterdir():
        path.unlink()
    with pytest.raises(HandcraftError, match=r"pictures like 00000\.png in .*, but found none"):
        RHD(folder)
