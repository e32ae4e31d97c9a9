# SPDX-License-Identifier: Apache-2.0
"""Laws of sampled scenes."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.hand import HandModel
from handcraft.scene import SceneConfig, sample_hands, sample_scenes
from handcraft.scene.backdrop import sample_backdrops
from handcraft.scene.lights import sample_lights
from handcraft.scene.placement import (
    CAMERA_FROM_DORSAL,
    PLACEMENT_UNIFORMS,
    PlacementConfig,
    camera_rotation,
    sample_placement,
)
from handcraft.scene.skin import MONK_SRGB, sample_skin


def uniform(count: int, columns: int) -> torch.Tensor:
    return torch.rand(count, columns, generator=torch.Generator().manual_seed(0))


def test_a_sample_depends_on_seed_and_index_only(hand_model: HandModel) -> None:
    config = SceneConfig(look="photographic", size_px=32)
    together, hands = sample_scenes(hand_model, config, 3, [4, 9, 17])
    alone, hand = sample_scenes(hand_model, config, 3, [9])
    torch.testing.assert_close(alone.mesh.vertices_m[0], together.mesh.vertices_m[1], atol=1e-6, rtol=0)
    torch.testing.assert_close(alone.camera_from_hand[0], together.camera_from_hand[1], atol=1e-5, rtol=0)
    assert torch.equal(alone.backdrop[0], together.backdrop[1])
    assert torch.equal(alone.skin.tone[0], together.skin.tone[1])
    assert hand.people[0] == hands.people[1]
    other, _ = sample_scenes(hand_model, config, 4, [9])
    assert not torch.allclose(alone.backdrop, other.backdrop)


def test_frames_of_one_person_share_shape_and_skin_but_not_pose(hand_model: HandModel) -> None:
    config = SceneConfig(look="photographic", size_px=32, frames_per_person=4)
    scene, hands = sample_scenes(hand_model, config, 0, list(range(8)))
    assert hands.people == (0, 0, 0, 0, 1, 1, 1, 1)
    assert torch.equal(hands.phenotypes[0], hands.phenotypes[3])
    assert torch.equal(scene.skin.tone[0], scene.skin.tone[3])
    assert not torch.equal(hands.phenotypes[0], hands.phenotypes[4])
    assert not torch.equal(hands.angles_rad[0], hands.angles_rad[1])


def test_both_sides_appear_in_their_share(hand_model: HandModel) -> None:
    indices = list(range(200))
    share = sample_hands(hand_model, SceneConfig(left_share=0.25), 0, indices).mesh.is_left.float().mean()
    assert 0.15 < share < 0.35
    assert not sample_hands(hand_model, SceneConfig(left_share=0.0), 0, indices).mesh.is_left.any()


def test_a_right_hand_shows_its_back_with_the_thumb_on_the_left() -> None:
    camera_from_hand = torch.tensor(CAMERA_FROM_DORSAL)
    towards_thumb, distal, dorsal = (
        camera_from_hand @ torch.eye(3)[2],
        camera_from_hand @ torch.eye(3)[1],
        camera_from_hand[:, 0],
    )
    assert towards_thumb.tolist() == [-1, 0, 0]
    assert distal.tolist() == [0, -1, 0]  # up the image
    assert dorsal.tolist() == [0, 0, -1]  # towards the camera
    torch.testing.assert_close(torch.linalg.det(camera_from_hand), torch.tensor(1.0))


def test_rotations_are_proper_and_the_roll_goes_all_the_way_round() -> None:
    rotations = camera_rotation(uniform(500, PLACEMENT_UNIFORMS), PlacementConfig())
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(500))
    distal = rotations[:, :2, 1]
    quadrants = (distal > 0).long() @ torch.tensor([1, 2])
    assert torch.bincount(quadrants, minlength=4).min() > 80
    upright = camera_rotation(uniform(500, PLACEMENT_UNIFORMS), PlacementConfig(roll_deg=0.0, tilt_deg=5.0))
    assert (upright[:, 1, 1] < -0.9).all()


def test_hands_are_in_the_picture_at_the_size_asked_for(hand_model: HandModel) -> None:
    keypoints_m = sample_hands(hand_model, SceneConfig(), 0, list(range(200))).mesh.keypoints_m
    config = PlacementConfig()
    camera_from_hand, camera = sample_placement(uniform(200, PLACEMENT_UNIFORMS), keypoints_m, 100, 100, config)
    points_m = keypoints_m @ camera_from_hand[:, :3, :3].transpose(-1, -2) + camera_from_hand[:, None, :3, 3]
    pixels = camera.pixels_from_camera(points_m)
    inside = ((pixels > 0) & (pixels < 100)).all(-1)
    assert inside.float().mean() > 0.97
    assert (points_m[..., 2] > 0.1).all()


def test_skin_covers_the_human_range_and_palms_are_lighter_than_dark_backs() -> None:
    skin = sample_skin(uniform(2000, 10))
    lightness = skin.tone.mean(1)
    scale = torch.tensor(MONK_SRGB).float().mean(1)
    assert lightness.max() / lightness.min() > 15
    assert scale.tolist() == sorted(scale.tolist(), reverse=True) or scale[0] > scale[-1]
    dark = lightness < lightness.quantile(0.3)
    assert (skin.palm_tone[dark].mean(1) > 1.3 * lightness[dark]).all()
    assert (skin.tone[:, 0] >= skin.tone[:, 2]).float().mean() > 0.95  # skin is redder than it is blue
    assert ((skin.tone > 0) & (skin.tone < 1)).all()


def test_lamps_are_unit_directions_on_the_cameras_side() -> None:
    lights = sample_lights(uniform(100, 21))
    torch.testing.assert_close(lights.directions.norm(dim=-1), torch.ones(100, 3))
    assert (lights.directions[..., 2] < 0).all()
    assert (lights.colours > 0).all()
    assert lights.colours.std(dim=-1).mean() > 0.01  # coloured


def test_backdrops_differ_and_stay_in_range() -> None:
    backdrops = sample_backdrops(0, list(range(16)), 24, 40)
    assert backdrops.shape == (16, 3, 24, 40)
    assert backdrops.min() >= 0
    assert backdrops.max() <= 1
    assert backdrops.mean((1, 2, 3)).std() > 0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size_px": 4}, "`size_px` to be at least 8"),
        ({"left_share": 1.5}, "`left_share`"),
        ({"frames_per_person": 0}, "person"),
    ],
)
def test_configurations_without_meaning_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(HandcraftError, match=message):
        SceneConfig(**change)
