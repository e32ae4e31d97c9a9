# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import ImageCentre, MeanPose, epe_mean, joint_error
from handcraft.randomness import generator_for


def test_the_mean_pose_is_the_mean_of_what_is_labelled():
    keypoints_px = torch.zeros(3, 21, 2)
    keypoints_px[:, 7] = torch.tensor([[10.0, 20.0], [30.0, 40.0], [torch.nan, 1e9]])
    confidence = torch.ones(3, 21)
    confidence[2, 7] = 0
    pose_px = MeanPose.fit(keypoints_px, confidence).keypoints_px
    assert pose_px[7].tolist() == [20, 30]
    assert pose_px[8].tolist() == [0, 0]


def test_no_other_constant_has_a_smaller_squared_error_on_the_training_images():
    keypoints_px = torch.rand(20, 21, 2, generator=generator_for(0)) * 64
    pose_px = MeanPose.fit(keypoints_px, torch.ones(20, 21)).keypoints_px
    best = (keypoints_px - pose_px).square().mean()
    for shift in ([0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]):
        assert (keypoints_px - pose_px - torch.tensor(shift)).square().mean() > best


def test_moving_the_training_hands_moves_the_answer():
    keypoints_px = torch.rand(20, 21, 2, generator=generator_for(0)) * 64
    fitted, moved = (MeanPose.fit(points, torch.ones(20, 21)) for points in (keypoints_px, keypoints_px + 8))
    torch.testing.assert_close(moved.keypoints_px, fitted.keypoints_px + 8)


def test_answers_do_not_depend_on_the_image():
    images = torch.rand(4, 3, 32, 64, generator=generator_for(1))
    for estimator in (MeanPose(torch.rand(21, 2)), ImageCentre()):
        answers = estimator(images)
        assert answers.shape == (4, 21, 2)
        assert torch.equal(answers, estimator(torch.zeros_like(images)))


def test_the_centre_is_as_far_from_the_first_pixel_as_from_the_last():
    centre_px = ImageCentre()(torch.zeros(2, 3, 32, 64))
    for corner in ([0.5, 0.5], [63.5, 31.5]):
        corner_px = torch.tensor(corner).expand(2, 21, 2)
        assert epe_mean(joint_error(centre_px, corner_px, torch.ones(2, 21))) == pytest.approx(math.hypot(31.5, 15.5))


def test_a_keypoint_nobody_labels_is_named():
    confidence = torch.ones(3, 21)
    confidence[:, 4] = 0
    with pytest.raises(HandcraftError, match="label every keypoint in some image, but thumb_tip never is"):
        MeanPose.fit(torch.zeros(3, 21, 2), confidence)
