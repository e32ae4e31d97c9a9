# SPDX-License-Identifier: Apache-2.0
"""Laws of optical flow."""

import dataclasses

import pytest
import torch

from handcraft.geometry import Camera, rotation_from_axis_angle
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.render import Renderer
from handcraft.render.flow import SeenMesh, optical_flow
from handcraft.scene import SceneConfig, sample_scenes

SIZE = 128
PLANE_FACES = torch.tensor([[0, 1, 2], [0, 2, 3]])


def plane(z_m, slope=0.0):
    """A square that fills the picture, once straight and once turned away from the camera."""
    corners = torch.tensor([[-2.0, -2, 0], [2, -2, 0], [2, 2, 0], [-2, 2, 0]])
    corners[:, 2] = z_m + slope * corners[:, 0]
    return corners[None]


def camera(focal_px=60.0, projection="pinhole"):
    made = Camera.from_focal_length(torch.tensor([focal_px]), 24, 32)
    return dataclasses.replace(made, projection=projection)


def plane_depth(slope=0.0, focal_px=60.0):
    column = torch.arange(32) + 0.5
    return (1 / (1 - slope * (column - 16) / focal_px)).expand(1, 24, 32).contiguous()


def flow_of_plane(now_m, after_m, before=None, behind=None, depth_m=None):
    before = before or camera()
    depth_m = plane_depth() if depth_m is None else depth_m
    everywhere = torch.ones(1, 24, 32, dtype=torch.bool)
    return optical_flow(SeenMesh(now_m, before), SeenMesh(after_m, behind or before), PLANE_FACES, depth_m, everywhere)


def test_a_plane_moved_sideways_flows_evenly():
    flow = flow_of_plane(plane(1.0), plane(1.0) + torch.tensor([0.1, -0.05, 0.0]))
    expected = torch.tensor([6.0, -3.0])[:, None, None].expand(2, 24, 32)
    torch.testing.assert_close(flow[0], expected, atol=1e-4, rtol=0)


def test_a_plane_that_comes_nearer_flows_away_from_the_middle():
    flow = flow_of_plane(plane(1.0), plane(0.5))[0]
    rows, columns = torch.meshgrid(torch.arange(24) + 0.5, torch.arange(32) + 0.5, indexing="ij")
    torch.testing.assert_close(flow, torch.stack([columns - 16, rows - 12]), atol=1e-3, rtol=0)


def test_a_turned_plane_flows_as_its_depth_says():
    """Pixels of a slanted plane are not evenly spaced on it: weights must be those of the plane, not of the image."""
    flow = flow_of_plane(plane(1.0, 0.3), plane(1.0, 0.3) + torch.tensor([0.1, 0.0, 0.0]), depth_m=plane_depth(0.3))
    torch.testing.assert_close(flow[0, 0], 60 * 0.1 / plane_depth(0.3)[0], atol=1e-3, rtol=0)
    torch.testing.assert_close(flow[0, 1], torch.zeros(24, 32), atol=1e-3, rtol=0)


def test_a_weak_perspective_camera_sees_one_flow_at_all_depths():
    scaled = camera(projection="weak_perspective")
    moved = plane(1.0, 0.3) + torch.tensor([0.1, 0.05, 0.7])
    depth_m = 1 + 0.3 * ((torch.arange(32) + 0.5 - 16) / 60).expand(1, 24, 32)
    flow = flow_of_plane(plane(1.0, 0.3), moved, before=scaled, depth_m=depth_m.contiguous())
    torch.testing.assert_close(flow[0], torch.tensor([6.0, 3.0])[:, None, None].expand(2, 24, 32), atol=1e-4, rtol=0)


def test_a_zooming_camera_is_seen_in_the_flow():
    flow = flow_of_plane(plane(1.0), plane(1.0), behind=camera(120.0))[0]
    torch.testing.assert_close(flow[0, 0], torch.arange(32) + 0.5 - 16, atol=1e-3, rtol=0)


def test_of_two_surfaces_the_one_that_is_seen_counts():
    """A near plane that moves right before a far one that moves left; the depth image tells where each is seen."""
    faces = torch.cat([PLANE_FACES, PLANE_FACES + 4])
    now = torch.cat([plane(1.0), plane(2.0)], dim=1)
    after = torch.cat([plane(1.0) + torch.tensor([0.1, 0, 0]), plane(2.0) - torch.tensor([0.1, 0, 0])], dim=1)
    depth_m = torch.ones(1, 24, 32)
    depth_m[..., 16:] = 2.0
    covered = torch.ones(1, 24, 32, dtype=torch.bool)
    covered[:, :3] = False
    flow = optical_flow(SeenMesh(now, camera()), SeenMesh(after, camera()), faces, depth_m, covered)[0]
    torch.testing.assert_close(flow[0, 3:, :16], torch.full((21, 16), 6.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(flow[0, 3:, 16:], torch.full((21, 16), -3.0), atol=1e-4, rtol=0)
    assert not flow[:, :3].any()


def test_what_will_be_behind_the_camera_has_no_flow():
    assert not flow_of_plane(plane(1.0), plane(-1.0)).any()


@pytest.fixture(scope="module")
def moving(hand_model):
    """Eight hands, and the same hands bent and turned a little."""
    scene, hands = sample_scenes(hand_model, SceneConfig(size_px=SIZE, left_share=0.5), 8, range(8))
    shaped = hand_model.with_shape(hands.shape)
    mesh = shaped.with_pose(hands.angles_rad + 0.08).skin().mirror_where(hands.mesh.is_left)
    turned = scene.camera_from_hand.clone()
    turned[:, :3, :3] = rotation_from_axis_angle(torch.tensor([0.05, -0.1, 0.08])) @ turned[:, :3, :3]
    turned[:, 0, 3] += 0.01
    after = dataclasses.replace(scene, mesh=mesh, camera_from_hand=turned)
    now_seen, after_seen = Renderer(hand_model).render(scene), Renderer(hand_model).render(after)
    faces = hand_model.topology.faces
    flow = optical_flow(SeenMesh.of(scene), SeenMesh.of(after), faces, now_seen.depth_m, now_seen.parts > 0)
    return scene, after, now_seen, after_seen, flow


def at(image, points_px):
    """Values of (batch, channels, h, w) at (batch, points, 2), between pixel centres."""
    grid = points_px[:, :, None] * 2 / SIZE - 1
    return torch.nn.functional.grid_sample(image, grid, align_corners=False)[..., 0].transpose(1, 2)


def test_visible_vertices_are_carried_to_where_they_are_seen_next(moving):
    scene, after, seen, _, flow = moving
    now, then = SeenMesh.of(scene), SeenMesh.of(after)
    now_px = now.camera.pixels_from_camera(now.vertices_m)
    then_px = then.camera.pixels_from_camera(then.vertices_m)
    inner = torch.nn.functional.avg_pool2d((seen.parts > 0).float()[:, None], 5, 1, 2) == 1
    depth_m = at(seen.depth_m[:, None], now_px)[..., 0]
    visible = (at(inner.float(), now_px)[..., 0] == 1) & ((depth_m - now.vertices_m[..., 2]).abs() < 3e-4)
    error_px = (now_px + at(flow, now_px) - then_px).norm(dim=-1)[visible]
    assert visible.sum() > 400
    assert (then_px - now_px).norm(dim=-1)[visible].mean() > 3
    assert error_px.median() < 0.02
    assert error_px.quantile(0.99) < 0.5


def test_fingertips_are_carried_to_the_next_frames(moving):
    _, _, seen, seen_next, flow = moving
    tips = [index for index, name in enumerate(KEYPOINTS) if name.endswith("_tip")]
    now_px, then_px = seen.keypoints_px[:, tips], seen_next.keypoints_px[:, tips]
    column, row = now_px.clamp(0, SIZE - 1).floor().long().unbind(-1)
    frames = torch.arange(8)[:, None]
    depth_m = seen.depth_m[frames, row, column]
    # The label lies on a fingertip's skin: where that very spot faces the camera, the pixel shows it.
    shown = (depth_m > 0) & ((seen.joints_m[:, tips, 2] - depth_m).abs() < 1e-3)
    error_px = (now_px + flow[frames, :, row, column] - then_px).norm(dim=-1)[shown]
    assert shown.sum() >= 5
    assert error_px.max() < 0.5


def test_flow_is_where_the_hand_and_its_forearm_are(moving):
    _, _, seen, _, flow = moving
    assert torch.equal((flow != 0).any(1), seen.parts > 0)
