# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from handcraft.data.readers import SynthHands
from handcraft.errors import HandcraftError
from tests.data.painted import centroids_px
from tests.data.synthhands import make


@pytest.fixture
def folder(tmp_path):
    make.write_synthhands(tmp_path / "SynthHands_Release")
    return tmp_path / "SynthHands_Release"


def test_projected_joints_are_where_they_were_painted(folder):
    samples = list(SynthHands(folder, objects="both"))
    assert len(samples) == 5
    for each, number in zip(samples, make.FRAMES.values(), strict=True):
        painted = torch.from_numpy(make.keypoints_px(number))
        assert torch.allclose(each.keypoints_px.double(), painted, atol=1e-2)
        assert torch.allclose(centroids_px(each.image, each.keypoints_px), painted, atol=0.1)
        homogeneous = each.joints_m @ each.intrinsics.T
        assert torch.allclose(homogeneous[:, :2] / homogeneous[:, 2:], each.keypoints_px, atol=1e-2)
        assert each.joints_m[0, 2].item() == pytest.approx(0.38, abs=1e-5)


def test_masks_are_what_is_not_exactly_the_screen_and_frames_with_an_object_have_none(folder):
    expected = torch.zeros(480, 640, dtype=torch.bool)
    expected[make.HAND_ROWS, make.HAND_COLUMNS] = True
    for each in SynthHands(folder):
        assert each.mask.equal(expected)
    assert [each.mask for each in SynthHands(folder, objects="with")] == [None]


def test_what_a_frame_is_called_and_who_it_shows(folder):
    samples = list(SynthHands(folder))
    assert samples[0].key == "female_noobject-seq01-cam01-01-00000000"
    assert [each.subject for each in samples] == ["seq01", "seq01", "seq02", "seq01"]
    assert {(each.side, each.is_real, each.source) for each in samples} == {("left", False, "SynthHands")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "00000000_joint_pos.txt"),
        ("1,2,3", "63 finite numbers in 00000000_joint_pos.txt, but got 3"),
        (",".join(["nan"] * 63), "63 finite numbers"),
        (",".join(["a"] * 63), "63 numbers parted by commas"),
        (",".join(["-100"] * 63), "before the camera"),
    ],
)
def test_frames_whose_joints_do_not_fit_are_listed(folder, text, words):
    path = folder / "female_noobject/seq01/cam01/01/00000000_joint_pos.txt"
    path.unlink()
    if text is not None:
        path.write_text(text)
    reader = SynthHands(folder)
    assert len(list(reader)) == 3
    assert reader.skipped[0].path == "female_noobject/seq01/cam01/01/00000000_color.png"
    assert words in reader.skipped[0].reason


def test_empty_screens_and_broken_pictures_are_listed(folder):
    first, second, *_ = (folder / f"{name}_color.png" for name in make.FRAMES)
    make.Image.new("RGB", (640, 480), make.SCREEN).save(first)
    second.write_bytes(b"broken")
    reader = SynthHands(folder)
    assert len(list(reader)) == 2
    assert [
        ("every pixel is the screen" in file.reason, "cannot be read" in file.reason) for file in reader.skipped
    ] == [
        (True, False),
        (False, True),
    ]


def test_a_folder_without_such_frames_is_told(folder, tmp_path):
    with pytest.raises(HandcraftError, match=r"pictures like female_noobject/seq01/.* in .*, but found none"):
        SynthHands(tmp_path)
