# SPDX-License-Identifier: Apache-2.0
import json

import pytest
import torch
from pycocotools import mask as coco_mask

from handcraft.data import CocoHands
from handcraft.data.coco_masks import mask_from_runs, runs_from_mask
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.randomness import generator_for
from tests.data.coco.make import MISSING, NAMES, pixels, write_coco
from tests.data.painted import centroids_px

pytestmark = pytest.mark.filterwarnings("default:__array__ implementation:DeprecationWarning")  # pycocotools, numpy 2


@pytest.fixture
def folder(tmp_path):
    write_coco(tmp_path)
    return tmp_path


def change(folder, **values):
    path = folder / "hands.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_labelled_joint_lies_on_the_pixel_painted(folder):
    for picture, sample in enumerate(CocoHands(folder)):
        labelled = sample.confidence > 0
        assert labelled.tolist() == [picture != 1 or joint != MISSING for joint in range(21)]
        found = centroids_px(sample.image, sample.keypoints_px[labelled], reach_px=2)
        assert (found - sample.keypoints_px[labelled]).abs().max() < 1e-6
        assert sample.keypoints_px[0].tolist() == [pixels(picture)[0][0] + 0.5, pixels(picture)[0][1] + 0.5]
        assert (sample.side, sample.visible, sample.is_real) == ("unknown", None, True)


def test_a_box_drawn_as_a_polygon_is_no_mask_and_a_triangle_is(folder):
    masks = [sample.mask for sample in CocoHands(folder)]
    assert masks[:2] == [None, None]
    rows, columns = torch.meshgrid(torch.arange(50) + 0.5, torch.arange(60) + 0.5, indexing="ij")
    inside = (rows > 10) & (columns > 10) & ((columns - 10) / 40 + (rows - 10) / 30 < 1)
    assert torch.equal(masks[2], inside)


def test_keypoints_are_found_by_their_names(folder):
    change(folder, categories=[{"id": 1, "name": "hand", "keypoints": list(reversed(KEYPOINTS))}])
    first = next(iter(CocoHands(folder)))
    assert first.keypoints_px[0].tolist() == [pixels(0)[20][0] + 0.5, pixels(0)[20][1] + 0.5]


def test_several_hands_in_a_picture_are_several_samples(folder):
    annotations = json.loads((folder / "hands.json").read_text())["annotations"]
    change(folder, annotations=[each | {"image_id": 100, "hand_type": "left"} for each in annotations])
    samples = list(CocoHands(folder))
    assert [sample.key for sample in samples] == ["00000-0", "00000-1", "00000-2"]
    assert {sample.side for sample in samples} == {"left"}
    assert {sample.subject for sample in samples} == {"00000"}


def test_what_cannot_be_read_is_skipped_and_named(folder):
    (folder / "00001.png").unlink()
    reader = CocoHands(folder)
    assert [sample.key for sample in reader] == ["00000", "00002"]
    assert "00001.png" in reader.skipped[0].reason


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"categories": [{"id": 1, "keypoints": ["nose", *NAMES[1:17]]}]}, "17 called nose, thumb1"),
        ({"annotations": []}, "annotations with keypoints"),
        ({"images": {}}, "to be lists"),
    ],
)
def test_a_file_of_something_else_is_refused(folder, values, words):
    change(folder, **values)
    with pytest.raises(HandcraftError, match=words):
        CocoHands(folder, annotations="hands.json")


def test_two_files_ask_which_one(folder):
    (folder / "more.json").write_text((folder / "hands.json").read_text())
    with pytest.raises(HandcraftError, match=r"found hands\.json, more\.json; .*annotations="):
        CocoHands(folder)
    assert len(CocoHands(folder, annotations="more.json")) == 3
    with pytest.raises(HandcraftError, match="it is missing"):
        CocoHands(folder, annotations="other.json")


@pytest.mark.parametrize("seed", range(6))
def test_runs_are_those_of_cocos_own_tools(seed):
    mask = torch.rand(13, 7, generator=generator_for(seed)) < (0.0, 0.1, 0.5, 0.9, 1.0, 0.3)[seed]
    encoded = coco_mask.encode(mask.numpy().astype("uint8", order="F"))
    runs = runs_from_mask(mask)
    assert (
        coco_mask.decode(coco_mask.frPyObjects({"size": [13, 7], "counts": runs}, 13, 7)) > 0
    ).tolist() == mask.tolist()
    assert torch.equal(mask_from_runs(runs, 13, 7), mask)
    assert torch.equal(mask_from_runs(encoded["counts"].decode(), 13, 7), mask)
    with pytest.raises(HandcraftError, match="runs that fill"):
        mask_from_runs([*runs, 1], 13, 7)
