# SPDX-License-Identifier: Apache-2.0
"""Laws of what all hands of a model share: normals, the forearm, fingertips and parts."""

import pytest
import torch

from handcraft.hand import FINGERS, HandModel
from handcraft.hand.skeleton import FOREARM_ID, PART_NAMES_BY_FINGER, part_id
from handcraft.hand.topology import (
    FOREARM_GROWTH,
    FOREARM_RING_SPACING_M,
    FOREARM_RINGS,
    THENAR_RADIUS_M,
    forearm_faces,
    forearm_vertices_m,
    ordered_boundary,
    vertex_normals,
)

SQUARE = torch.tensor([[0.03, 0.0, 0.02], [0.03, 0.0, -0.02], [-0.03, 0.0, -0.02], [-0.03, 0.0, 0.02]])


def test_normals_follow_the_winding_and_weigh_triangles_by_their_area() -> None:
    corners = torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    floor, wall = [0, 1, 2], [0, 2, 3]  # areas 1.5 and 0.5, facing +z and +x
    normals = vertex_normals(corners[None], torch.tensor([floor, wall]))[0]
    torch.testing.assert_close(normals[1], torch.tensor([0.0, 0.0, 1.0]))
    torch.testing.assert_close(normals[3], torch.tensor([1.0, 0.0, 0.0]))
    torch.testing.assert_close(normals[0], torch.tensor([1.0, 0.0, 3.0]) / 10**0.5)


def test_the_boundary_is_walked_in_the_direction_of_its_triangles() -> None:
    fan = torch.tensor([[4, 0, 1], [4, 1, 2], [4, 2, 3], [4, 3, 0]])
    assert ordered_boundary(fan).tolist() == [0, 1, 2, 3]
    assert ordered_boundary(fan.flip(-1)).tolist() == [0, 3, 2, 1]


def test_the_forearm_leaves_the_wrist_backwards_and_widens() -> None:
    vertices_m = forearm_vertices_m(SQUARE)
    rings, end = vertices_m[:-1].unflatten(0, (FOREARM_RINGS, 4)), vertices_m[-1]
    expected_y = -FOREARM_RING_SPACING_M * torch.arange(1, FOREARM_RINGS + 1)
    torch.testing.assert_close(rings[..., 1], expected_y[:, None].expand(-1, 4))
    widths = rings[:, 0, [0, 2]].norm(dim=1) / SQUARE[0].norm()
    assert widths.tolist() == sorted(widths.tolist())
    torch.testing.assert_close(widths[-1], torch.tensor(1 + FOREARM_GROWTH))
    torch.testing.assert_close(end, rings[-1].mean(0))
    assert 0.2 < float(-end[1]) < 0.35  # so much arm that its end is out of the picture


def test_forearm_triangles_close_the_wrist_and_face_outwards() -> None:
    lid = torch.tensor([[0, 1, 2], [0, 2, 3]])
    faces = torch.cat([lid, forearm_faces(ordered_boundary(lid), 4)])
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()
    assert sorted(edges) == sorted([second, first] for first, second in edges)
    loop_m = SQUARE if vertex_normals(SQUARE[None], lid)[0, 0, 1] > 0 else SQUARE.flip(0)
    vertices_m = torch.cat([loop_m, forearm_vertices_m(loop_m)])
    a, b, c = (vertices_m[faces[:, corner]] for corner in range(3))
    area_m2 = float((loop_m[0] - loop_m[1]).norm() * (loop_m[1] - loop_m[2]).norm())
    length_m = FOREARM_RINGS * FOREARM_RING_SPACING_M
    assert area_m2 * length_m < float((torch.linalg.cross(a, b) * c).sum() / 6) < 2.5 * area_m2 * length_m


def test_the_forearm_moves_with_the_root_alone(hand_model: HandModel) -> None:
    topology = hand_model.topology
    first = int(topology.faces.max()) - FOREARM_RINGS * len(topology.loop)
    assert (topology.weights[first:, 0] == 1).all()
    torch.testing.assert_close(topology.weights.sum(1), torch.ones(len(topology.weights)))
    drawn = (topology.faces >= first).any(1)
    assert torch.equal(topology.face_parts == FOREARM_ID, drawn)


@pytest.mark.parametrize("finger", FINGERS)
def test_parts_lie_on_the_bones_they_are_named_after(hand_model: HandModel, finger: str) -> None:
    """Every triangle of a finger is nearer that finger's bones than any other finger's."""
    topology, bones = hand_model.topology, hand_model.source.finger_bones
    parts = torch.tensor([part_id(part) for part in PART_NAMES_BY_FINGER[finger] if part != "thumb_metacarpal"])
    centres_m = topology.rest_vertices_m[topology.faces].mean(1)[torch.isin(topology.face_parts, parts)]

    def distance_m(other: str) -> torch.Tensor:
        heads_m = hand_model.rest_from_bones[bones[other][int(other == "thumb") :], :3, 3]
        line_m = torch.cat([heads_m, topology.rest_vertices_m[topology.fingertips[[FINGERS.index(other)]]]])
        dense_m = torch.cat([torch.lerp(line_m[:-1], line_m[1:], step) for step in torch.linspace(0, 1, 9)])
        return torch.cdist(centres_m, dense_m).amin(1)

    others = torch.stack([distance_m(other) for other in FINGERS if other != finger]).amin(0)
    assert (distance_m(finger) < others).float().mean() > 0.97


@pytest.mark.parametrize("finger", FINGERS[1:])
def test_the_tip_is_the_outer_half_of_the_distal_segment(hand_model: HandModel, finger: str) -> None:
    topology = hand_model.topology
    frame = hand_model.rest_from_bones[hand_model.bone_of_joint[f"{finger}_dip"]]
    tip_m = topology.rest_vertices_m[topology.fingertips[FINGERS.index(finger)]]
    along = (topology.rest_vertices_m[topology.faces].mean(1) - frame[:3, 3]) @ frame[:3, 1]
    share = along / ((tip_m - frame[:3, 3]) @ frame[:3, 1])
    assert (share[topology.face_parts == part_id(f"{finger}_tip")] > 0.5).all()
    assert (share[topology.face_parts == part_id(f"{finger}_distal")] <= 0.5).all()


def test_the_thumbs_metacarpal_is_the_skin_near_it(hand_model: HandModel) -> None:
    topology = hand_model.topology
    start_m, end_m = hand_model.rest_from_bones[hand_model.source.finger_bones["thumb"][:2], :3, 3]
    dense_m = torch.stack([torch.lerp(start_m, end_m, step) for step in torch.linspace(0, 1, 65)])
    distance_m = torch.cdist(topology.rest_vertices_m[topology.faces].mean(1), dense_m).amin(1)
    assert distance_m[topology.face_parts == part_id("thumb_metacarpal")].max() < THENAR_RADIUS_M + 6e-3  # or by weight
    assert distance_m[topology.face_parts == part_id("palm")].min() > THENAR_RADIUS_M - 1e-3
