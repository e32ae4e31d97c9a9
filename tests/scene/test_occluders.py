# SPDX-License-Identifier: Apache-2.0
"""Laws of what stands between camera and hand."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.geometry import rotation_from_axis_angle
from handcraft.hand import HandModel
from handcraft.scene import SceneConfig, sample_scenes
from handcraft.scene.occluders import (
    OCCLUDER_UNIFORMS,
    OTHER_PLACE_UNIFORMS,
    OccluderConfig,
    SolidKind,
    Solids,
    cube_grid,
    place_before,
    sample_solids,
    solid_surface,
)

KINDS = torch.tensor([[int(kind) for kind in SolidKind]])


def test_solids_are_closed_and_their_triangles_face_outwards() -> None:
    vertices, normals = (values[0] for values in solid_surface(KINDS))
    a, b, c = (vertices[:, cube_grid()[1][:, corner]] for corner in range(3))
    square = torch.linalg.cross(b - a, c - a)
    volume = (a * square).sum((-1, -2)) / 6
    torch.testing.assert_close(volume, torch.tensor([8.0, 4 / 3 * torch.pi, 2 * torch.pi]), rtol=0.04, atol=0)
    outwards = (square * normals[:, cube_grid()[1][:, 0]]).sum(-1) / square.norm(dim=-1)
    assert outwards.min() > 0.9
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones(3, len(cube_grid()[0])))


def test_a_box_is_a_box_a_ball_is_round_and_a_rod_is_round_about_its_axis() -> None:
    box, ball, rod = solid_surface(KINDS)[0][0]
    torch.testing.assert_close(box.abs().amax(-1), torch.ones(len(box)))
    torch.testing.assert_close(ball.norm(dim=-1), torch.ones(len(ball)))
    radius = rod[:, :2].norm(dim=-1)
    assert ((radius - 1).abs().minimum((rod[:, 2].abs() - 1).abs()) < 1e-5).all()
    assert radius.max() < 1 + 1e-5


def test_solids_stand_where_they_are_put_and_normals_stay_square_to_stretched_surfaces() -> None:
    transform = torch.eye(4)
    transform[:3, 3] = torch.tensor([0.1, 0.2, 0.5])
    transform[:3, :3] = rotation_from_axis_angle(torch.tensor([0.3, -1.1, 0.7]))
    half_size_m = torch.tensor([0.01, 0.02, 0.04])
    grey = torch.full((1, 1, 3), 0.5)
    ball = Solids(
        torch.tensor([[int(SolidKind.BALL)]]), torch.tensor([[True]]), transform[None, None], half_size_m[None, None],
        grey, grey, torch.tensor([[0.01]]),
    )  # fmt: skip
    vertices_m, normals = (values[0] for values in ball.surface())
    local = (vertices_m - transform[:3, 3]) @ transform[:3, :3] / half_size_m
    torch.testing.assert_close(local.norm(dim=-1), torch.ones(len(local)))
    gradient = torch.nn.functional.normalize(local / half_size_m, dim=-1)  # of the ellipsoid's equation
    torch.testing.assert_close(normals @ transform[:3, :3], gradient, atol=1e-5, rtol=0)


def test_sampled_solids_stand_before_the_hand_as_often_as_asked_for_and_one_kind_as_often_as_another() -> None:
    uniform = torch.rand(600, OCCLUDER_UNIFORMS, generator=torch.Generator().manual_seed(0))
    joints_m = 0.1 * torch.rand(600, 21, 3, generator=torch.Generator().manual_seed(1)) + torch.tensor([0.0, 0.0, 0.5])
    solids = sample_solids(uniform, joints_m, OccluderConfig(share=0.4))
    assert 0.35 < solids.present[:, 0].float().mean() < 0.45
    assert not (solids.present[:, 1] & ~solids.present[:, 0]).any()
    assert torch.bincount(solids.kind[:, 0]).min() > 150
    vertices_m, _ = solids.surface()
    farthest_m = torch.where(vertices_m[..., 2] > 0, vertices_m[..., 2], 0).amax(1)
    assert (farthest_m < joints_m[..., 2].amin(1) - 0.015).all()
    assert not sample_solids(uniform, joints_m, OccluderConfig(share=0.0)).present.any()


def test_another_hand_is_another_persons_and_stands_before_the_hand(hand_model: HandModel) -> None:
    config = SceneConfig(look="photographic", size_px=16, occlusion=OccluderConfig(hand_share=0.7))
    indices = list(range(24))
    scene, _ = sample_scenes(hand_model, config, 0, indices)
    other = scene.others[0]
    drawn = other.camera_from_hand[:, 2, 3] > 0
    assert 0.2 < drawn.float().mean() <= 0.7
    nearest_m, farthest_m = (
        (points_m @ each.camera_from_hand[:, :3, :3].mT + each.camera_from_hand[:, None, :3, 3])[..., 2]
        for points_m, each in ((scene.mesh.keypoints_m, scene), (other.mesh.vertices_m, other))
    )
    assert (farthest_m.amax(1) < nearest_m.amin(1) - 0.02)[drawn].all()
    middles = [
        (each.mesh.keypoints_m @ each.camera_from_hand[:, :3, :3].mT + each.camera_from_hand[:, None, :3, 3]).mean(1)
        for each in (scene, other)
    ]
    apart_px = torch.stack([scene.camera.pixels_from_camera(each[:, None])[:, 0] for each in middles]).diff(dim=0)[0]
    assert apart_px[drawn].norm(dim=-1).mean() > 0.2 * 16  # beside each other more than over each other
    assert not torch.equal(other.skin.tone, scene.skin.tone)
    assert not set(other.texture_seeds) & set(scene.texture_seeds)
    alone, _ = sample_scenes(hand_model, config, 0, [9])
    torch.testing.assert_close(alone.others[0].camera_from_hand[0], other.camera_from_hand[9], atol=1e-5, rtol=0)


def test_another_hand_reaches_in_from_the_side_where_less_of_the_hand_is(hand_model: HandModel) -> None:
    uniform = torch.rand(100, OTHER_PLACE_UNIFORMS, generator=torch.Generator().manual_seed(0))
    mesh = sample_scenes(hand_model, SceneConfig(size_px=8), 0, list(range(100)))[0].mesh
    hidden_m = 0.1 * torch.rand(100, 21, 3, generator=torch.Generator().manual_seed(1)) + torch.tensor([0.0, 0.0, 0.9])
    transform = place_before(uniform, mesh, hidden_m, share=1.0)
    own_m = mesh.keypoints_m @ transform[:, :3, :3].mT + transform[:, None, :3, 3]
    rows, touching, aimed = torch.arange(100), (21 * uniform[:, 0]).long(), (21 * uniform[:, 5]).long()
    away_m, hidden_away_m = own_m.mean(1) - own_m[rows, touching], hidden_m.mean(1) - hidden_m[rows, aimed]
    assert (transform[:, 2, 3] > 0).all()
    assert ((away_m * hidden_away_m)[:, :2].sum(1) < 1e-7).all()
    torch.testing.assert_close(torch.linalg.det(transform), torch.ones(100))


def test_shares_out_of_range_are_refused() -> None:
    for name in ("share", "hand_share"):
        with pytest.raises(HandcraftError, match=f"`{name}` to be within 0 and 1, but got 1.5"):
            OccluderConfig(**{name: 1.5})
