# SPDX-License-Identifier: Apache-2.0
"""Laws of what hides a hand, and of weak perspective in pictures: depth decides."""

import dataclasses

import pytest
import torch

from handcraft.geometry import Camera, rotation_about
from handcraft.geometry.rotations import Y_AXIS
from handcraft.hand import HandModel
from handcraft.hand.skeleton import FOREARM_ID, OCCLUDER_ID
from handcraft.render import Renderer, Rendering
from handcraft.render.renderer import hidden_by_others
from handcraft.scene import Scene, SceneConfig, sample_scenes
from handcraft.scene.occluders import SolidKind, Solids
from handcraft.scene.placement import PlacementConfig

INDICES = list(range(4))
PLATE_M = 0.1
"""Depth of the plate's front."""


@pytest.fixture(scope="module")
def scene(hand_model: HandModel) -> Scene:
    placement = PlacementConfig(fill=(0.5, 0.6))
    return sample_scenes(hand_model, SceneConfig(size_px=64, placement=placement), 5, INDICES)[0]


@pytest.fixture(scope="module")
def free(hand_model: HandModel, scene: Scene) -> Rendering:
    return Renderer(hand_model).render(scene)


def plates(scene: Scene, *, right_px: float, depth_m: float = PLATE_M) -> Solids:
    """Upright plates before each hand, from the left border to column ``right_px``."""
    count = len(INDICES)
    focal_px = scene.camera.intrinsics[:, 0, 0]
    right_m = (right_px - 32) * depth_m / focal_px
    transform = torch.eye(4).repeat(count, 1, 1, 1)
    transform[..., 0, 3], transform[..., 2, 3] = (right_m - 0.5)[:, None], depth_m + 0.001
    grey = torch.full((count, 1, 3), 0.5)
    return Solids(
        torch.full((count, 1), int(SolidKind.BOX)), torch.ones(count, 1, dtype=torch.bool), transform,
        torch.tensor([0.5, 0.5, 0.001]).expand(count, 1, 3), grey, grey, torch.full((count, 1), 0.01),
    )  # fmt: skip


def test_a_plate_hides_exactly_the_pixels_it_covers_in_every_label(
    hand_model: HandModel, scene: Scene, free: Rendering
) -> None:
    seen = Renderer(hand_model).render(dataclasses.replace(scene, solids=plates(scene, right_px=30.2)))
    behind = torch.arange(64) < 30  # whose centres lie behind the plate
    assert torch.equal(seen.mask, free.mask & ~behind)
    assert (free.mask & behind).any()
    assert (seen.parts[..., behind] == OCCLUDER_ID).all()
    assert torch.equal(seen.parts[..., ~behind], free.parts[..., ~behind])
    torch.testing.assert_close(seen.depth_m[..., behind], torch.full((4, 64, 30), PLATE_M), atol=1e-6, rtol=0)
    assert torch.equal(seen.depth_m[..., ~behind], free.depth_m[..., ~behind])
    torch.testing.assert_close(
        seen.normals[..., behind], torch.tensor([0.0, 0.0, -1.0])[:, None, None].expand(4, 3, 64, 30)
    )
    assert torch.equal(seen.normals[..., ~behind], free.normals[..., ~behind])
    whole = torch.arange(64) > 30  # no position of theirs is behind it
    assert (seen.coverage[..., behind] == 0).all()
    torch.testing.assert_close(seen.colour[..., whole], free.colour[..., whole])
    torch.testing.assert_close(seen.coverage[..., whole], free.coverage[..., whole])


def test_a_keypoint_behind_a_plate_is_invisible_and_its_place_is_known_all_the_same(
    hand_model: HandModel, scene: Scene, free: Rendering
) -> None:
    seen = Renderer(hand_model).render(dataclasses.replace(scene, solids=plates(scene, right_px=30.2)))
    assert torch.equal(seen.visible, free.visible & (free.keypoints_px[..., 0] >= 30))
    assert (free.visible & ~seen.visible).any()
    assert torch.equal(seen.keypoints_px, free.keypoints_px)


def test_a_keypoint_is_hidden_by_what_is_not_its_own_flesh_however_near() -> None:
    """10 mm before a keypoint its own skin hides nothing, and an object does; behind it neither does."""
    joints_m, keypoints_px = torch.tensor([0.0, 0.0, 0.5]).expand(2, 21, 3), torch.full((2, 21, 2), 3.5)
    own, object_ = torch.ones(2, 8, 8, dtype=torch.uint8), torch.full((2, 8, 8), OCCLUDER_ID, dtype=torch.uint8)
    nearer_m, farther_m = torch.full((2, 8, 8), 0.49), torch.full((2, 8, 8), 0.51)
    assert hidden_by_others(joints_m, keypoints_px, nearer_m, object_).all()
    assert not hidden_by_others(joints_m, keypoints_px, farther_m, object_).any()
    assert not hidden_by_others(joints_m, keypoints_px, nearer_m, own).any()


def test_keypoints_close_behind_a_plate_are_invisible_in_renderings(
    hand_model: HandModel, scene: Scene, free: Rendering
) -> None:
    close = plates(scene, right_px=70.0)
    close.camera_from_solid[:, 0, 2, 3] = free.joints_m[..., 2].amin(1) - 0.002
    seen = Renderer(hand_model).render(dataclasses.replace(scene, solids=close))
    column, row = free.keypoints_px.floor().long().clamp(0, 63).unbind(-1)
    covered = seen.parts[torch.arange(4)[:, None], row, column] == OCCLUDER_ID
    assert (covered & free.visible).any()
    assert not (covered & seen.visible).any()


def test_what_stands_behind_the_hand_hides_nothing_of_it(hand_model: HandModel, scene: Scene, free: Rendering) -> None:
    seen = Renderer(hand_model).render(dataclasses.replace(scene, solids=plates(scene, right_px=70.0, depth_m=3.0)))
    assert torch.equal(seen.mask, free.mask)
    assert torch.equal(seen.coverage, free.coverage)
    hand = free.parts > 0
    assert torch.equal(seen.parts[hand], free.parts[hand])
    assert (seen.parts[~hand] == OCCLUDER_ID).float().mean() > 0.1
    assert torch.equal(seen.depth_m[hand], free.depth_m[hand])


def test_a_plate_and_a_hand_share_a_pixel_by_how_much_of_it_each_covers(
    hand_model: HandModel, scene: Scene, free: Rendering
) -> None:
    """A column whose left half the plate covers: two of its four positions."""
    seen = Renderer(hand_model).render(dataclasses.replace(scene, solids=plates(scene, right_px=30.5)))
    inside = free.coverage[..., 30] == 1
    assert inside.any()
    torch.testing.assert_close(seen.coverage[..., 30][inside], torch.full((int(inside.sum()),), 0.5))


def test_another_hand_hides_and_is_hidden_by_depth(hand_model: HandModel, scene: Scene, free: Rendering) -> None:
    """Each of two hands is the other's other hand: what one picture has of one, the other picture lacks."""
    moved = scene.camera_from_hand.clone()
    moved[:, 0, 3] += 0.03
    moved[:, 2, 3] -= 0.02
    other = dataclasses.replace(scene, camera_from_hand=moved, mesh=scene.mesh.mirror_where(torch.ones(4).bool()))
    first, second = (
        Renderer(hand_model).render(dataclasses.replace(one, others=(two,)))
        for one, two in ((scene, other), (other, scene))
    )
    assert torch.equal(first.depth_m, second.depth_m)
    torch.testing.assert_close(first.colour, second.colour, atol=1e-5, rtol=0)
    alone = Renderer(hand_model).render(other)
    nearer = (alone.depth_m > 0) & ((free.depth_m == 0) | (alone.depth_m < free.depth_m))
    assert torch.equal(first.parts == OCCLUDER_ID, nearer)
    assert torch.equal(second.parts == OCCLUDER_ID, (free.parts > 0) & ~nearer)
    assert 0.1 < nearer[free.mask].float().mean() < 0.9


def test_without_forearms_everything_else_stays(hand_model: HandModel, scene: Scene, free: Rendering) -> None:
    bare = Renderer(hand_model).render(dataclasses.replace(scene, forearm=False))
    assert not (bare.parts == FOREARM_ID).any()
    hand = free.mask
    assert torch.equal(bare.parts[hand], free.parts[hand])
    assert torch.equal(bare.depth_m[hand], free.depth_m[hand])
    assert (bare.mask & ~hand).float().mean() < 0.01  # what the forearm had hidden


def far_away(scene: Scene, times: float) -> Scene:
    """The hands so many times farther away before cameras that zoom in as much."""
    moved = scene.camera_from_hand.clone()
    moved[:, :2, 3], moved[:, 2, 3] = moved[:, :2, 3], moved[:, 2, 3] * times
    focal_px = scene.camera.intrinsics[:, 0, 0] * times
    return dataclasses.replace(scene, camera_from_hand=moved, camera=Camera.from_focal_length(focal_px, 64, 64))


def test_pictures_of_far_pinhole_cameras_become_those_of_weak_perspective(hand_model: HandModel, scene: Scene) -> None:
    wrist_m = scene.camera_from_hand[:, 2, 3]
    flat_camera = scene.camera.weak_perspective_at(wrist_m)
    flat = Renderer(hand_model).render(dataclasses.replace(scene, camera=flat_camera))
    gaps_px, differing, off_colour = [], [], []
    for times in (1.0, 4.0, 16.0):
        seen = Renderer(hand_model).render(far_away(scene, times))
        gaps_px.append(float((seen.keypoints_px - flat.keypoints_px).norm(dim=-1).max()))
        differing.append(float((seen.parts != flat.parts).float().mean()))
        off_colour.append(float((seen.colour - flat.colour).abs().mean()))
    assert gaps_px[1] == pytest.approx(gaps_px[0] / 4, rel=0.4)
    assert gaps_px[2] == pytest.approx(gaps_px[1] / 4, rel=0.2)
    assert differing[2] < 0.3 * differing[0]
    assert off_colour[2] < 0.3 * off_colour[0]
    relief_m = seen.depth_m - (16 - 1) * wrist_m[:, None, None]
    both = (seen.parts == flat.parts) & (flat.parts > 0)
    assert (relief_m - flat.depth_m)[both].abs().quantile(0.9) < 0.002


def test_depth_in_weak_perspective_is_that_of_the_triangle_straight_ahead(hand_model: HandModel, scene: Scene) -> None:
    flat_camera = scene.camera.weak_perspective_at(scene.camera_from_hand[:, 2, 3])
    seen = Renderer(hand_model).render(dataclasses.replace(scene, camera=flat_camera))
    rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
    corners = (scene.mesh.vertices_m @ rotation.mT + offset).double()[:, scene.mesh.topology.faces]
    places = flat_camera.pixels_from_camera(corners[0, :, :, :].flatten(0, 1).float()[None].expand(4, -1, -1))[0]
    a, b, c = places.double().view(-1, 3, 2).unbind(1)
    covered = (seen.depth_m[0] > 0).nonzero()[::7]
    points = covered.flip(-1).double() + 0.5
    cross = lambda u, v: u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]  # noqa: E731
    whole = cross(b - a, c - a)
    second = cross(points[:, None] - a, (c - a)[None]) / whole
    third = cross((b - a)[None], points[:, None] - a) / whole
    inside = (second >= 0) & (third >= 0) & (second + third <= 1)
    z = corners[0, ..., 2]
    depth_m = z[:, 0] * (1 - second - third) + z[:, 1] * second + z[:, 2] * third
    nearest_m = torch.where(inside, depth_m, torch.inf).amin(1)
    seen_m = seen.depth_m[0][covered[:, 0], covered[:, 1]].double()
    weights = torch.stack([second, third, 1 - second - third])
    clear = ~(weights.abs() < 1e-3).any(0).any(1)  # an edge may round the other way
    assert clear.sum() > 20
    assert (nearest_m - seen_m)[clear].abs().max() < 1e-4


def test_depth_on_a_slanting_plate_is_linear_in_a_weak_perspective_picture(hand_model: HandModel, scene: Scene) -> None:
    """Wide triangles, turned by 60 degrees: what a pinhole's interpolation would bend most."""
    behind = scene.camera_from_hand.clone()
    behind[:, 2, 3] = -10
    transform = scene.solids.camera_from_solid.new_zeros(4, 1, 4, 4) + torch.eye(4)
    transform[..., :3, :3] = rotation_about(Y_AXIS, torch.tensor(torch.pi / 3))
    transform[..., 2, 3] = 0.5
    grey = torch.full((4, 1, 3), 0.5)
    plate = Solids(
        torch.full((4, 1), int(SolidKind.BOX)), torch.ones(4, 1).bool(), transform,
        torch.tensor([0.1, 0.1, 0.001]).expand(4, 1, 3), grey, grey, torch.full((4, 1), 0.01),
    )  # fmt: skip
    flat = Camera.from_scale(torch.full((4,), 300.0), 64, 64)
    seen = (
        Renderer(hand_model)
        .render(dataclasses.replace(scene, camera=flat, camera_from_hand=behind, solids=plate))
        .depth_m[:, 32, 22:42]
    )
    slope_m = -torch.tan(torch.tensor(torch.pi / 3)) / 300
    torch.testing.assert_close(seen.diff(dim=-1), slope_m.expand(4, 19), atol=1.2e-5, rtol=0)
