# SPDX-License-Identifier: Apache-2.0
"""The fast normals are the hand's own normals, on either side of the mirror and in any batch."""

import torch

from handcraft.hand import HandModel
from handcraft.hand.topology import vertex_normals
from handcraft.render.surface import Fans, outward_normals


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
