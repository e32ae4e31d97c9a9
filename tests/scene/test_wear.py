# SPDX-License-Identifier: Apache-2.0
"""Laws of what is worn."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand import HandModel
from handcraft.hand.model import HandMesh
from handcraft.scene.wear import SLEEVE_RAMP_M, WEAR_UNIFORMS, Wear, WearConfig, bare_hands, clothed, sample_wear


def uniform(count: int) -> Tensor:
    return torch.rand(count, WEAR_UNIFORMS, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def mesh(hand_model: HandModel) -> HandMesh:
    shaped = hand_model.with_shape(torch.full((1, 6), 0.5))
    return shaped.with_pose(torch.full((3, 22), 0.2)).skin().mirror_where(torch.tensor([False, True, False]))


def everything(count: int) -> Wear:
    return sample_wear(uniform(count), WearConfig(1.0, 1.0, 1.0, 1.0))


def test_as_many_wear_a_thing_as_asked() -> None:
    worn = sample_wear(uniform(4000), WearConfig(0.1, 0.2, 0.3, 0.4))
    shares = [float((value > 0).float().mean()) for value in (worn.ring_width_m, worn.watch, worn.sleeve, worn.glove)]
    assert shares == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.03)


def test_bare_hands_wear_nothing_and_keep_their_shape(mesh: HandMesh) -> None:
    bare = bare_hands(3)
    assert not torch.stack([bare.ring_width_m, bare.watch, bare.sleeve, bare.glove]).any()
    assert torch.equal(clothed(mesh, bare).vertices_m, mesh.vertices_m)


def test_colours_are_reflectances_and_rings_are_on_fingers() -> None:
    worn = everything(500)
    for name in ("ring_tone", "watch_tone", "dial_tone", "sleeve_tone", "stripe_tone", "glove_tone"):
        assert ((getattr(worn, name) >= 0) & (getattr(worn, name) <= 1)).all()
    assert set(worn.ring_finger.tolist()) == {0, 1, 2, 3, 4}


def test_a_sleeve_stands_off_the_forearm_and_leaves_the_hand_alone(mesh: HandMesh) -> None:
    worn = dataclasses.replace(everything(3), glove=torch.zeros(3))
    moved = clothed(mesh, worn)
    shift_m = moved.vertices_m - mesh.vertices_m
    outwards_m = (shift_m * mesh.vertex_normals()).sum(-1)
    torch.testing.assert_close(shift_m.norm(dim=-1), outwards_m, atol=1e-6, rtol=0)  # straight out of the skin
    y_m = mesh.topology.rest_vertices_m[:, 1]
    for frame in range(3):
        edge_m, thickness_m = worn.sleeve_edge_m[frame], worn.sleeve_thickness_m[frame]
        assert not outwards_m[frame, y_m > edge_m].any()
        well_inside = outwards_m[frame, y_m < edge_m - SLEEVE_RAMP_M]
        torch.testing.assert_close(well_inside, thickness_m.expand_as(well_inside), atol=1e-6, rtol=0)
    assert torch.equal(moved.keypoints_m, mesh.keypoints_m)
    assert torch.equal(moved.is_left, mesh.is_left)


def test_a_glove_is_a_little_thicker_than_the_hand(mesh: HandMesh) -> None:
    worn = dataclasses.replace(everything(3), sleeve=torch.zeros(3))
    shift_m = (clothed(mesh, worn).vertices_m - mesh.vertices_m).norm(dim=-1)
    on_hand = mesh.topology.rest_vertices_m[:, 1] > 0
    expected_m = worn.glove_thickness_m[:, None].expand(3, int(on_hand.sum()))
    torch.testing.assert_close(shift_m[:, on_hand], expected_m, atol=1e-6, rtol=0)
    assert worn.glove_thickness_m.min() > 0
    assert worn.glove_thickness_m.max() < 0.002


def test_only_those_who_wear_something_change(mesh: HandMesh) -> None:
    worn = dataclasses.replace(everything(3), sleeve=torch.tensor([0.0, 1.0, 0.0]), glove=torch.zeros(3))
    moved = (clothed(mesh, worn).vertices_m != mesh.vertices_m).any(-1).any(-1)
    assert moved.tolist() == [False, True, False]


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(HandcraftError, match="`ring_share` to be within 0 and 1, but got 2"):
        WearConfig(ring_share=2.0)
