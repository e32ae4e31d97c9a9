# SPDX-License-Identifier: Apache-2.0
"""Flat pictures: a face has one colour, edges are shares of it, and samples lie evenly."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.geometry import Camera
from handcraft.render.flat import AMBIENT, DIFFUSE, FRONTAL, TOWARDS_LAMP, render_flat, sample_positions

CAMERA = Camera.from_focal_length(torch.tensor([32.0]), 16, 16)
TRIANGLE = torch.tensor([[0, 2, 1]])  # outwards, as seen from the camera


def facing_camera(left_px: float, right_px: float, depth_m: float = 1.0) -> torch.Tensor:
    """A triangle that covers rows 0 to 16 between two columns of ``CAMERA`` and far more below."""
    left, right = ((edge - 8.0) / 32.0 * depth_m for edge in (left_px, right_px))
    top, bottom = -8.0 / 32.0 * depth_m, 100.0 * depth_m
    return torch.tensor([[[left, top, depth_m], [right, top, depth_m], [left, bottom, depth_m]]])


def test_a_face_towards_the_camera_has_the_light_of_its_normal() -> None:
    image = render_flat(facing_camera(0.0, 16.0), TRIANGLE, CAMERA, colour=(1.0, 0.5, 0.25))
    light = AMBIENT + DIFFUSE * -TOWARDS_LAMP[2] + FRONTAL
    expected = light * torch.tensor([1.0, 0.5, 0.25])
    torch.testing.assert_close(image[0, :, 4, 4], expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("samples", [1, 4, 8, 16])
def test_an_edge_through_a_pixel_mixes_by_the_share_of_its_samples(samples: int) -> None:
    edge_px = 8.37
    image = render_flat(facing_camera(edge_px, 300.0), TRIANGLE, CAMERA, samples=samples, background=(0.0, 0.0, 0.0))
    inside = (sample_positions(samples)[:, 0] > edge_px - 8).float().mean()
    torch.testing.assert_close(image[0, 0, 8, 8] / image[0, 0, 8, 12], inside, atol=1e-5, rtol=0)


def test_the_nearer_mesh_of_a_batch_does_not_see_the_other() -> None:
    both = torch.cat([facing_camera(0.0, 300.0), facing_camera(8.0, 300.0)])
    camera = Camera(CAMERA.intrinsics.expand(2, 3, 3), 16, 16)
    images = render_flat(both, TRIANGLE, camera)
    torch.testing.assert_close(images[0], render_flat(both[:1], TRIANGLE, CAMERA)[0], atol=0, rtol=0)
    torch.testing.assert_close(images[1], render_flat(both[1:], TRIANGLE, CAMERA)[0], atol=0, rtol=0)


@pytest.mark.parametrize("count", [2, 4, 8, 16])
def test_every_half_of_a_pixel_holds_half_of_its_samples(count: int) -> None:
    lower = (sample_positions(count) < 0.5).float().mean(0)
    assert ((lower - 0.5).abs() <= 1 / count).all()


def test_triangles_of_missing_vertices_are_refused() -> None:
    with pytest.raises(HandcraftError, match="below 3"):
        render_flat(facing_camera(0.0, 4.0), torch.tensor([[0, 1, 3]]), CAMERA)
