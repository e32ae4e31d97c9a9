# SPDX-License-Identifier: Apache-2.0
"""Laws of moving hands."""

import dataclasses

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.geometry import axis_angle_from_rotation
from handcraft.hand.motion import PoseFlowConfig
from handcraft.hand.pose_library import PoseLibrary
from handcraft.hand.poses import touching
from handcraft.scene import MotionConfig, SceneConfig, SequenceConfig, load_library, sample_sequences
from handcraft.scene.opening import open_smoothly
from handcraft.scene.sequences import CameraPath
from handcraft.scene.spreading import spread
from handcraft.scene.travelling import travelling_backdrops

SCENES = SceneConfig(look="photographic", size_px=40)
CONFIG = SequenceConfig(SCENES, 6, MotionConfig(sampled_poses=60))


@pytest.fixture(scope="module")
def library(hand_model):
    return load_library(hand_model, CONFIG)


@pytest.fixture(scope="module")
def drawn(hand_model, library):
    return sample_sequences(hand_model, library, CONFIG, 3, range(18))


def steps(values):
    """Differences between the frames of each sequence."""
    by_sequence = values.unflatten(0, (-1, CONFIG.frames))
    return by_sequence[:, 1:] - by_sequence[:, :-1]


def test_a_frame_alone_equals_the_frame_in_its_sequence(hand_model, library, drawn):
    scene, hands = drawn
    alone, hand = sample_sequences(hand_model, library, CONFIG, 3, [8])
    torch.testing.assert_close(alone.mesh.vertices_m[0], scene.mesh.vertices_m[8], atol=1e-6, rtol=0)
    torch.testing.assert_close(alone.camera_from_hand[0], scene.camera_from_hand[8], atol=1e-5, rtol=0)
    torch.testing.assert_close(alone.backdrop[0], scene.backdrop[8], atol=1e-5, rtol=0)
    torch.testing.assert_close(hand.angles_rad[0], hands.angles_rad[8])
    assert hand.people == (1,)


def test_identity_side_skin_and_light_stay_and_pose_camera_and_backdrop_move(drawn):
    scene, hands = drawn
    assert hands.people == (0,) * 6 + (1,) * 6 + (2,) * 6
    assert scene.texture_seeds == hands.people
    for constant in (hands.shape, scene.skin.tone, scene.skin.monk, scene.lights.directions,
                     scene.mesh.is_left.float()):  # fmt: skip
        assert (steps(constant) == 0).all()
        assert len(constant.unique(dim=0)) in (1, 2, 3)
    assert len(hands.shape.unique(dim=0)) == 3
    for moving in (hands.angles_rad, scene.camera_from_hand, scene.backdrop):
        assert (steps(moving).flatten(2).abs().amax(-1) > 1e-4).all()


def test_motion_is_smooth(drawn):
    """No keypoint jumps: between two frames it moves a few centimetres at most, as seen by the camera."""
    scene, _ = drawn
    rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
    joints_m = scene.mesh.keypoints_m @ rotation.transpose(-1, -2) + offset
    assert steps(joints_m).norm(dim=-1).max() < 0.06
    assert steps(joints_m).diff(dim=1).norm(dim=-1).max() < 0.03


def test_cameras_turn_at_constant_speed_from_one_placement_to_the_other(library, drawn):
    keypoints_m, is_left = drawn[0].mesh.keypoints_m, drawn[0].mesh.is_left
    whole = dataclasses.replace(CONFIG, motion=dataclasses.replace(CONFIG.motion, camera_share=1.0))
    path = CameraPath.sampled(whole, 3, [0, 1, 2], keypoints_m[::6], keypoints_m[5::6], is_left[::6])
    rows = torch.arange(3)
    for share, end in ((0.0, path.start), (1.0, path.end)):
        reached = path.at(rows, torch.full((3,), share))
        torch.testing.assert_close(reached.camera_from_hand, end.camera_from_hand, atol=1e-5, rtol=0)
        torch.testing.assert_close(reached.scale, end.scale)
    turned = torch.stack([path.at(rows, torch.full((3,), share)).rotation for share in (0.0, 0.25, 0.5, 0.75, 1.0)])
    each = axis_angle_from_rotation(turned[:-1].transpose(-1, -2) @ turned[1:]).norm(dim=-1)
    torch.testing.assert_close(each, each[:1].expand_as(each), atol=1e-3, rtol=0)
    torch.testing.assert_close(
        each.sum(0), axis_angle_from_rotation(path.start.rotation.transpose(-1, -2) @ path.end.rotation).norm(dim=-1),
        atol=1e-3, rtol=0,
    )  # fmt: skip


def test_the_hands_middle_goes_along_a_line(drawn):
    """A hand that turns over keeps its place in the picture: it turns about its middle, not about its wrist."""
    keypoints_m, is_left = drawn[0].mesh.keypoints_m[:1], drawn[0].mesh.is_left[:1]
    path = CameraPath.sampled(CONFIG, 3, [0], keypoints_m, keypoints_m, is_left)
    middle_m = 0.5 * (keypoints_m.amin(1) + keypoints_m.amax(1))
    share = torch.linspace(0, 1, 5)
    placement = path.at(torch.zeros(5, dtype=torch.long), share)
    seen_m = (placement.rotation @ middle_m[0]) + placement.position_m
    torch.testing.assert_close(seen_m.diff(dim=0), seen_m.diff(dim=0)[:1].expand(4, 3), atol=1e-5, rtol=0)


def test_owners_see_their_share_of_sequences(hand_model, library):
    """An owner's fingers point away and up, in any view of the others."""
    config = dataclasses.replace(CONFIG, motion=dataclasses.replace(CONFIG.motion, egocentric_share=0.5))
    scene, _ = sample_sequences(hand_model, library, config, 3, range(0, 240, 6))
    plain, _ = sample_sequences(hand_model, library, CONFIG, 3, range(0, 240, 6))
    same = (scene.camera_from_hand == plain.camera_from_hand).flatten(1).all(1)
    assert 0.3 < same.float().mean() < 0.7
    assert (scene.camera_from_hand[~same, 1, 1] < 0).all()


def test_a_library_is_the_same_for_every_seed_and_can_be_a_file(hand_model, library, tmp_path):
    library.save(tmp_path / "poses.safetensors")
    from_file = dataclasses.replace(CONFIG.motion, library=tmp_path / "poses.safetensors")
    read = load_library(hand_model, dataclasses.replace(CONFIG, motion=from_file))
    assert torch.equal(read.angles_rad, library.angles_rad)
    assert torch.equal(load_library(hand_model, CONFIG).angles_rad, library.angles_rad)


def test_projected_poses_are_the_librarys_but_for_the_wrist(hand_model, library):
    carried = dataclasses.replace(CONFIG, motion=MotionConfig(PoseFlowConfig("carry"), sampled_poses=60))
    _, hands = sample_sequences(hand_model, library, carried, 3, range(12))
    for angles_rad in hands.angles_rad:
        assert (library.angles_rad[:, 2:] == angles_rad[2:]).all(1).any()
    assert len(hands.angles_rad[:, :2].unique(dim=0)) == 12


def test_touching_frames_open_and_their_neighbours_with_them(hand_model, library):
    shaped = hand_model.with_shape(torch.full((2, 6), 0.5))
    free, fist = torch.zeros(22), library.angles_rad[0].clone()
    fist[2:] = 1.3
    angles_rad = torch.stack([free.expand(9, 22), torch.lerp(free, fist, torch.linspace(0, 1, 9)[:, None])])
    opened = open_smoothly(shaped, angles_rad)
    assert touching(shaped.select(torch.ones(9, dtype=torch.long)), angles_rad[1]).any()
    assert not touching(shaped.select(torch.ones(9, dtype=torch.long)), opened[1]).any()
    assert torch.equal(opened[0], angles_rad[0])
    closing = opened[1, :, 10] / angles_rad[1, :, 10].clamp_min(1e-9)
    ratio = closing[2:] / closing[1:-1]
    assert ((ratio > 0.78**0.51) & (ratio < 0.78**-0.51)).all()


def test_a_window_slides_evenly_over_one_picture():
    """Half a pixel of motion is half a pixel: neighbours average."""
    rows, gone = torch.zeros(3, dtype=torch.long), torch.tensor([0.0, 0.5, 1.0])
    first, middle, last = travelling_backdrops(SCENES, 3, [7], rows, gone)
    assert first.shape == (3, 40, 40)
    assert not torch.equal(first, middle)
    again = travelling_backdrops(SCENES, 3, [5, 7], rows + 1, gone)
    torch.testing.assert_close(again[2], last, atol=1e-5, rtol=0)
    assert len(travelling_backdrops(SceneConfig(size_px=40), 3, [7], rows, gone).unique()) == 1


def test_spreading_takes_rows_of_everything_but_the_topology(drawn):
    scene = drawn[0]
    rows = torch.tensor([4, 4, 0])
    chosen = spread(scene, rows)
    assert torch.equal(chosen.mesh.vertices_m, scene.mesh.vertices_m[rows])
    assert torch.equal(chosen.skin.tone, scene.skin.tone[rows])
    assert torch.equal(chosen.camera.intrinsics, scene.camera.intrinsics[rows])
    assert chosen.texture_seeds == (scene.texture_seeds[4], scene.texture_seeds[4], scene.texture_seeds[0])
    assert chosen.mesh.topology is scene.mesh.topology


def test_configurations_that_make_no_sense_are_refused():
    for options, words in (
        ({"camera_share": 1.5}, "`camera_share` to be within 0 and 1"),
        ({"backdrop_share": -0.1}, "`backdrop_share` to be within 0 and 1"),
        ({"egocentric_share": 2.0}, "`egocentric_share` to be within 0 and 1"),
        ({"sampled_poses": 1}, "`sampled_poses` to be at least 2"),
    ):
        with pytest.raises(HandcraftError, match=words):
            MotionConfig(**options)
    with pytest.raises(HandcraftError, match="`frames` to be at least 2"):
        SequenceConfig(frames=1)
    with pytest.raises(HandcraftError, match="`alpha` to be at most the 2 frames"):
        SequenceConfig(frames=2, motion=MotionConfig(PoseFlowConfig("carry", alpha=2.5)))


def test_a_library_of_two_poses_has_flows(hand_model):
    tiny = PoseLibrary.sampled(hand_model, 2, seed=4)
    _, hands = sample_sequences(hand_model, tiny, CONFIG, 9, range(0, 60, 6))
    assert set(hands.people) == set(range(10))
