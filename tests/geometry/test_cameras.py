# SPDX-License-Identifier: Apache-2.0
"""Laws of pinhole and weak-perspective cameras."""

from itertools import pairwise

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.geometry import Camera


def camera() -> Camera:
    return Camera.from_focal_length(torch.tensor([200.0, 90.0]), 48, 64)


def test_a_point_straight_ahead_lands_in_the_middle_of_the_image() -> None:
    pixels = camera().pixels_from_camera(torch.tensor([[[0.0, 0.0, 0.7]]]).expand(2, 1, 3))
    torch.testing.assert_close(pixels[:, 0], torch.tensor([32.0, 24.0]).expand(2, 2))


def test_right_and_down_are_positive_and_nearer_is_larger() -> None:
    near, far = camera().pixels_from_camera(torch.tensor([[[0.1, 0.05, 0.5], [0.1, 0.05, 1.0]]]).expand(2, 2, 3))[0]
    torch.testing.assert_close(near, torch.tensor([32 + 200 * 0.2, 24 + 200 * 0.1]))
    torch.testing.assert_close(near - torch.tensor([32.0, 24.0]), 2 * (far - torch.tensor([32.0, 24.0])))


def test_lifting_undoes_projecting() -> None:
    points_m = torch.rand(2, 7, 3, generator=torch.Generator().manual_seed(0)) - torch.tensor([0.5, 0.5, -0.5])
    pixels = camera().pixels_from_camera(points_m)
    torch.testing.assert_close(camera().camera_from_pixels(pixels, points_m[..., 2]), points_m, atol=1e-5, rtol=0)


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(HandcraftError, match="at least 1x1 pixels, but got 0x64"):
        Camera.from_focal_length(torch.tensor(200.0), 0, 64)


def test_a_weak_perspective_camera_shows_near_and_far_alike_and_scales_by_pixels_per_metre() -> None:
    flat = Camera.from_scale(torch.tensor([400.0, 90.0]), 48, 64)
    near, far = flat.pixels_from_camera(torch.tensor([[[0.1, 0.05, 0.5], [0.1, 0.05, 9.0]]]).expand(2, 2, 3))[0]
    torch.testing.assert_close(near, torch.tensor([32 + 400 * 0.1, 24 + 400 * 0.05]))
    torch.testing.assert_close(near, far)


def test_lifting_undoes_weak_perspective_too() -> None:
    points_m = torch.rand(2, 7, 3, generator=torch.Generator().manual_seed(0)) - torch.tensor([0.5, 0.5, -0.5])
    flat = camera().weak_perspective_at(torch.tensor([0.7, 2.0]))
    again_m = flat.camera_from_pixels(flat.pixels_from_camera(points_m), points_m[..., 2])
    torch.testing.assert_close(again_m, points_m, atol=1e-5, rtol=0)


def test_a_pinhole_camera_that_moves_away_and_zooms_in_becomes_a_weak_perspective_camera() -> None:
    """The gap falls as one over the distance, and is nothing at the depth the two agree on."""
    points_m = torch.rand(1, 50, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.2 - 0.1
    gaps_px = []
    for distance_m in (1.0, 10.0, 100.0, 1000.0):
        away = torch.tensor([0.0, 0.0, distance_m], dtype=torch.float64)
        zoomed = Camera.from_focal_length(torch.tensor([500.0 * distance_m], dtype=torch.float64), 100, 100)
        flat = zoomed.weak_perspective_at(torch.tensor([distance_m], dtype=torch.float64))
        gaps_px.append(
            float((zoomed.pixels_from_camera(points_m + away) - flat.pixels_from_camera(points_m)).abs().max())
        )
        level = points_m * torch.tensor([1.0, 1.0, 0.0]) + away
        torch.testing.assert_close(zoomed.pixels_from_camera(level), flat.pixels_from_camera(level))
    for nearer, farther in pairwise(gaps_px):
        assert farther == pytest.approx(nearer / 10, rel=0.15)
