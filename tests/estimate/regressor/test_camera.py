# SPDX-License-Identifier: Apache-2.0
"""The camera of three numbers is the weak-perspective camera of everywhere else."""

import math
from typing import get_args

import pytest
import torch

from handcraft.estimate.regressor.camera import (
    CameraConvention,
    camera_in_pixels,
    pixels_from_places,
    places_from_pixels,
    places_from_points,
)
from handcraft.randomness import generator_for

CAMERAS = torch.tensor([[1.2, 0.1, -0.3], [0.7, -0.4, 0.2]])
POINTS_M = 0.1 * torch.randn(2, 5, 3, generator=generator_for(1))


@pytest.mark.parametrize("convention", get_args(CameraConvention))
def test_points_are_seen_where_geometry_s_camera_sees_them(convention):
    places = places_from_points(CAMERAS, POINTS_M, convention)
    expected_px = camera_in_pixels(CAMERAS, 80, convention).pixels_from_camera(POINTS_M)
    torch.testing.assert_close(pixels_from_places(places, 80), expected_px, atol=1e-3, rtol=0)


def test_the_conventions_are_what_they_are_called():
    point_m = torch.tensor([[[0.1, -0.2, 5.0]]])  # 1 and -2 decimetres
    camera = torch.tensor([[math.log(3.0), 0.5, 0.25]])
    assert places_from_points(camera, point_m, "s(X+t)")[0, 0].tolist() == pytest.approx([3 * 1.5, 3 * -1.75])
    assert places_from_points(camera, point_m, "sX+t")[0, 0].tolist() == pytest.approx([3 * 1 + 0.5, 3 * -2 + 0.25])


def test_places_span_the_picture_and_pixels_undo_them():
    corners_px = torch.tensor([[0.0, 0.0], [48.0, 24.0]])
    places = places_from_pixels(corners_px, 48)
    assert places.tolist() == [[-1.0, -1.0], [1.0, 0.0]]
    assert torch.equal(pixels_from_places(places, 48), corners_px)


@pytest.mark.parametrize("convention", get_args(CameraConvention))
def test_no_number_turns_the_picture_upside_down(convention):
    right_and_down = torch.tensor([[[0.1, 0.1, 0.0]]]).expand(3, 1, 3)
    camera = torch.tensor([[-4.0, 0.0, 0.0], [0.0, 0.0, 0.0], [4.0, 0.0, 0.0]])
    assert (places_from_points(camera, right_and_down, convention) > 0).all()
