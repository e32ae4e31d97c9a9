# SPDX-License-Identifier: Apache-2.0
"""Drawings lie on the hands, doubt is faint, sizes follow the hand; meshes and lines of JSON hold what was found."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from handcraft.predict import Hand, Surface, draw_hands, json_line, write_obj
from handcraft.predict.skeleton import BONES, colour_of
from handcraft.predict.surface import weak_perspective

GREY = 120


def flat_hand(x=200.0, y=300.0, length=200.0, confidence=1.0):
    """Five straight fingers, fanned."""
    points = [(x, y)]
    for finger in range(5):
        way = np.array([np.sin(0.4 * finger - 0.8), -np.cos(0.4 * finger - 0.8)])
        points += [tuple((x, y) + way * length * reach) for reach in (0.4, 0.6, 0.8, 1.0)]
    keypoints_px = np.array(points, np.float32)
    (left, top), (right, bottom) = keypoints_px.min(axis=0).tolist(), keypoints_px.max(axis=0).tolist()
    in_space_m = np.pad((keypoints_px - keypoints_px[0]) * np.float32(0.0009), ((0, 0), (0, 1)))
    return Hand(
        keypoints_px, np.full(21, confidence, np.float32), in_space_m,
        "left", 0.9, 0.987654, (left, top, right, bottom), 0.0, np.zeros(22, np.float32), np.eye(3, dtype=np.float32),
        np.zeros(4, np.float32),
    )  # fmt: skip


def drawn(*hands, surfaces=(), size=(400, 400)):
    return np.asarray(draw_hands(Image.new("RGB", size, (GREY, GREY, GREY)), hands, surfaces), float)


def test_each_joint_has_its_finger_s_colour():
    hand = flat_hand()
    picture = drawn(hand)
    for index, (x, y) in enumerate(hand.keypoints_px):
        assert np.abs(picture[int(y), int(x)] - colour_of(index)).max() < 12


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.25, 0.6), (0.5, 0.5)])
def test_joints_are_drawn_where_they_are_to_a_fraction_of_a_pixel(shift):
    hand = flat_hand(length=0.001)  # all keypoints in one place: a round spot
    hand = dataclasses.replace(
        hand, keypoints_px=hand.keypoints_px + np.float32(shift), box=(100.0, 200.0, 300.0, 400.0)
    )
    weight = np.abs(drawn(hand)[250:350, 150:250] - GREY).sum(axis=2)
    middles = np.arange(100) + 0.5
    centre = (weight * middles).sum() / weight.sum(), (weight * middles[:, None]).sum() / weight.sum()
    assert np.abs(np.array(centre) - (50 + shift[0], 50 + shift[1])).max() < 0.15


def test_doubt_is_faint():
    x, y = flat_hand().keypoints_px[12].astype(int)
    sure, unsure = (np.abs(drawn(flat_hand(confidence=value))[y, x] - GREY).sum() for value in (1.0, 0.3))
    assert 0.1 * sure < unsure < 0.6 * sure


def test_widths_follow_the_hand_and_bones_have_dark_edges():
    def across(length):
        hand = flat_hand(y=700.0, x=400.0, length=length)
        parent, child = BONES[10]  # of the middle finger, which points up
        x, y = hand.keypoints_px[[parent, child]].mean(axis=0).astype(int)
        reach = round(0.09 * length)  # its neighbours are further away
        return drawn(hand, size=(800, 800))[y, x - reach : x + reach].min(axis=1)

    small, large = (across(length) for length in (150.0, 600.0))
    assert 2.5 < (large < GREY - 10).sum() / (small < GREY - 10).sum() < 6
    assert large[len(large) // 2 - 10 : len(large) // 2 - 5].min() < 80, "no dark edge"


def test_the_rest_of_the_picture_is_left_alone_and_the_picture_given_too():
    given = Image.new("RGB", (400, 400), (GREY, GREY, GREY))
    picture = np.asarray(draw_hands(given, [flat_hand()]), int)
    assert (picture[330:] == GREY).all()
    assert (np.asarray(given) == GREY).all()
    assert (picture[:90] != GREY).any(), "side and score stand above the hand"


@pytest.mark.parametrize("place", [(-50.0, 100.0), (390.0, 20.0), (5000.0, 5000.0), (200.0, 5000.0)])
@pytest.mark.parametrize("length", [0.0, 30.0, 4000.0])
def test_hands_that_leave_the_picture_are_drawn_as_far_as_they_are_in_it(place, length):
    assert drawn(flat_hand(*place, length)).shape == (400, 400, 3)


def test_the_surface_is_drawn_the_near_over_the_far():
    corners = np.array([[-1, -1], [1, -1], [0, 1]]) * 0.05
    near, far = (np.concatenate([corners, np.full((3, 1), depth)], 1) for depth in (-0.1, 0.1))
    far[:, 2] += [0.0, 0.0, 0.3]  # seen from the side, so darker
    vertices_m = np.concatenate([near, far]).astype(np.float32)
    vertices_px = (vertices_m[:, :2] * 1000 + [200, 200]).astype(np.float32)
    hand = dataclasses.replace(flat_hand(), keypoints_px=np.full((21, 2), 360, np.float32))
    lit = [
        drawn(hand, surfaces=[Surface(vertices_m, np.array(faces), vertices_px)])[190, 200].mean()
        for faces in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]], [[3, 4, 5]])
    ]
    assert lit[0] == lit[1] > lit[2] + 20


def test_scale_and_place_are_those_of_the_3d_keypoints():
    hand = flat_hand()
    scale, offset = weak_perspective(hand.keypoints_3d_m, hand)
    assert np.isclose(scale, 1 / 0.0009, rtol=1e-4)
    assert np.allclose(offset, hand.keypoints_px[0], atol=1e-2)
    wrong = dataclasses.replace(hand, keypoints_px=hand.keypoints_px.copy(), confidence=hand.confidence.copy())
    wrong.keypoints_px[7], wrong.confidence[7] = 5000, 0
    assert np.isclose(weak_perspective(wrong.keypoints_3d_m, wrong)[0], scale, rtol=0.05)
    point = dataclasses.replace(hand, keypoints_3d_m=np.zeros((21, 3), np.float32))
    assert weak_perspective(point.keypoints_3d_m, point)[0] == 0


def test_a_mesh_file_is_in_viewers_axes_and_not_mirrored(tmp_path):
    vertices_m = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.2, 0], [0, 0, 0.3]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    write_obj(tmp_path / "a" / "hand.obj", Surface(vertices_m, faces, vertices_m[:, :2]))
    rows = [line.split() for line in (tmp_path / "a" / "hand.obj").read_text().splitlines()]
    read_m = np.array([row[1:] for row in rows if row[0] == "v"], float)
    read_faces = np.array([row[1:] for row in rows if row[0] == "f"], int) - 1
    assert np.allclose(read_m, vertices_m * [1, -1, -1])
    assert np.array_equal(read_faces, faces)


def test_a_line_holds_what_was_found():
    hand = flat_hand()
    line = json_line(hand, file="a.jpg", frame=3)
    assert "\n" not in line
    read = json.loads(line)
    assert list(read)[:3] == ["file", "frame", "side"]
    for name in ("keypoints_px", "confidence", "keypoints_3d_m", "box", "angles_rad", "camera_from_hand", "shape"):
        assert np.allclose(read[name], getattr(hand, name), atol=0.006)
    assert (read["side"], read["score"]) == ("left", 0.9877)
    assert np.abs(np.array(read["keypoints_3d_m"]) - hand.keypoints_3d_m).max() < 1e-5
