# SPDX-License-Identifier: Apache-2.0
"""Where a hand lies in the picture, there its keypoints are, however it is moved, turned, mirrored, scaled or shown."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import handcraft
from handcraft.errors import HandcraftError
from handcraft.hand import skeleton as torch_skeleton
from handcraft.predict import Hand, Predictor, open_picture, skeleton
from handcraft.predict.hand import box_around, overlap
from handcraft.predict.model_files import open_network
from handcraft.predict.predictor import Place
from handcraft.predict.surface import best_turn
from tests.predict.networks import (
    BOX_SCALE,
    CAMERA_FROM_HAND,
    FACES,
    FINDER_SIDE,
    JOINTS_M,
    M_PER_PX,
    SIDE,
    dots,
    keypoints_of,
    turned,
    upright_hand,
    write_finder,
    write_hand,
    write_networks,
)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    return write_networks(tmp_path_factory.mktemp("networks"))


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    return write_networks(tmp_path_factory.mktemp("networks"), parts=2)


def only(hands) -> Hand:
    (hand,) = hands
    return hand


@pytest.mark.parametrize("turn_rad", [0.0, 0.3, math.pi / 2, -2.5, 3.1])
@pytest.mark.parametrize(("x", "y"), [(200.0, 150.0), (251.3, 118.8)])
def test_keypoints_are_where_the_hand_is_moved_and_turned(predictor, turn_rad, x, y):
    hand = turned(upright_hand(x, y), turn_rad, (x, y))
    found = only(predictor.hands(dots(400, 300, hand)))
    assert np.abs(found.keypoints_px - keypoints_of(hand)).max() < 0.15
    assert math.isclose(math.cos(found.turn_rad - turn_rad), 1, abs_tol=1e-4)
    assert found.side == "right"
    assert np.allclose(found.box, (*hand.min(axis=0), *hand.max(axis=0)), atol=0.15)


def test_a_mirrored_picture_has_the_other_hand_at_the_mirrored_place(predictor):
    hand = turned(upright_hand(150, 160), 0.7, (150, 160))
    picture = dots(401, 300, hand)
    seen, mirrored = only(predictor.hands(picture)), only(predictor.hands(picture[:, ::-1]))
    assert (seen.side, mirrored.side) == ("right", "left")
    assert np.abs(401 - mirrored.keypoints_px[:, 0] - seen.keypoints_px[:, 0]).max() < 0.1
    assert np.abs(mirrored.keypoints_px[:, 1] - seen.keypoints_px[:, 1]).max() < 0.1


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.7])
def test_a_larger_picture_has_larger_keypoints(predictor, scale):
    hand = turned(upright_hand(), 1.1, (200, 150)) * scale
    picture = dots(round(400 * scale), round(300 * scale), hand, radius_px=5 * scale)
    assert np.abs(only(predictor.hands(picture)).keypoints_px - keypoints_of(hand)).max() < 0.15 * max(1, scale / 3)


@pytest.mark.parametrize("turn_rad", [0.0, 0.9, -2.0])
def test_what_is_said_in_space_is_turned_back_with_the_crop(predictor, turn_rad):
    hand = turned(upright_hand(), turn_rad, (200, 150))
    found = only(predictor.hands(dots(400, 300, hand)))
    apart_px = found.keypoints_px - found.keypoints_px[0]
    crop_px_per_px = SIDE / (BOX_SCALE * found.size_px)
    assert np.abs(found.keypoints_3d_m[:, :2] - M_PER_PX * apart_px * crop_px_per_px).max() < 2e-3 * 0.1
    assert np.allclose(found.keypoints_3d_m[:, 2], np.linspace(0, 0.1, 21), atol=1e-6)
    cos, sin = math.cos(found.turn_rad), math.sin(found.turn_rad)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    assert np.allclose(found.camera_from_hand, turn @ CAMERA_FROM_HAND, atol=2e-3)


def test_two_hands_are_found_once_each_and_one_without_the_other(of_two):
    left, right = upright_hand(90, 150), turned(upright_hand(320, 150), 1.0, (320, 150))
    picture = open_picture(dots(400, 300, left, right))
    found = of_two.hands(picture)
    assert len(of_two.find(picture)) == len(found) == 2  # the finder says each twice
    for hand in (left, right):
        assert min(np.abs(each.keypoints_px - keypoints_of(hand)).max() for each in found) < 0.2
    assert len(of_two.hands(dots(400, 300, right))) == 1


def test_a_picture_without_a_hand_gives_none(predictor):
    empty = open_picture(np.zeros((30, 40, 3), np.uint8))
    assert predictor.find(empty) == predictor.hands(empty) == []


class Said:
    """A finder that says the same of every picture: boxes in pixels of its square, scores, turns."""

    image_px = FINDER_SIDE

    def __init__(self, *places):
        boxes_px, scores, turns_rad = zip(*places, strict=True)
        self.said = {"boxes_px": boxes_px, "scores": scores, "turns_rad": turns_rad}

    def __call__(self, images):
        return {name: np.array([values], np.float32) for name, values in self.said.items()}


def with_finder(predictor, *places):
    other = dataclasses.replace(predictor)
    other.__dict__["finder_network"] = Said(*places)
    return other


def test_two_boxes_that_lead_to_one_hand_give_it_once(predictor):
    hand = upright_hand()
    beside = [((38.0, 26.0, 66.0, 58.0), 0.9, 0.0), ((50.0, 26.0, 78.0, 58.0), 0.8, 0.0)]
    assert overlap(beside[0][0], beside[1][0]) < 0.5
    picture = open_picture(dots(400, 400, hand))
    places = with_finder(predictor, *beside).find(picture)
    assert [place.score for place in places] == pytest.approx([0.9, 0.8])
    assert all(found.score > 0.9 for found in predictor.read(picture, places))
    only(with_finder(predictor, *beside).hands(picture))


def test_a_hand_that_only_the_finder_sees_is_left_out(predictor):
    empty = [((10.0, 10.0, 30.0, 30.0), 0.99, 0.0)]
    picture = open_picture(dots(400, 400))
    assert len(with_finder(predictor, *empty).find(picture)) == 1
    assert with_finder(predictor, *empty).hands(picture) == []


def test_a_hand_is_read_in_the_box_of_what_a_wider_look_saw(predictor):
    """The finder's box is too small and beside the hand: what was read last is as if it had been right."""
    hand = upright_hand()
    picture = open_picture(dots(400, 400, hand))
    places = with_finder(predictor, ((46.0, 30.0, 64.0, 48.0), 0.9, 0.3)).find(picture)
    right = with_finder(predictor, ((38.0, 32.0, 66.0, 52.0), 0.9, 0.0)).find(picture)
    for place in (places, right):
        (seen,) = predictor.look(picture, place)
        assert np.abs(seen.keypoints_px - keypoints_of(hand)).max() < 0.5
        assert np.abs(seen.camera_from_hand - CAMERA_FROM_HAND).max() < 0.02, "read upright, not as the finder says"
        again = predictor.read(picture, [Place(seen.box, seen.turn_rad, 1.0)])[0]
        assert np.abs(seen.keypoints_px - again.keypoints_px).max() < 0.2
    assert Place((0.0, 10.0, 10.0, 30.0), 0.5, 0.7).widened(2.0) == Place((-5.0, 0.0, 15.0, 40.0), 0.5, 0.7)


@pytest.mark.parametrize(
    "place",
    [((10.0, 10.0, 30.0, math.inf), 0.9, 0.0), ((10.0, math.nan, 30.0, 30.0), 0.9, 0.0),
     ((10.0, 10.0, 30.0, 30.0), 0.9, math.nan), ((10.0, 10.0, 30.0, 30.0), math.nan, 0.0),
     ((30.0, 10.0, 10.0, 30.0), 0.9, 0.0), ((10.0, 10.0, 30.0, 30.0), 0.2, 0.0)],
)  # fmt: skip
def test_what_is_no_place_is_none(predictor, place):
    assert with_finder(predictor, place).find(open_picture(dots(400, 400, upright_hand()))) == []


def test_numbers_that_are_none_are_told(predictor):
    broken = dataclasses.replace(predictor)
    network = predictor.hand_network

    class Broken:
        image_px, about = network.image_px, network.about

        def __call__(self, **given):
            return network(**given) | {"keypoints_px": np.full((1, 21, 2), np.nan, np.float32)}

    broken.__dict__["hand_network"] = Broken()
    with pytest.raises(HandcraftError, match="Expected finite numbers from"):
        broken.hands(dots(400, 300, upright_hand()))


@pytest.mark.parametrize("turn_rad", [0.0, 2.0, -1.2])
def test_a_given_box_skips_the_finder_and_is_read_a_second_time_upright(tmp_path, turn_rad):
    networks = write_networks(tmp_path)
    alone = Predictor(networks.hand_file, tmp_path / "no-finder.onnx")
    seen = []
    network = alone.hand_network

    class Watched:
        image_px, about = network.image_px, network.about

        def __call__(self, **given):
            seen.append(network(**given))
            return seen[-1]

    alone.__dict__["hand_network"] = Watched()
    hand = turned(upright_hand(), turn_rad, (200, 150))
    box = (*hand.min(axis=0), *hand.max(axis=0))
    found = only(alone.hands(dots(400, 300, hand), boxes=[box]))
    assert np.abs(found.keypoints_px - keypoints_of(hand)).max() < 0.15
    assert len(seen) == 2
    knuckle_from_wrist = seen[1]["keypoints_px"][0, 9] - seen[1]["keypoints_px"][0, 0]
    assert abs(knuckle_from_wrist[0]) < 0.2 < -knuckle_from_wrist[1]


class ReadsUprightHandsOnly:
    """Of hands that are turned by more than 60 degrees it is unsure, and sees them pointing up all the same."""

    def __init__(self, network):
        self.network, self.image_px, self.about = network, network.image_px, network.about

    def __call__(self, **given):
        said = {name: values.copy() for name, values in self.network(**given).items()}
        right, down = (said["keypoints_px"][:, 9] - said["keypoints_px"][:, 0]).T
        is_turned = np.abs(np.arctan2(right, -down)) > np.radians(60)
        said["confidence"][is_turned] = 0.1
        said["keypoints_px"][is_turned] = (keypoints_of(upright_hand(0, 0)) + self.image_px / 2)[None]
        return said


@pytest.mark.parametrize("turn_rad", [0.0, 1.6, 3.1, -1.5])
def test_a_given_box_is_read_whatever_the_turn_by_a_network_that_reads_upright_hands_only(tmp_path, turn_rad):
    networks = write_networks(tmp_path)
    alone = Predictor(networks.hand_file, tmp_path / "no-finder.onnx")
    alone.__dict__["hand_network"] = ReadsUprightHandsOnly(alone.hand_network)
    hand = turned(upright_hand(), turn_rad, (200, 150))
    found = only(alone.hands(dots(400, 300, hand), boxes=[(*hand.min(axis=0), *hand.max(axis=0))]))
    assert np.abs(found.keypoints_px - keypoints_of(hand)).max() < 0.15
    assert found.confidence.min() > 0.5


def test_each_given_box_is_read_upright_in_its_own_turn(predictor):
    one, other = upright_hand(100, 150), turned(upright_hand(300, 150), 2.0, (300, 150))
    picture = dots(400, 300, one, other)
    hands = predictor.hands(picture, boxes=[box_around(keypoints_of(each)) for each in (one, other)])
    for hand, turn_rad in zip(hands, (0.0, 2.0), strict=True):
        cos, sin = np.cos(turn_rad), np.sin(turn_rad)
        about_the_axis = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        assert np.abs(hand.camera_from_hand - about_the_axis @ CAMERA_FROM_HAND).max() < 0.05


def test_every_given_box_is_answered_in_its_order(predictor):
    hand = upright_hand()
    empty, full = (300.0, 20.0, 340.0, 60.0), (*hand.min(axis=0), *hand.max(axis=0))
    scores = [found.score for found in predictor.hands(dots(400, 300, hand), boxes=[empty, full])]
    assert scores[0] < 0.1 < 0.9 < scores[1]
    assert predictor.hands(dots(400, 300, hand), boxes=[]) == []
    outside = (-500.0, -500.0, -450.0, -450.0)
    assert only(predictor.hands(dots(400, 300, hand), boxes=[outside])).score < 0.1


@pytest.mark.parametrize("box", [(1.0, 2.0, 3.0), (5.0, 5.0, 5.0, 9.0), (0.0, 0.0, float("nan"), 4.0)])
def test_a_box_without_area_is_refused(predictor, box):
    with pytest.raises(HandcraftError, match="Expected a box as left, top, right and bottom"):
        predictor.hands(np.zeros((9, 9, 3), np.uint8), boxes=[box])


def test_the_surface_stands_where_the_hand_does(predictor):
    hand = turned(upright_hand(), 0.6, (200, 150))
    right = only(predictor.hands(dots(400, 300, hand)))
    left = only(predictor.hands(dots(400, 300, hand)[:, ::-1]))
    for found in (right, left):
        surface = predictor.surface(found)
        assert np.abs(surface.vertices_m[0]).max() < 1e-6
        assert np.abs(surface.vertices_px[0] - found.keypoints_px[0]).max() < 0.3
        corners = surface.vertices_m[surface.faces]
        volume = np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
        assert volume > 0, "seen from outside, the corners run anticlockwise"
    assert np.array_equal(predictor.surface(right).faces, FACES)
    thumbwards = [predictor.surface(found).vertices_m[3] @ found.camera_from_hand for found in (right, left)]
    assert np.allclose(thumbwards[0], thumbwards[1] * [1, 1, -1], atol=1e-3)


def test_the_surface_is_turned_as_the_3d_keypoints_are_whatever_the_rotation_says(predictor):
    hand = only(predictor.hands(dots(400, 300, upright_hand())))
    told, mistaken = (
        predictor.surface(dataclasses.replace(hand, camera_from_hand=rotation))
        for rotation in (hand.camera_from_hand, np.eye(3))
    )
    assert np.array_equal(told.vertices_m, mistaken.vertices_m)
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    turned_hand = dataclasses.replace(hand, keypoints_3d_m=hand.keypoints_3d_m @ quarter.T)
    assert np.allclose(predictor.surface(turned_hand).vertices_m, told.vertices_m @ quarter.T, atol=1e-5)
    on_a_line = dataclasses.replace(hand, keypoints_3d_m=np.linspace(0, 1, 21, dtype=np.float32)[:, None] * [0, 0.1, 0])
    assert best_turn(JOINTS_M, on_a_line) is hand.camera_from_hand


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "none.onnx", "there is no such file"),
        (lambda folder: write_finder(folder / "finder.onnx"), "to be a hand network, but it says: finder"),
        (lambda folder: write_hand(folder / "old.onnx", format_="0"), "format 1, but got 0"),
        (lambda folder: write_hand(folder / "mute.onnx", box_scale=None), "box_scale"),
    ],
)
def test_a_file_of_the_wrong_kind_is_told_in_one_line(tmp_path, make, said):
    with pytest.raises(HandcraftError, match=said):
        open_network(make(tmp_path), "hand", threads=1)


def test_a_file_that_is_no_network_is_told_in_one_line(tmp_path):
    (tmp_path / "hand.onnx").write_bytes(b"no network at all")
    with pytest.raises(HandcraftError, match="to be a hand network as ONNX") as caught:
        open_network(tmp_path / "hand.onnx", "hand", threads=1)
    assert "\n" not in str(caught.value)


def test_names_and_colours_are_those_of_the_rest_of_handcraft():
    for name in ("KEYPOINTS", "BONES", "FINGERS", "FINGER_COLOURS"):
        assert getattr(skeleton, name) == getattr(torch_skeleton, name)


def test_three_lines_suffice_without_torch(predictor, tmp_path):
    hand = upright_hand()
    Image.fromarray(dots(400, 300, hand)).save(tmp_path / "photo.png")
    code = (
        "import sys, handcraft\n"
        f"hands = handcraft.predict.Predictor({predictor.hand_file.as_posix()!r}, "
        f"{predictor.finder_file.as_posix()!r}).hands({str(tmp_path / 'photo.png')!r})\n"
        "print(hands[0].side, sorted({'torch', 'tyro', 'cv2', 'scipy', 'rich'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "right []\n"


def test_the_package_itself_can_be_called(predictor, monkeypatch):
    monkeypatch.setattr("handcraft.predict._shipped", lambda: predictor)
    hand = upright_hand()
    assert only(handcraft.predict(dots(400, 300, hand))).side == "right"
    assert callable(sys.modules["handcraft.predict"])
