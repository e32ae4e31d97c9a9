# SPDX-License-Identifier: Apache-2.0
import json

import pytest
import torch

from handcraft.data import FreiHAND
from handcraft.data.readers.freihand import MURPHY_TEST_FRAMES, MURPHY_TRAINING_FRAMES
from handcraft.errors import HandcraftError
from tests.data.freihand import make
from tests.data.painted import centroids_px


@pytest.fixture
def folder(tmp_path):
    make.write_freihand(tmp_path / "FreiHAND_pub_v2")
    return tmp_path / "FreiHAND_pub_v2"


@pytest.mark.parametrize("split", ["training", "evaluation"])
def test_projected_joints_are_where_they_were_painted(folder, split):
    samples = list(FreiHAND(folder, split=split))
    assert len(samples) == (8 if split == "training" else 2)
    for each in samples:
        frame = int(each.key.split("-")[1])
        painted = torch.from_numpy(make.keypoints_px(frame)).float()
        assert torch.allclose(each.keypoints_px, painted, atol=1e-3)
        assert torch.allclose(centroids_px(each.image, each.keypoints_px, above=0.1), painted.double(), atol=0.1)
        assert torch.allclose(each.joints_m, torch.from_numpy(make.joints_m(frame)).float())
        assert each.intrinsics.tolist() == make.intrinsics(frame)


def test_the_versions_of_a_frame_share_label_mask_and_subject(folder):
    samples = list(FreiHAND(folder))
    assert [each.key[9:] for each in samples[:3]] == ["00000000-gs", "00000001-gs", "00000000-hom"]
    for frame in range(2):
        versions = [each for each in samples if each.subject == f"training-{frame:08d}"]
        assert [each.key.rsplit("-", 1)[1] for each in versions] == ["gs", "hom", "sample", "auto"]
        assert [round(each.image[0, 0, 0].item() * 255 / 20) for each in versions] == [0, 1, 2, 3]
        assert all(each.mask.equal(versions[0].mask) for each in versions)
        expected = torch.zeros(224, 224, dtype=torch.bool)
        expected[make.MASK_ROWS, 10 + frame : 200] = True
        assert versions[0].mask.equal(expected)
    assert {(each.side, each.is_real, each.source) for each in samples} == {("right", True, "FreiHAND")}


def test_evaluation_has_no_masks_and_may_have_no_joints(folder):
    assert all(each.mask is None for each in FreiHAND(folder, split="evaluation"))
    (folder / "evaluation_xyz.json").unlink()
    for each in FreiHAND(folder, split="evaluation"):
        assert each.joints_m is None
        assert each.keypoints_px is None
        assert each.intrinsics is not None


def test_a_folder_with_some_of_the_photographs_is_read_as_far_as_it_goes(folder):
    for number in (0, 3, 4, 5, 7):
        (folder / "training" / "rgb" / f"{number:08d}.jpg").unlink()
    reader = FreiHAND(folder)
    assert len(reader) == 3
    assert [each.key[9:] for each in reader] == ["00000001-gs", "00000000-hom", "00000000-auto"]


def test_broken_photographs_and_masks_are_left_out_and_listed(folder):
    (folder / "training" / "rgb" / "00000002.jpg").write_bytes(b"broken")
    (folder / "training" / "mask" / "00000001.jpg").unlink()
    reader = FreiHAND(folder)
    assert [each.key[9:] for each in reader] == ["00000000-gs", "00000000-sample", "00000000-auto"]
    assert [int(each.path[-12:-4]) for each in reader.skipped] == [1, 2, 3, 5, 7]
    assert "mask" in reader.skipped[0].reason


def test_versions_and_frames_can_be_chosen(folder):
    keys = [each.key[9:] for each in FreiHAND(folder, versions=("gs", "auto"))]
    assert keys == ["00000000-gs", "00000001-gs", "00000000-auto", "00000001-auto"]
    recoloured = FreiHAND(folder, versions=("auto",), frames=range(1, 2))
    assert ([each.key[9:] for each in recoloured], len(recoloured)) == (["00000001-auto"], 1)
    assert [each.key for each in FreiHAND(folder, split="evaluation", frames=range(1))] == ["evaluation-00000000"]
    with pytest.raises(HandcraftError, match=r"photographs of gs and range\(2, 5\) in .*, but it has others only"):
        FreiHAND(folder, versions=("gs",), frames=range(2, 5))


def test_the_thesis_splits_every_frame_once():
    assert (len(MURPHY_TRAINING_FRAMES), len(MURPHY_TEST_FRAMES)) == (24_420, 8_140)
    assert {*MURPHY_TRAINING_FRAMES} | {*MURPHY_TEST_FRAMES} == {*range(32_560)}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("training_xyz.json", None, "training_xyz.json, but it is missing; name the folder of FreiHAND_pub_v2"),
        ("training_K.json", None, "training_K.json, but it is missing"),
        ("training_xyz.json", "[[[1, 2", "training_xyz.json to hold numbers"),
        ("training_xyz.json", '[["a"]]', "training_xyz.json to hold numbers"),
        ("training_xyz.json", "[[[1, 2, 3]], [[1, 2, 3]]]", r"a list of \(21, 3\) matrices, but got \(2, 1, 3\)"),
        ("training_xyz.json", "[]", r"a list of \(21, 3\) matrices"),
        ("training_xyz.json", json.dumps([[[0.0, 0.0, 1.0]] * 21]), "training_xyz.json to have 2 entries, but got 1"),
    ],
)
def test_label_files_that_do_not_fit_are_named(folder, name, text, words):
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    with pytest.raises(HandcraftError, match=words):
        FreiHAND(folder)


def test_photographs_that_do_not_fit_are_named(folder):
    picture = folder / "evaluation" / "rgb" / "00000001.jpg"
    picture.rename(picture.with_name("00003959.jpg"))
    with pytest.raises(HandcraftError, match=r"numbered below 2 in .*, but got 00003959; take"):
        FreiHAND(folder, split="evaluation")
    for path in (folder / "training" / "rgb").iterdir():
        path.unlink()
    with pytest.raises(HandcraftError, match=r"photographs like 00000000\.jpg in .*, but found none"):
        FreiHAND(folder)
