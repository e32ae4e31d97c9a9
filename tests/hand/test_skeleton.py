# SPDX-License-Identifier: Apache-2.0
"""Laws of names and orders."""

import pytest
import torch

from handcraft.hand.skeleton import BONES, FINGER_COLOURS, FINGERS, KEYPOINTS, PARTS, finger_of, part_id, reorder


def test_the_order_is_wrist_then_five_fingers_outwards() -> None:
    assert len(KEYPOINTS) == len(set(KEYPOINTS)) == 21
    assert [finger_of(name) for name in KEYPOINTS] == ["wrist"] + [finger for finger in FINGERS for _ in range(4)]
    assert [name for name in KEYPOINTS if name.endswith("_tip")] == [KEYPOINTS[4 * number] for number in range(1, 6)]


def test_bones_make_one_tree_rooted_at_the_wrist() -> None:
    assert sorted(child for _, child in BONES) == list(range(1, 21))
    assert all(parent < child for parent, child in BONES)
    assert [KEYPOINTS[child] for parent, child in BONES if parent == 0] == [KEYPOINTS[1 + 4 * n] for n in range(5)]


def test_there_are_twenty_parts_and_a_colour_for_each_finger() -> None:
    assert len(PARTS) == len(set(PARTS)) == 20
    assert part_id(PARTS[0]) == 1
    assert set(FINGER_COLOURS) == {"wrist", *FINGERS}


def test_reordering_there_and_back_changes_nothing() -> None:
    shuffled = tuple(
        KEYPOINTS[index] for index in torch.randperm(21, generator=torch.Generator().manual_seed(3)).tolist()
    )
    values = torch.arange(21)
    there = values[reorder(shuffled, KEYPOINTS)]
    assert [KEYPOINTS[index] for index in there.tolist()] == list(shuffled)
    assert there[reorder(KEYPOINTS, shuffled)].tolist() == values.tolist()


def test_a_name_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="thumb_paw"):
        reorder(("thumb_paw",), KEYPOINTS)
