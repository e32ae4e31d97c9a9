# SPDX-License-Identifier: Apache-2.0
import torch

from handcraft.measure import mask_iou
from handcraft.randomness import generator_for
from tests.oracles import segmentation as oracle

MASKS = torch.rand(2, 6, 9, 7, generator=generator_for(0)) < torch.tensor([0.2, 0.6])[:, None, None, None]


def test_equals_the_oracle():
    expected = [oracle.mask_iou(*pair) for pair in zip(*MASKS.numpy(), strict=True)]
    assert mask_iou(*MASKS).tolist() == expected


def test_a_mask_covers_itself_and_nothing_of_its_complement():
    assert mask_iou(MASKS[0], MASKS[0]).tolist() == [1] * 6
    assert mask_iou(MASKS[0], ~MASKS[0]).tolist() == [0] * 6


def test_is_symmetric():
    assert torch.equal(mask_iou(MASKS[0], MASKS[1]), mask_iou(MASKS[1], MASKS[0]))


def test_two_empty_masks_agree_and_one_does_not():
    empty = torch.zeros(1, 4, 4, dtype=torch.bool)
    assert mask_iou(empty, empty).tolist() == [1]
    assert mask_iou(empty, ~empty).tolist() == [0]


def test_moving_both_masks_changes_nothing():
    padded = torch.nn.functional.pad(MASKS, (3, 3, 3, 3))
    moved = padded.roll((2, -3), dims=(-2, -1))
    assert torch.equal(mask_iou(*moved), mask_iou(*MASKS))
