# SPDX-License-Identifier: Apache-2.0
"""Crops: points and pixels go the same way, the way back undoes it, and what is too fine to be seen averages out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from handcraft.predict import Crop, Letterbox, open_picture

POINTS = np.array([[0.0, 0.0], [31.5, 77.25], [400.0, -20.0]], np.float32)
NUMBERS = st.floats(-500, 1500)


def centre_of_mass(pixels):
    mass = pixels[..., 0].astype(float)
    middles = np.arange(max(pixels.shape)) + 0.5
    return (
        np.array([(mass * middles[: mass.shape[1]]).sum(), (mass * middles[: mass.shape[0], None]).sum()]) / mass.sum()
    )


def dot(width, height, x, y, radius_px):
    across, down = np.arange(width) + 0.5, np.arange(height) + 0.5
    value = np.exp(-((across[None] - x) ** 2 + (down[:, None] - y) ** 2) / (2 * radius_px**2))
    return (255 * value[..., None]).round().astype(np.uint8).repeat(3, axis=2)


def opened(pixels, how, tmp_path):
    if how == "array":
        return open_picture(pixels)
    if how == "image":
        return open_picture(Image.fromarray(pixels))
    Image.fromarray(pixels).save(tmp_path / "picture.jpg", quality=97)
    return open_picture(tmp_path / "picture.jpg")


@given(NUMBERS, NUMBERS, st.floats(1, 3000), st.floats(-7, 7), st.integers(16, 256))
@settings(max_examples=50, deadline=None)
def test_a_crop_and_its_inverse_undo_each_other(x, y, side_px, turn_rad, size):
    crop = Crop(x, y, side_px, turn_rad)
    there = crop.crop_from_picture(POINTS, size)
    assert np.abs(crop.picture_from_crop(there, size) - POINTS).max() < 2e-2
    assert np.allclose(crop.picture_from_crop(np.array([[size / 2, size / 2]]), size), [[x, y]], atol=1e-3)


@pytest.mark.parametrize("turn_rad", [0.0, 0.5, -1.9, math.pi])
def test_a_crop_turns_the_hand_upright(turn_rad):
    crop = Crop(50.0, 60.0, 80.0, turn_rad)
    tip = np.array([[50 + 30 * math.sin(turn_rad), 60 - 30 * math.cos(turn_rad)]])  # clockwise from up
    assert np.allclose(crop.crop_from_picture(tip, 80), [[40, 10]], atol=1e-4)
    assert np.allclose(crop.camera_rotation @ [0, -30, 7], [*(tip[0] - [50, 60]), 7], atol=1e-4)


@pytest.mark.parametrize("how", ["array", "image", "jpeg"])
@pytest.mark.parametrize("turn_rad", [0.0, 0.4, -2.0])
@pytest.mark.parametrize("side_px", [70.0, 131.7, 163.0, 500.0, 1234.5])
def test_pixels_go_where_points_go(how, turn_rad, side_px, tmp_path):
    x, y = 611.3 + 0.13 * side_px, 402.8 - 0.1 * side_px
    picture = opened(dot(1203, 799, x, y, side_px / 24), how, tmp_path)
    crop = Crop(611.3, 402.8, side_px, turn_rad)
    found = centre_of_mass(crop.pixels(picture, 96))
    assert np.abs(found - crop.crop_from_picture(np.array([[x, y]]), 96)[0]).max() < 0.1


@pytest.mark.parametrize(("width", "height"), [(640, 480), (333, 1000), (1000, 77), (50, 41), (1600, 1201)])
@pytest.mark.parametrize("how", ["array", "image", "jpeg"])
def test_the_letterbox_puts_pixels_where_points_go(width, height, how, tmp_path):
    x, y = 0.37 * width, 0.61 * height
    picture = opened(dot(width, height, x, y, max(width, height) / 30), how, tmp_path)
    letterbox = Letterbox.fit(picture.width, picture.height, 112)
    place = centre_of_mass(dot(width, height, x, y, max(width, height) / 30))  # a dot may be cut by the edge
    assert np.abs(letterbox.picture_from_square(centre_of_mass(letterbox.pixels(picture, 112))) - place).max() < (
        0.1 * max(1.0, max(width, height) / 112)
    )
    first = np.array([letterbox.left_px, letterbox.top_px], float)
    corners = letterbox.picture_from_square(
        np.stack([first, first + np.array([letterbox.width_px, letterbox.height_px])])
    )
    assert np.allclose(corners, [[0, 0], [width, height]])
    assert max(letterbox.width_px, letterbox.height_px) == 112


@pytest.mark.parametrize("turn_rad", [0.0, 0.7])
@pytest.mark.parametrize("ratio", [2.0, 3.3, 6.0, 9.7])
@pytest.mark.parametrize("stripe_px", [1, 2])
def test_what_is_finer_than_the_crop_averages_out(turn_rad, ratio, stripe_px):
    if stripe_px == 2 and ratio < 4:
        return  # these stripes can be seen
    across, down = np.arange(1100) // stripe_px, np.arange(1100) // stripe_px
    board = (255 * ((across[None] + down[:, None]) % 2)).astype(np.uint8)
    seen = Crop(550.0, 550.0, 64 * ratio, turn_rad).pixels(open_picture(board), 64)
    assert abs(seen.mean() - 127.5) < 3
    assert seen.std() < 8, "stripes came through as a pattern"


def test_outside_the_picture_all_is_black():
    white = open_picture(np.full((60, 80, 3), 255, np.uint8))
    seen = Crop(0.0, 30.0, 60.0, 0.0).pixels(white, 60)
    assert (seen[:, :29] == 0).all()
    assert (seen[:, 31:] == 255).all()
    assert (Crop(-400.0, 30.0, 60.0, 0.3).pixels(white, 60) == 0).all()
    assert (Letterbox.fit(80, 60, 80).pixels(white, 80)[[0, -1]] == 0).all()


def test_a_crop_of_the_picture_itself_is_the_picture():
    pixels = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert np.array_equal(Crop(32.0, 32.0, 64.0, 0.0).pixels(open_picture(pixels), 64), pixels)
    assert np.array_equal(Letterbox.fit(64, 64, 64).pixels(open_picture(pixels), 64), pixels)
