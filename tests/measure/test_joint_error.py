# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import epe_mean, epe_median, image_errors, joint_error
from handcraft.randomness import generator_for
from tests.oracles import joint_error as oracle


@pytest.fixture
def labels():
    generator = generator_for(3)
    true = torch.rand(17, 21, 2, generator=generator) * 64
    predicted = true + 5 * torch.randn(17, 21, 2, generator=generator)
    confidence = (torch.rand(17, 21, generator=generator) - 0.3).clamp(min=0)
    confidence[:, 4] = 0  # a keypoint that nobody labelled
    return predicted, true, confidence


def test_equals_the_oracle(labels):
    errors = joint_error(*labels)
    expected = oracle.joint_error(*(part.double().numpy() for part in labels))
    np.testing.assert_allclose(errors.numpy(), expected)
    assert epe_mean(errors) == pytest.approx(oracle.over_keypoints(expected, np.mean))
    assert epe_median(errors) == pytest.approx(oracle.over_keypoints(expected, np.median))
    np.testing.assert_allclose(image_errors(errors).numpy(), [np.nanmean(row) for row in expected])


def test_a_perfect_prediction_has_error_0(labels):
    _, true, confidence = labels
    errors = joint_error(true, true, confidence)
    assert epe_mean(errors) == epe_median(errors) == 0


def test_a_known_offset_is_the_error_in_pixels_and_in_metres(labels):
    true, confidence = labels[1].double(), labels[2]
    assert epe_mean(joint_error(true + torch.tensor([3.0, -4.0]), true, confidence)) == pytest.approx(5)
    joints_m = torch.zeros(1, 21, 3)
    errors_m = joint_error(joints_m + torch.tensor([0.02, 0.03, 0.06]), joints_m, torch.ones(1, 21))
    assert epe_mean(errors_m) == pytest.approx(0.07)


def test_moving_both_changes_nothing(labels):
    predicted, true, confidence = (part.double() for part in labels)
    shift = torch.tensor([11.0, -70.0]).double()
    moved = joint_error(predicted + shift, true + shift, confidence)
    torch.testing.assert_close(moved, joint_error(predicted, true, confidence), equal_nan=True)


def test_the_order_of_images_does_not_matter(labels):
    errors = joint_error(*labels)
    assert epe_mean(errors.flip(0)) == pytest.approx(epe_mean(errors))
    assert epe_median(errors.flip(0)) == pytest.approx(epe_median(errors))


@pytest.mark.parametrize("rubbish", [1e9, torch.nan, torch.inf])
def test_unlabelled_keypoints_never_matter(labels, rubbish):
    predicted, true, confidence = labels
    unlabelled = (confidence == 0)[..., None]
    spoilt = joint_error(predicted.masked_fill(unlabelled, rubbish), true.masked_fill(unlabelled, rubbish), confidence)
    torch.testing.assert_close(spoilt, joint_error(*labels), equal_nan=True)


def test_confidence_is_a_switch_not_a_weight(labels):
    predicted, true, confidence = labels
    torch.testing.assert_close(
        joint_error(predicted, true, confidence.ceil()), joint_error(predicted, true, confidence), equal_nan=True
    )


def test_gradients_reach_labelled_keypoints_only(labels):
    predicted, true, confidence = labels
    true = true.masked_fill((confidence == 0)[..., None], torch.nan)
    predicted = predicted.clone().requires_grad_()
    joint_error(predicted, true, confidence).nansum().backward()
    moved = predicted.grad.norm(dim=-1)
    torch.testing.assert_close(moved, (confidence > 0).float())


def test_a_labelled_keypoint_that_is_not_finite_is_named(labels):
    predicted, true, confidence = labels
    predicted[2, 3] = torch.nan
    with pytest.raises(HandcraftError, match=r"finite `predicted` keypoints .* 1 are not; set their confidence to 0"):
        joint_error(predicted, true, torch.ones_like(confidence))
