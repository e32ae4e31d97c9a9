# SPDX-License-Identifier: Apache-2.0
"""Laws of sampled scenes."""

from pathlib import Path

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.hand import PHENOTYPES, HandModel
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.pose_library import PoseLibrary
from handcraft.hand.poses import touching
from handcraft.scene import SceneConfig, sample_hands, sample_scenes
from handcraft.scene.shapes import phenotypes_from_uniform


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
    assert torch.equal(hands.shape[0], hands.shape[3])
    assert torch.equal(scene.skin.tone[0], scene.skin.tone[3])
    assert not torch.equal(hands.shape[0], hands.shape[4])
    assert not torch.equal(hands.angles_rad[0], hands.angles_rad[1])


def test_both_sides_appear_in_their_share(hand_model: HandModel) -> None:
    indices = list(range(200))
    share = sample_hands(hand_model, SceneConfig(left_share=0.25), 0, indices).mesh.is_left.float().mean()
    assert 0.15 < share < 0.35
    assert not sample_hands(hand_model, SceneConfig(left_share=0.0), 0, indices).mesh.is_left.any()


def test_what_is_told_of_the_hands_is_how_they_are(hand_model: HandModel) -> None:
    """Shape, angles and side, told apart, make the same keypoints again."""
    hands = sample_hands(hand_model, SceneConfig(frames_per_person=3), 0, list(range(24)))
    again_m = hand_model.with_shape(hands.shape).with_pose(hands.angles_rad).keypoints_m()
    again_m[hands.mesh.is_left, :, 2] *= -1
    torch.testing.assert_close(hands.mesh.keypoints_m, again_m, atol=1e-5, rtol=0)


def test_hardly_any_fingers_touch_and_sides_say_nothing_of_poses(hand_model: HandModel) -> None:
    hands = sample_hands(hand_model, SceneConfig(), 0, list(range(300)))
    assert touching(hand_model.with_shape(hands.shape), hands.angles_rad).float().mean() < 0.01
    told = torch.corrcoef(torch.cat([hands.mesh.is_left[:, None].float(), hands.angles_rad], 1).T)[0, 1:]
    assert told.abs().max() < 0.25


def test_people_are_adults_and_older_children_of_either_gender() -> None:
    numbers = torch.rand(2000, 6, generator=torch.Generator().manual_seed(0))
    phenotypes = dict(zip(PHENOTYPES, phenotypes_from_uniform(numbers).T, strict=True))
    assert phenotypes["age"].min() > 0.45
    assert phenotypes["age"].max() > 0.9
    assert phenotypes["gender"].min() < 0.01
    assert phenotypes["gender"].max() > 0.99
    for name in ("muscle", "weight", "height", "proportions"):
        assert float(phenotypes[name].median()) == pytest.approx(0.5, abs=0.02)
        assert 0.1 < phenotypes[name].std() < 0.22
        assert phenotypes[name].min() >= 0.05


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


def test_hands_take_the_poses_of_a_library_on_wrists_of_their_own(hand_model: HandModel, tmp_path: Path) -> None:
    library = PoseLibrary.sampled(hand_model, 5, seed=8)
    library.save(tmp_path / "poses.safetensors")
    config = SceneConfig(poses=tmp_path / "poses.safetensors")
    fingers = [index for index, name in enumerate(DOF_NAMES) if not name.startswith("wrist")]
    hands = sample_hands(hand_model, config, 3, range(40))
    gaps = torch.cdist(hands.angles_rad[:, fingers], library.angles_rad[:, fingers])
    assert (gaps.amin(1) < 5e-3).float().mean() > 0.8  # a few are opened, on thicker hands than the library's
    assert len(gaps.argmin(1).unique()) == 5
    sampled = sample_hands(hand_model, SceneConfig(), 3, range(40))
    assert torch.equal(hands.shape, sampled.shape)
    assert torch.equal(hands.angles_rad[:, 0], sampled.angles_rad[:, 0])
