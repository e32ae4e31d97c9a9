# SPDX-License-Identifier: Apache-2.0
"""Labels agree with each other, and go on agreeing in a mirror."""

from dataclasses import replace

import pytest
import torch

from handcraft.data.rendered import RenderedSet
from handcraft.errors import HandcraftError
from handcraft.estimate.hand.examples import examples_from, joined
from handcraft.scene import SceneConfig
from tests.estimate.hand.posed import joints_of_pose

EVERY = torch.ones(12, dtype=torch.bool)


def test_pose_shape_side_and_rotation_tell_the_joints(examples, hand_model):
    assert examples.is_right.any()
    assert not examples.is_right.all()
    torch.testing.assert_close(joints_of_pose(examples, hand_model), examples.joints_m, atol=1e-5, rtol=0)


def test_so_they_do_in_a_mirror(examples, hand_model):
    mirrored = examples.mirrored(EVERY)
    assert torch.equal(mirrored.is_right, ~examples.is_right)
    torch.testing.assert_close(torch.linalg.det(mirrored.camera_from_hand), torch.ones(12))
    torch.testing.assert_close(joints_of_pose(mirrored, hand_model), mirrored.joints_m, atol=1e-5, rtol=0)


def test_a_mirror_moves_pixels_and_keypoints_alike(examples):
    dots = torch.zeros_like(examples.images)
    dots[:, :, 10, 7] = 255
    marked = replace(examples, images=dots, keypoints_px=torch.full((12, 21, 2), 0.5) + torch.tensor([7.0, 10.0]))
    mirrored = marked.mirrored(EVERY)
    x, y = (mirrored.keypoints_px[0, 0] - 0.5).long().tolist()
    assert mirrored.images[0, 0, y, x] == 255


def test_two_mirrors_undo_each_other_and_none_changes_nothing(examples):
    for again in (examples.mirrored(EVERY).mirrored(EVERY), examples.mirrored(~EVERY)):
        assert torch.equal(again.images, examples.images)
        torch.testing.assert_close(again.keypoints_px, examples.keypoints_px)
        torch.testing.assert_close(again.camera_from_hand, examples.camera_from_hand)


def test_parts_are_joined_in_order(examples):
    halves = joined([examples.rows(torch.arange(5)), examples.rows(torch.arange(5, 12))])
    assert torch.equal(halves.images, examples.images)
    assert torch.equal(halves.angles_rad, examples.angles_rad)


def test_samples_without_labels_are_refused():
    sample = next(iter(RenderedSet(SceneConfig(size_px=16), 0, 1)))
    with pytest.raises(HandcraftError, match="angles_rad"):
        examples_from([replace(sample, angles_rad=None)])
