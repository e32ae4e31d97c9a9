# SPDX-License-Identifier: Apache-2.0
"""What is a hand passes, whoever's and however posed; other orders and units are told apart."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.hand import KEYPOINTS
from handcraft.hand.anatomy import joint_limits_rad
from handcraft.hand.joint_checks import expect_hands, hand_length_m, hand_like


@pytest.fixture(scope="module")
def hands_m(hand_model):
    """Poses from all over the limits on hands from all over the phenotypes."""
    generator = torch.Generator().manual_seed(0)
    lowest, highest = joint_limits_rad()
    angles = lowest + (highest - lowest) * torch.rand(60, 22, generator=generator)
    return hand_model.with_shape(torch.rand(60, 6, generator=generator)).with_pose(angles).keypoints_m()


def test_hands_of_all_ages_in_all_poses_are_hands(hands_m):
    assert hand_like(hands_m).all()
    expect_hands(hands_m)


def test_a_hand_has_one_length_in_all_poses(hand_model):
    poses = 0.8 * torch.rand(9, 22, generator=torch.Generator().manual_seed(1))
    length = hand_length_m(hand_model.with_shape(torch.full((1, 6), 0.5)).with_pose(poses).keypoints_m())
    assert torch.allclose(length, length[:1].expand(9), atol=1e-5)
    assert 0.12 < length[0] < 0.22


BIGHAND = [0, 1, 5, 9, 13, 17, 2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 16, 18, 19, 20]
TIPS_FIRST = [0, *(base + step for base in (1, 5, 9, 13, 17) for step in (3, 2, 1, 0))]
LITTLE_FIRST = [0, *(base + step for base in (17, 13, 9, 5, 1) for step in range(4))]
RING_AND_LITTLE_SWAPPED = [*range(13), 17, 18, 19, 20, 13, 14, 15, 16]
THUMB_LAST = [0, *range(5, 21), 1, 2, 3, 4]


@pytest.mark.parametrize("order", [BIGHAND, TIPS_FIRST, LITTLE_FIRST, RING_AND_LITTLE_SWAPPED, THUMB_LAST])
def test_other_orders_are_told_apart(hands_m, order):
    assert not hand_like(hands_m[:, order]).float().mean() > 0.1
    with pytest.raises(HandcraftError, match=r"in the order wrist, thumb_cmc, .*; give the order"):
        expect_hands(hands_m[:, order])


@pytest.mark.parametrize(("factor", "unit"), [(1000.0, "millimetres"), (100.0, "centimetres")])
def test_other_units_are_named(hands_m, factor, unit):
    with pytest.raises(HandcraftError, match=unit):
        expect_hands(hands_m * factor, "these")


def test_rows_that_are_no_numbers_are_named(hands_m):
    spoilt = hands_m.clone()
    spoilt[3, 7, 1], spoilt[9, 0, 0] = float("nan"), float("inf")
    with pytest.raises(HandcraftError, match="2 of 60 rows, row 3 first"):
        expect_hands(spoilt)
    assert not hand_like(spoilt)[[3, 9]].any()


def test_no_hands_are_refused(hands_m):
    with pytest.raises(HandcraftError, match="at least one"):
        expect_hands(hands_m[:0])


def test_few_odd_rows_are_marked_and_not_refused(hands_m):
    some = hands_m.clone()
    some[5, KEYPOINTS.index("index_tip")] += 0.2
    expect_hands(some)
    assert hand_like(some).sum() == 59
