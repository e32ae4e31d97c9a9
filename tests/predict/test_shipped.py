# SPDX-License-Identifier: Apache-2.0
"""The networks that come with handcraft: small enough, labelled, and right about renders that they never saw."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from handcraft.cli import main
from handcraft.data.rendered import RenderedSet
from handcraft.hand.poses import PoseConfig
from handcraft.predict import Predictor
from handcraft.predict.hand import box_around, overlap
from handcraft.predict.model_files import SHIPPED
from handcraft.predict.skeleton import KEYPOINTS
from handcraft.scene import PlacementConfig, SceneConfig

SEED = 606
SCENES = SceneConfig(look="photographic", size_px=256, placement=PlacementConfig(fill=(0.5, 0.7)))


@pytest.fixture(scope="module")
def predictor():
    return Predictor()


@pytest.fixture(scope="module")
def renders():
    return list(RenderedSet(SCENES, SEED, 32))


@pytest.fixture(scope="module")
def photo(predictor, renders):
    """A picture in which a hand is found; what is tested with it is what becomes of its file."""
    return next(Image.fromarray(each) for each in map(pixels_of, renders) if predictor.hands(each))


def pixels_of(sample):
    return (sample.image * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def box_of(sample):
    return box_around(sample.keypoints_px.numpy())


def longer_side(box):
    return max(box[2] - box[0], box[3] - box[1])


def read(predictor, picture, box):
    return predictor.hands(Image.fromarray(np.ascontiguousarray(picture)), boxes=[box])[0]


def test_all_of_them_are_at_most_15_megabytes():
    files = {file.name: file.stat().st_size for file in SHIPPED.glob("*.onnx")}
    assert set(files) == {"hand.onnx", "finder.onnx", "surface.onnx"}
    assert sum(files.values()) <= 15e6


def test_they_say_what_they_are(predictor):
    for network in (predictor.hand_network, predictor.finder_network, predictor.surface_network):
        assert network.about["licence"]
        assert network.about["units"]
        assert network.about["training"]["data"]
    assert tuple(predictor.hand_network.about["keypoints"]) == KEYPOINTS
    for trained in (predictor.hand_network, predictor.finder_network):
        assert trained.about["training"]["steps"] > 0
        assert trained.about["training"]["seed"] is not None


def test_keypoints_of_unseen_renders_are_found(predictor, renders):
    shares = [
        np.linalg.norm(
            read(predictor, pixels_of(sample), box_of(sample)).keypoints_px - sample.keypoints_px.numpy(), axis=1
        )
        / longer_side(box_of(sample))
        for sample in renders
    ]
    assert np.median(shares) < 0.1


def test_a_mirrored_picture_has_mirrored_keypoints(predictor, renders):
    off, flips = [], []
    for sample in renders:
        picture, box = pixels_of(sample), box_of(sample)
        width = picture.shape[1]
        hand = read(predictor, picture, box)
        mirrored = read(predictor, picture[:, ::-1], (width - box[2], box[1], width - box[0], box[3]))
        back_px = np.stack([width - mirrored.keypoints_px[:, 0], mirrored.keypoints_px[:, 1]], 1)
        off.append(np.median(np.linalg.norm(back_px - hand.keypoints_px, axis=1)) / longer_side(box))
        flips.append(hand.side != mirrored.side)
    assert np.median(off) < 0.05
    assert np.mean(flips) > 0.8


def test_a_turned_picture_has_turned_keypoints(predictor, renders):
    off = []
    for sample in renders:
        picture, (left, top, right, bottom) = pixels_of(sample), box_of(sample)
        width = picture.shape[1]
        hand = read(predictor, picture, (left, top, right, bottom))
        turned = read(predictor, np.rot90(picture), (top, width - right, bottom, width - left))
        back_px = np.stack([width - turned.keypoints_px[:, 1], turned.keypoints_px[:, 0]], 1)
        off.append(
            np.median(np.linalg.norm(back_px - hand.keypoints_px, axis=1)) / longer_side((left, top, right, bottom))
        )
    assert np.median(off) < 0.05


def test_hands_are_found_in_whole_pictures_and_none_where_there_is_none(predictor, renders):
    found = 0
    for sample in renders:
        found += any(overlap(hand.box, box_of(sample)) > 0.3 for hand in predictor.hands(pixels_of(sample)))
    assert found >= 0.8 * len(renders)
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    ramp = np.linspace(0, 255, 320).astype(np.uint8)[None, :, None].repeat(240, 0).repeat(3, 2)
    for empty in (np.zeros((240, 320, 3), np.uint8), np.full((240, 320, 3), 255, np.uint8), noise, ramp):
        assert predictor.hands(empty) == []


def test_the_surface_is_about_the_joints(predictor, renders):
    sample = renders[0]
    hand = read(predictor, pixels_of(sample), box_of(sample))
    surface = predictor.surface(hand)
    to_surface_m = np.linalg.norm(surface.vertices_m[:, None] - hand.keypoints_3d_m[None], axis=-1).min(0)
    assert np.median(to_surface_m) < 0.03


def test_an_open_hand_is_of_a_hands_size(predictor):
    flat = replace(SCENES, pose=PoseConfig())
    sizes = [
        np.linalg.norm(read(predictor, pixels_of(sample), box_of(sample)).keypoints_3d_m[9])
        for sample in RenderedSet(flat, SEED, 8)
    ]
    assert 0.06 < np.median(sizes) < 0.12  # metres from the wrist to the middle knuckle


def test_odd_files_are_told_in_a_line_and_the_others_are_done(tmp_path, capsys, photo):
    picture = photo
    picture.save(tmp_path / "whole.jpg", quality=95)
    picture.convert("L").save(tmp_path / "grey.png")
    picture.resize((8, 8)).save(tmp_path / "tiny.png")
    picture.resize((4096, 4096)).save(tmp_path / "huge.jpg")
    Image.new("RGB", (64, 64)).save(tmp_path / "empty.png")
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter, clockwise
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    (tmp_path / "truncated.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:2000])
    (tmp_path / "clip.mp4").write_bytes(b"no frames")
    assert main(["predict", str(tmp_path), "--out", str(tmp_path / "hands.jsonl")]) == 2
    said = capsys.readouterr().err
    assert "truncated.jpg" in said
    assert "clip.mp4" in said
    assert "Traceback" not in said
    lines = (tmp_path / "hands.jsonl").read_text()
    for name in ("whole.jpg", "huge.jpg", "turned.jpg"):
        assert name in lines
    assert "empty.png" not in lines


def test_the_first_prediction_needs_no_torch(tmp_path, photo):
    photo.save(tmp_path / "photo.png")
    code = (
        "import sys, handcraft\n"
        f"hands = handcraft.predict({str(tmp_path / 'photo.png')!r})\n"
        "print(len(hands), sorted({'torch', 'tyro', 'cv2', 'scipy', 'rich'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "1 []\n"
