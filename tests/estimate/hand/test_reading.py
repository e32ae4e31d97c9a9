# SPDX-License-Identifier: Apache-2.0
"""Errors are what a network with known answers must have."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from handcraft.estimate.hand.crops import cut, keypoint_boxes
from handcraft.estimate.hand.reading import reading_errors, square_about_the_hand
from handcraft.randomness import generator_for

SIDE = 32


class KnowsAll(nn.Module):
    """Answers with the truth of the crops it will be shown, moved, scaled and turned as asked."""

    def __init__(self, truth, *, shift, scale, turn, is_right):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        places = truth.keypoints_px / SIDE + shift
        joints_m = scale * truth.joints_m @ turn
        logits = torch.where(truth.is_right == is_right, 1.0, -1.0)
        self.answer = SimpleNamespace(places=places, joints_m=joints_m, right_logits=logits)

    def forward(self, images):
        assert len(images) == len(self.answer.places)
        return self.answer


@pytest.fixture
def truth(examples):
    config = square_about_the_hand(1.35)
    return cut(examples, SIDE, config, generator=generator_for(0, 0)).labels


def read(examples, truth, *, shift=0.0, scale=1.0, turn=None, is_right=True):
    network = KnowsAll(truth, shift=shift, scale=scale, turn=torch.eye(3) if turn is None else turn, is_right=is_right)
    return reading_errors(network, examples, image_px=SIDE, box_scale=1.35)


def test_the_truth_has_no_error(examples, truth):
    errors = read(examples, truth)
    assert errors.keypoints.max() < 1e-6
    assert errors.joints_mm.max() < 1e-4
    assert errors.side_is_right.all()


def test_keypoints_are_judged_in_hands(examples, truth):
    errors = read(examples, truth, shift=0.1)
    expected = 0.1 * 2**0.5 * SIDE / keypoint_boxes(truth.keypoints_px, truth.keypoint_weights)[1]
    torch.testing.assert_close(errors.keypoints, expected[:, None].expand(-1, 21), rtol=1e-4, atol=1e-5)


def test_size_and_turn_are_forgiven_by_alignment_only(examples, truth):
    turn = torch.tensor([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    errors = read(examples, truth, scale=1.5, turn=turn)
    assert errors.joints_mm.mean() > 30
    assert errors.aligned_joints_mm.max() < 1e-2


def test_wrong_sides_are_counted(examples, truth):
    assert not read(examples, truth, is_right=False).side_is_right.any()


def test_what_is_not_known_has_no_error(examples, truth):
    weights = torch.ones(12, 21)
    weights[:, 20] = 0
    photographs = replace(examples, keypoint_weights=weights, has_pose=torch.zeros(12, dtype=torch.bool))
    errors = read(photographs, truth)
    assert errors.keypoints[:, 20].isnan().all()
    assert not errors.keypoints[:, :20].isnan().any()
    assert errors.joints_mm.isnan().all()
