# SPDX-License-Identifier: Apache-2.0
"""The fast ways are the plain ones: normals on either side of the mirror, vertices before either camera."""

import pytest
import torch

from handcraft.geometry import Camera
from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand import HandModel
from handcraft.hand.topology import vertex_normals
from handcraft.render.layers import drawn_from_camera
from handcraft.render.renderer import corners_of, in_camera
from handcraft.render.surface import Fans, outward_normals, placed


def test_they_agree_with_the_differentiable_normals(hand_model: HandModel) -> None:
    generator = torch.Generator().manual_seed(0)
    faces, template_m = hand_model.topology.faces, hand_model.topology.rest_vertices_m
    positions_m = template_m + 0.002 * torch.randn(3, *template_m.shape, generator=generator)
    facing = torch.tensor([1.0, -1.0, 1.0])
    fans = Fans.of(faces, len(template_m), positions_m.device)
    expected = vertex_normals(positions_m, faces) * facing[:, None, None]
    torch.testing.assert_close(outward_normals(positions_m, fans, facing), expected, atol=2e-6, rtol=0)


def test_every_corner_is_in_the_fan_of_its_vertex() -> None:
    faces = torch.tensor([[0, 1, 2], [2, 1, 3], [3, 4, 2]])
    fans = Fans.of(faces, 6, torch.device("cpu"))
    around = [
        fans.triangles[start:end].tolist()
        for start, end in zip(fans.first[:-1].tolist(), fans.first[1:].tolist(), strict=True)
    ]
    assert around == [[0], [0, 1], [0, 1, 2], [1, 2], [2], []]


@pytest.mark.parametrize("projection", ["pinhole", "weak_perspective"])
def test_vertices_are_where_the_camera_says(projection: str) -> None:
    generator = torch.Generator().manual_seed(1)
    points_m = 0.1 * torch.randn(2, 50, 3, generator=generator)
    camera_from_hand = torch.eye(4).repeat(2, 1, 1)
    camera_from_hand[:, :3, :3] = rotation_from_axis_angle(torch.randn(2, 3, generator=generator))
    camera_from_hand[:, :3, 3] = torch.tensor([[0.02, -0.03, 0.5], [0.0, 0.05, 0.15]])  # the second: some behind
    scale = torch.tensor([300.0, 400.0])
    camera = Camera.from_focal_length(scale, 90, 120) if projection == "pinhole" else Camera.from_scale(scale, 90, 120)
    expected_m = drawn_from_camera(camera, in_camera(points_m, camera_from_hand))
    positions_m, corners = placed(points_m, camera_from_hand, camera)
    ahead = expected_m[..., 2] > 0.02
    assert 0 < int((~ahead).sum()) < ahead.numel() / 2
    torch.testing.assert_close(positions_m, expected_m, atol=4e-6, rtol=0)
    torch.testing.assert_close(corners[ahead], corners_of(camera, expected_m)[ahead], atol=1e-3, rtol=1e-5)
