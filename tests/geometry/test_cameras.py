# SPDX-License-Identifier: Apache-2.0
"""Laws of the pinhole camera."""

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
