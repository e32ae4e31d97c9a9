# SPDX-License-Identifier: Apache-2.0
"""What is exported is read back; where a layout loses something, this says what."""

import dataclasses
import json

import numpy as np
import pytest
import torch
import yaml
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from handcraft.data import export_coco, export_freihand, export_yolo, open_dataset, split_by_subject
from handcraft.data.mirror import mirrored
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import BONES, KEYPOINTS
from tests.data.hands.make import HEIGHT, OUTSIDE, UNLABELLED, WIDTH, hand, joint_pixels
from tests.data.painted import centroids_px

pytestmark = pytest.mark.filterwarnings("default:__array__ implementation:DeprecationWarning")  # pycocotools, numpy 2

EXPORTS = {"coco": export_coco, "yolo": export_yolo, "freihand": export_freihand}
COUNT = 9


def partly_labelled(number):
    """A hand with a keypoint nobody labelled and one outside the picture."""
    whole = hand(number)
    keypoints_px, confidence, joints_m = whole.keypoints_px.clone(), whole.confidence.clone(), whole.joints_m.clone()
    confidence[UNLABELLED] = 0
    keypoints_px[OUTSIDE, 0] = WIDTH + 9.25
    joints_m[OUTSIDE, 0] = (WIDTH + 9.25 - 31) / 90 * joints_m[OUTSIDE, 2]
    visible = whole.visible.clone()
    visible[OUTSIDE] = False
    return dataclasses.replace(
        whole, keypoints_px=keypoints_px, confidence=confidence, joints_m=joints_m, visible=visible
    )


def exported(folder, to, make=partly_labelled):
    samples = [make(number) for number in range(COUNT)]
    assert EXPORTS[to](iter(samples), folder / to, licence="nobody's") == COUNT
    read = open_dataset(folder / to)
    return sorted(read, key=lambda sample: sample.key), samples, read


@pytest.mark.parametrize("to", EXPORTS)
def test_what_is_exported_is_read_back(tmp_path, to):
    found, written, reader = exported(tmp_path, to)
    assert (reader.name, reader.is_real, reader.skipped, len(reader)) == ("plain renders", False, [], COUNT)
    for read, sample in zip(found, written, strict=True):
        labelled = torch.arange(21) != UNLABELLED if to != "freihand" else torch.ones(21).bool()
        if to == "yolo":
            labelled[OUTSIDE] = False
        if to == "freihand":
            sample = mirrored(sample) if sample.side == "left" else sample
            torch.testing.assert_close(read.joints_m, sample.joints_m)
            torch.testing.assert_close(read.intrinsics, sample.intrinsics)
        else:
            assert read.key == sample.key
            assert ((read.confidence > 0) == labelled).all()
            assert (read.visible == (sample.visible & labelled)).all()
        torch.testing.assert_close(read.keypoints_px[labelled], sample.keypoints_px[labelled], atol=1e-4, rtol=0)
        assert (read.side, read.subject, read.source) == (sample.side, sample.subject, sample.source)
        assert read.mask is None if to == "yolo" else torch.equal(read.mask, sample.mask)
        assert (read.image - sample.image).abs().mean() < 0.02


@pytest.mark.parametrize("to", EXPORTS)
def test_a_labelled_joint_lies_on_the_pixel_painted(tmp_path, to):
    for sample in exported(tmp_path, to, hand)[0]:
        found = centroids_px(sample.image, sample.keypoints_px, reach_px=2, above=0.2)
        assert (found - sample.keypoints_px).abs().max() < 0.1  # half a pixel of convention would be 0.5


@pytest.fixture(scope="module")
def coco(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coco") / "set"
    export_coco(map(partly_labelled, range(COUNT)), folder)
    return COCO(folder / "annotations" / "hand_keypoints.json")


def test_cocos_tools_read_what_we_write(coco):
    assert coco.getImgIds() == coco.getAnnIds() == list(range(1, COUNT + 1))
    (category,) = coco.loadCats(coco.getCatIds())
    assert (category["name"], category["keypoints"]) == ("hand", list(KEYPOINTS))
    assert category["skeleton"] == [[parent + 1, child + 1] for parent, child in BONES]
    for number, annotation in enumerate(coco.loadAnns(coco.getAnnIds())):
        mask = torch.from_numpy(coco.annToMask(annotation)) > 0
        assert torch.equal(mask, hand(number).mask)
        assert annotation["bbox"] == coco_mask.toBbox(coco.annToRLE(annotation)).tolist()
        assert annotation["area"] == coco_mask.area(coco.annToRLE(annotation)) == mask.sum()
        rows = np.reshape(annotation["keypoints"], (21, 3))
        assert rows[:OUTSIDE, :2].tolist() == joint_pixels(number)[:OUTSIDE].tolist()  # COCO counts pixels from 0
        assert rows[UNLABELLED].tolist() == [0, 0, 0]
        assert rows[:OUTSIDE, 2].tolist() == [2 if seen else 1 for seen in hand(number).visible[:OUTSIDE]]
        assert annotation["num_keypoints"] == 20
        assert annotation["hand_type"] == hand(number).side


@pytest.mark.parametrize(("away_px", "precision"), [(0.0, 1.0), (40.0, 0.0)])
def test_cocos_score_of_the_truth_is_one_and_of_nonsense_zero(coco, away_px, precision):
    results = [
        {
            "image_id": each["image_id"],
            "category_id": 1,
            "keypoints": [value + away_px * (place % 3 < 2) for place, value in enumerate(each["keypoints"])],
            "score": 0.9,
        }
        for each in coco.loadAnns(coco.getAnnIds())
    ]
    evaluation = COCOeval(coco, coco.loadRes(results), "keypoints")
    evaluation.params.kpt_oks_sigmas = np.full(21, 0.03)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == precision


def test_yolo_lists_numbers_that_trainers_take_and_swaps_nothing(tmp_path):
    exported(tmp_path, "yolo")
    settings = yaml.safe_load((tmp_path / "yolo" / "data.yaml").read_text())
    assert settings["kpt_shape"] == [21, 3]
    assert settings["flip_idx"] == list(range(21))
    assert settings["names"] == {0: "hand"}
    assert settings["kpt_names"] == {0: list(KEYPOINTS)}
    for path in (tmp_path / "yolo").glob("labels/*/*.txt"):
        (line,) = path.read_text().splitlines()
        numbers = [float(word) for word in line.split()]
        assert len(numbers) == 68
        assert set(numbers[7::3]) <= {0, 1, 2}
        assert all(0 <= number <= 1 for place, number in enumerate(numbers) if place < 5 or place % 3 != 1)
        assert path.with_suffix(".jpg").name in {picture.name for picture in (tmp_path / "yolo").glob("images/*/*.jpg")}


def numbers_of(folder, key):
    (path,) = folder.glob(f"labels/*/{key}.txt")
    return np.array([float(word) for word in path.read_text().split()])


def test_yolos_mirror_keeps_keypoints_and_changes_the_side(tmp_path):
    export_yolo((hand(number) for number in range(COUNT)), tmp_path / "plain")
    export_yolo((mirrored(hand(number)) for number in range(COUNT)), tmp_path / "mirrored")
    for here, there in zip(open_dataset(tmp_path / "plain"), open_dataset(tmp_path / "mirrored"), strict=True):
        lines = [numbers_of(tmp_path / name, here.key) for name in ("plain", "mirrored")]
        flipped = lines[0].copy()
        flipped[[1, *range(5, 68, 3)]] = 1 - flipped[[1, *range(5, 68, 3)]]  # as a trainer does, flip_idx the identity
        assert np.abs(flipped - lines[1]).max() < 1e-7
        assert {here.side, there.side} == {"left", "right"}


def test_yolo_splits_by_subject(tmp_path):
    exported(tmp_path, "yolo")
    people = {sample.key: sample.subject for sample in open_dataset(tmp_path / "yolo")}
    train, validation = (
        {people[path.stem] for path in (tmp_path / "yolo" / "images" / split).iterdir()} for split in ("train", "val")
    )
    assert train
    assert validation
    assert not train & validation
    subjects = [hand(number).subject for number in range(COUNT)]
    assert validation == {subjects[index] for index in split_by_subject(subjects, (0.9, 0.1), 0)[1]}


def test_freihand_holds_right_hands_and_the_bone_it_scales_by(tmp_path):
    found, written, _ = exported(tmp_path, "freihand", hand)
    assert {sample.side for sample in found} == {"right"}
    assert sorted(path.name for path in (tmp_path / "freihand").iterdir()) == [
        "handcraft.json", "training", "training_K.json", "training_scale.json", "training_xyz.json",
    ]  # fmt: skip
    scales = json.loads((tmp_path / "freihand" / "training_scale.json").read_text())
    bones = [float((sample.joints_m[9] - sample.joints_m[10]).norm()) for sample in written]
    assert scales == pytest.approx(bones)
    names = sorted(path.name for path in (tmp_path / "freihand" / "training" / "rgb").iterdir())
    assert names == [f"{number:08d}.jpg" for number in range(COUNT)]


def test_without_mask_the_box_is_that_of_the_labelled_keypoints(tmp_path):
    bare = dataclasses.replace(hand(0), mask=None, visible=None, confidence=None)
    export_coco([bare], tmp_path / "coco")
    (annotation,) = json.loads((tmp_path / "coco/annotations/hand_keypoints.json").read_text())["annotations"]
    low, high = bare.keypoints_px.amin(dim=0), bare.keypoints_px.amax(dim=0)
    assert annotation["bbox"] == [*low.tolist(), *(high - low).tolist()]
    assert "segmentation" not in annotation
    assert set(annotation["keypoints"][2::3]) == {1}
    (read,) = open_dataset(tmp_path / "coco")
    assert (read.mask, read.visible) == (None, None)


def weak(number):
    sample = hand(number)
    return dataclasses.replace(sample, keypoints_px=sample.keypoints_px + 3)


@pytest.mark.parametrize(
    ("to", "make", "words"),
    [
        ("coco", lambda number: dataclasses.replace(hand(number), keypoints_px=None), "'hand-000000' has none"),
        (
            "yolo",
            lambda number: dataclasses.replace(hand(number), keypoints_px=None, mask=None),
            "'hand-000000' has none",
        ),
        ("yolo", lambda number: dataclasses.replace(hand(number), subject="one"), "at least 2 subjects"),
        ("freihand", lambda number: hand(number, side="unknown"), "lacks a side; export to coco"),
        ("freihand", lambda number: dataclasses.replace(hand(number), mask=None), "lacks mask"),
        ("freihand", weak, "pinhole"),
    ],
)
def test_samples_a_layout_has_no_place_for_are_refused_and_leave_nothing(tmp_path, to, make, words):
    with pytest.raises(HandcraftError, match=words):
        EXPORTS[to](map(make, range(3)), tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("to", EXPORTS)
def test_a_folder_that_holds_something_is_left_alone_and_an_empty_set_writes_nothing(tmp_path, to):
    (tmp_path / "out").mkdir()
    with pytest.raises(HandcraftError, match="got none"):
        EXPORTS[to]([], tmp_path / "out")
    (tmp_path / "out" / "thesis.txt").write_text("the only copy")
    with pytest.raises(HandcraftError, match="to be new or empty"):
        EXPORTS[to](map(hand, range(6)), tmp_path / "out")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "the only copy"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("to", EXPORTS)
def test_what_a_kill_left_does_not_stop_the_next_export(tmp_path, to):
    (tmp_path / ".out.part" / "images").mkdir(parents=True)
    (tmp_path / ".out.part" / "images" / "old.jpg").write_text("half")
    assert EXPORTS[to](map(hand, range(6)), tmp_path / "out") == 6
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not list((tmp_path / "out").rglob("old.jpg"))


def test_heights_and_widths_keep_their_places(tmp_path):
    export_coco([hand(0)], tmp_path / "coco")
    (image,) = json.loads((tmp_path / "coco/annotations/hand_keypoints.json").read_text())["images"]
    assert (image["height"], image["width"]) == (HEIGHT, WIDTH)
