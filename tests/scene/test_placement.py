# SPDX-License-Identifier: Apache-2.0
"""Laws of where the hand is before the camera."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry import Camera
from handcraft.hand import KEYPOINTS, HandModel
from handcraft.scene import SceneConfig, sample_hands
from handcraft.scene.placement import (
    CAMERA_FROM_DORSAL,
    FOREARM_M,
    PLACEMENT_UNIFORMS,
    Placement,
    PlacementConfig,
    camera_rotation,
    egocentric_rotation,
    sample_placement,
)

DORSAL, DISTAL, THUMB = range(3)
SQUARE = PlacementConfig(roll_deg=0.0, turn_deg=0.0, tilt_deg=0.0)


def uniform(count: int = 1000) -> Tensor:
    return torch.rand(count, PLACEMENT_UNIFORMS, generator=torch.Generator().manual_seed(0))


def flat_hand_m(count: int, length_m: float = 0.19) -> Tensor:
    """All keypoints on the hand's long axis, from the wrist to the middle finger's tip."""
    keypoints_m = torch.zeros(count, 21, 3)
    keypoints_m[..., DISTAL] = 0.5 * length_m
    for name, share in {"wrist": 0.0, "middle_tip": 1.0}.items():
        keypoints_m[:, KEYPOINTS.index(name), DISTAL] = share * length_m
    return keypoints_m


def placed(keypoints_m: Tensor, config: PlacementConfig) -> tuple[Tensor, Camera]:
    """Keypoints in the camera's frame, in pictures of 200 x 100 pixels."""
    right = torch.zeros(len(keypoints_m), dtype=torch.bool)
    placement = sample_placement(uniform(len(keypoints_m)), keypoints_m, right, 100, 200, config)
    return in_camera(placement, keypoints_m), placement.camera(100, 200)


def in_camera(placement: Placement, points_m: Tensor) -> Tensor:
    return points_m @ placement.rotation.transpose(-1, -2) + placement.position_m[:, None]


def test_a_right_hand_shows_its_back_with_the_thumb_on_the_left() -> None:
    camera_from_hand = torch.tensor(CAMERA_FROM_DORSAL)
    assert camera_from_hand[:, DORSAL].tolist() == [0, 0, -1]  # towards the camera
    assert camera_from_hand[:, DISTAL].tolist() == [0, -1, 0]  # up the image
    assert camera_from_hand[:, THUMB].tolist() == [-1, 0, 0]
    torch.testing.assert_close(torch.linalg.det(camera_from_hand), torch.tensor(1.0))


def test_palm_and_back_are_shown_equally_often() -> None:
    rotations = camera_rotation(uniform(), SQUARE)
    torch.testing.assert_close(rotations[..., DISTAL], torch.tensor([0.0, -1.0, 0.0]).expand(1000, 3))
    torch.testing.assert_close(rotations[:, 2, DORSAL].abs(), torch.ones(1000))
    assert 0.45 < (rotations[:, 2, DORSAL] > 0).float().mean() < 0.55


def test_turning_goes_about_the_long_axis_and_tilting_towards_the_camera_as_far_as_asked_for() -> None:
    turned = camera_rotation(uniform(), dataclasses.replace(SQUARE, turn_deg=20.0, roll_deg=180.0))
    torch.testing.assert_close(turned[:, 2, DISTAL], torch.zeros(1000), atol=1e-6, rtol=0)
    turn_deg = torch.rad2deg(torch.asin(turned[:, 2, THUMB]))
    assert float(turn_deg.std()) == pytest.approx(20, rel=0.1)
    tilted = camera_rotation(uniform(), dataclasses.replace(SQUARE, tilt_deg=10.0))
    tilt_deg = torch.rad2deg(torch.asin(tilted[:, 2, DISTAL]))
    assert float(tilt_deg.std()) == pytest.approx(10, rel=0.1)
    torch.testing.assert_close(tilted[:, 2, THUMB], torch.zeros(1000), atol=1e-6, rtol=0)
    assert abs(float(torch.corrcoef(torch.stack([turn_deg.abs(), tilt_deg.abs()]))[0, 1])) < 0.1


def test_the_roll_stays_within_its_limit_and_goes_all_the_way_round() -> None:
    everywhere = camera_rotation(uniform(), PlacementConfig())
    torch.testing.assert_close(torch.linalg.det(everywhere), torch.ones(1000))
    quadrants = (everywhere[:, :2, DISTAL] > 0).long() @ torch.tensor([1, 2])
    assert torch.bincount(quadrants, minlength=4).min() > 160
    distal = camera_rotation(uniform(), dataclasses.replace(SQUARE, roll_deg=40.0))[:, :2, DISTAL]
    roll_deg = torch.rad2deg(torch.atan2(distal[:, 0], -distal[:, 1]))
    assert 38 < roll_deg.max() < 40.01
    assert -40.01 < roll_deg.min() < -38


@pytest.mark.parametrize("length_m", [0.16, 0.22])
def test_a_hand_seen_square_fills_the_share_of_the_width_that_was_asked_for(length_m: float) -> None:
    config = dataclasses.replace(SQUARE, fill=(0.3, 0.6))
    points_m, camera = placed(flat_hand_m(200, length_m), config)
    pixels = camera.pixels_from_camera(points_m)
    share = (pixels[:, KEYPOINTS.index("middle_tip")] - pixels[:, 0]).norm(dim=-1) / 200
    torch.testing.assert_close(share, 0.3 + 0.3 * uniform(200)[:, 5])


def test_a_curled_hand_keeps_the_scale_of_its_open_self_up_to_a_point() -> None:
    """A hand of half the length is shown no larger than one of three quarters."""
    config = dataclasses.replace(SQUARE, fill=(0.5, 0.5))
    short, curled = (placed(flat_hand_m(50, length_m), config)[0][:, 0, 2] for length_m in (0.75 * 0.19, 0.5 * 0.19))
    torch.testing.assert_close(short, curled)


def test_the_hands_middle_is_off_the_pictures_middle_by_a_quarter_of_the_slack_at_most() -> None:
    points_m, camera = placed(flat_hand_m(500), dataclasses.replace(SQUARE, fill=(0.6, 0.6)))
    middle_m = 0.5 * (points_m.amin(1) + points_m.amax(1))
    offset_px = camera.pixels_from_camera(middle_m[:, None])[:, 0] - torch.tensor([100.0, 50.0])
    limit_px = 0.25 * (1 - 0.6) * 200
    assert 0.95 * limit_px < offset_px.abs().max() < limit_px
    assert offset_px.mean(0).abs().max() < 0.1 * limit_px


def test_fields_of_view_go_from_25_to_50_degrees() -> None:
    numbers = uniform(2)
    numbers[:, 0] = torch.tensor([0.0, 1.0])
    placement = sample_placement(numbers, flat_hand_m(2), torch.zeros(2).bool(), 100, 200, PlacementConfig())
    camera = placement.camera(100, 200)
    half_angle_deg = torch.rad2deg(torch.atan(100 / camera.intrinsics[:, 0, 0]))
    torch.testing.assert_close(half_angle_deg, torch.tensor([12.5, 25.0]))


def test_nearly_all_keypoints_are_in_the_picture(hand_model: HandModel) -> None:
    mesh = sample_hands(hand_model, SceneConfig(), 0, list(range(200))).mesh
    placement = sample_placement(uniform(200), mesh.keypoints_m, mesh.is_left, 100, 100, PlacementConfig())
    points_m = in_camera(placement, mesh.keypoints_m)
    pixels = placement.camera(100, 100).pixels_from_camera(points_m)
    assert ((pixels > 0) & (pixels < 100)).all(-1).float().mean() > 0.97
    assert (points_m[..., 2] > 0.1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"roll_deg": 181.0}, "`roll_deg`"),
        ({"tilt_deg": -1.0}, "`tilt_deg`"),
        ({"fill": (0.8, 0.5)}, "`fill`"),
        ({"fill": (0.0, 0.5)}, "`fill`"),
        ({"reach_m": (0.1, 0.5)}, "`reach_m`"),
    ],
)
def test_placements_without_meaning_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(HandcraftError, match=message):
        PlacementConfig(**change)


EGOCENTRIC = PlacementConfig(view="egocentric")


@pytest.mark.parametrize("config", [PlacementConfig(), EGOCENTRIC], ids=["third person", "egocentric"])
def test_a_weak_perspective_camera_shows_the_hands_middle_where_and_as_large_as_a_pinhole_camera(
    config: PlacementConfig,
) -> None:
    keypoints_m, right = flat_hand_m(50), torch.zeros(50, dtype=torch.bool)
    flat_config = dataclasses.replace(config, camera="weak_perspective")
    pinhole, flat = (
        sample_placement(uniform(50), keypoints_m, right, 100, 200, each) for each in (config, flat_config)
    )
    assert torch.equal(pinhole.rotation, flat.rotation)
    middle_m = in_camera(flat, keypoints_m)[:, 1:2]
    depth_m = in_camera(pinhole, keypoints_m)[:, 1, 2]
    torch.testing.assert_close(flat.scale, pinhole.scale / depth_m)
    if config.view == "third_person":
        expected = pinhole.camera(100, 200).pixels_from_camera(in_camera(pinhole, keypoints_m)[:, 1:2])
        shown = flat.camera(100, 200).pixels_from_camera(middle_m)
        # the middle of the picture apart, a pinhole's hand stands on its own ray
        torch.testing.assert_close(shown, expected, atol=1e-3, rtol=0)


def test_owners_see_their_forearms_come_in_from_below_and_their_fingers_point_away() -> None:
    keypoints_m, right = flat_hand_m(1000), torch.zeros(1000, dtype=torch.bool)
    placement = sample_placement(uniform(), keypoints_m, right, 100, 100, EGOCENTRIC)
    assert (placement.rotation[:, 1, DISTAL] < 0).all()  # up the picture
    assert (placement.rotation[:, 2, DISTAL] > -1e-6).all()  # away from the camera
    assert placement.rotation[:, 2, DISTAL].mean() > 0.4
    assert (placement.rotation[:, 0, DISTAL] < 0).float().mean() > 0.8  # from the right arm's side
    end_m = in_camera(placement, torch.tensor([0.0, -FOREARM_M, 0.0]).expand(1000, 1, 3))
    seen = end_m[:, 0, 2] > 0.02
    end_px = placement.camera(100, 100).pixels_from_camera(end_m)[seen, 0]
    assert (end_px[:, 1] > 100).all()
    distance_m = in_camera(placement, keypoints_m)[:, 1, 2]
    assert 0.28 <= distance_m.min() < distance_m.max() < 0.551
    backs, thumbs, palms = (
        (placement.rotation[:, 2, axis] * sign > 0.6).float().mean()
        for axis, sign in ((DORSAL, -1), (THUMB, -1), (DORSAL, 1))
    )
    assert backs > palms > 0.03
    assert thumbs > 0.1


def test_an_owners_left_hand_is_the_mirror_image_of_the_right_one() -> None:
    numbers, keypoints_m = uniform(100), flat_hand_m(100)
    right, left = (
        sample_placement(numbers, keypoints_m, torch.full((100,), is_left), 100, 100, EGOCENTRIC)
        for is_left in (False, True)
    )
    point_m = torch.tensor([[[0.01, 0.05, 0.03]]]).expand(100, 1, 3)
    shown = in_camera(right, point_m) * torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(in_camera(left, point_m * torch.tensor([1.0, 1.0, -1.0])), shown)
    rotations = egocentric_rotation(numbers, torch.ones(100, dtype=torch.bool), EGOCENTRIC)
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(100))


def test_a_placement_moves_from_one_to_another_along_the_sphere_and_a_line() -> None:
    start, end = (
        Placement(camera_rotation(rows, PlacementConfig()), rows[:, 5:8], 1 + rows[:, 0])
        for rows in uniform(8).split(4)
    )
    nothing, all_of_it = torch.zeros(4), torch.ones(4)
    for share, expected in ((nothing, start), (all_of_it, end)):
        reached = start.towards(end, share)
        torch.testing.assert_close(reached.rotation, expected.rotation, atol=1e-5, rtol=0)
        torch.testing.assert_close(reached.position_m, expected.position_m)
        torch.testing.assert_close(reached.scale, expected.scale)
    half = start.towards(end, 0.5 * all_of_it)
    torch.testing.assert_close(half.rotation @ half.rotation.mT, torch.eye(3).expand(4, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(half.scale.square(), start.scale * end.scale)
    torch.testing.assert_close(half.camera_from_hand[:, :3, 3], 0.5 * (start.position_m + end.position_m))
