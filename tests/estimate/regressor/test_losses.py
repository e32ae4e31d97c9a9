# SPDX-License-Identifier: Apache-2.0
"""Targets and losses, by hand: which joints count, how much, and what a mirror changes (nothing)."""

import pytest
import torch

from handcraft.data import KOMOROWICZ, HandSample, prepare
from handcraft.data.mirror import mirrored
from handcraft.estimate.regressor import (
    THUMB_CMC_CERTAINTY,
    Targets,
    reprojection_loss,
    shape_loss,
    supervised_rows,
    targets_of,
    total_loss,
)
from handcraft.randomness import generator_for

OPENPOSE_TO_MANO = [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3]
"""As published with seed 001 (figure 6.1): wrist, index, middle, little, ring, thumb."""


def targets(keypoints_px, confidence, supervision="joints", certainty=THUMB_CMC_CERTAINTY):
    return targets_of(
        keypoints_px, confidence, side_px=10, supervision=supervision, thumb_cmc_certainty=certainty
    )  # fmt: skip


def test_the_joints_are_the_document_s_in_mano_s_order():
    assert supervised_rows("joints") == OPENPOSE_TO_MANO
    assert supervised_rows("keypoints") == list(range(21))
    keypoints_px = torch.arange(21.0)[None, :, None].expand(1, 21, 2)
    places = targets(keypoints_px, torch.ones(1, 21)).places
    assert ((places[0, :, 0] + 1) * 5).tolist() == pytest.approx(OPENPOSE_TO_MANO)


def test_certainties_end_at_one_and_the_thumb_s_first_joint_has_its_own():
    confidence = torch.linspace(-0.1, 1.145, 21)[None]
    confidence[0, 1] = 0.9
    certainty = targets(torch.zeros(1, 21, 2), confidence, "keypoints").certainty[0]
    assert certainty[0] == 0
    assert certainty[20] == 1
    assert certainty[1] == pytest.approx(0.2) == THUMB_CMC_CERTAINTY
    assert torch.equal(certainty[2:18], confidence[0, 2:18])
    assert targets(torch.zeros(1, 21, 2), torch.zeros(1, 21), "keypoints").certainty.sum() == 0, "not labelled"


def test_reprojection_is_the_mean_absolute_coordinate_weighted_by_certainty():
    places = torch.zeros(2, 2, 2)
    labelled = Targets(
        torch.tensor([[[0.1, -0.3], [1.0, 1.0]], [[0.0, 0.2], [5.0, 5.0]]]), torch.tensor([[1.0, 0.5], [0.2, 0.0]])
    )
    expected = (1.0 * 0.4 + 0.5 * 2.0 + 0.2 * 0.2) / (2 * 1.7)
    assert reprojection_loss(places, labelled).item() == pytest.approx(expected)
    nothing = Targets(labelled.places, torch.zeros(2, 2))
    assert reprojection_loss(places, nothing) == 0


def test_a_doubtful_label_pulls_as_much_less_as_it_is_doubtful():
    places = torch.zeros(1, 3, 2, requires_grad=True)
    labelled = Targets(torch.ones(1, 3, 2), torch.tensor([[1.0, 0.2, 0.0]]))
    reprojection_loss(places, labelled).backward()
    pull = places.grad[0, :, 0] / places.grad[0, 0, 0]
    assert pull.tolist() == pytest.approx([1.0, 0.2, 0.0])


def test_shapes_cost_their_size_and_the_weight_counts_once():
    shape = torch.tensor([[1.0, -2.0, 0.0], [0.0, 0.0, 4.0]])
    assert shape_loss(shape, "l1") == (3 + 4) / 2
    assert shape_loss(shape, "l2") == (5 + 16) / 2
    assert shape_loss(shape, "none") == 0
    total = total_loss(torch.tensor(0.02), torch.tensor(0.5), reprojection_weight=100.0)
    assert total.item() == pytest.approx(2.5)


def test_a_hand_and_its_mirror_image_have_the_same_targets():
    generator = generator_for(8)
    right = HandSample(
        key="hand", image=torch.rand(3, 60, 80, generator=generator), source="x", is_real=True, subject="x",
        side="right", mask=torch.ones(60, 80, dtype=torch.bool),
        keypoints_px=10 + 40 * torch.rand(21, 2, generator=generator), confidence=torch.rand(21, generator=generator),
    )  # fmt: skip
    sets = [prepare([sample], KOMOROWICZ) for sample in (right, mirrored(right))]
    ours, theirs = (targets(each.keypoints_px, each.confidence) for each in sets)
    torch.testing.assert_close(ours.places, theirs.places, atol=1e-4, rtol=0)
    assert torch.equal(ours.certainty, theirs.certainty)
    assert (sets[0].images.int() - sets[1].images.int()).abs().max() <= 1
