# SPDX-License-Identifier: Apache-2.0
"""Laws of names and orders."""

import pytest
import torch

from handcraft.hand.skeleton import (
    BONES,
    FINGER_COLOURS,
    FINGERS,
    FOREARM_ID,
    KEYPOINTS,
    PARTS,
    finger_of,
    part_id,
    reorder,
)


def test_the_order_is_that_of_openpose_freihand_and_mediapipe() -> None:
    assert KEYPOINTS == (
        "wrist",
        "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip",
        "index_mcp", "index_pip", "index_dip", "index_tip",
        "middle_mcp", "middle_pip", "middle_dip", "middle_tip",
        "ring_mcp", "ring_pip", "ring_dip", "ring_tip",
        "little_mcp", "little_pip", "little_dip", "little_tip",
    )  # fmt: skip
    assert [finger_of(name) for name in KEYPOINTS] == ["wrist"] + [finger for finger in FINGERS for _ in range(4)]


def test_bones_make_one_tree_rooted_at_the_wrist() -> None:
    assert sorted(child for _, child in BONES) == list(range(1, 21))
    assert all(parent < child for parent, child in BONES)
    assert [KEYPOINTS[child] for parent, child in BONES if parent == 0] == [KEYPOINTS[1 + 4 * n] for n in range(5)]


def test_twenty_parts_count_from_the_palm_outwards_and_the_forearm_is_none_of_them() -> None:
    assert len(PARTS) == len(set(PARTS)) == 20
    assert [part_id(name) for name in PARTS] == list(range(1, 21))
    assert (part_id("palm"), part_id("thumb_distal"), part_id("index_proximal"), part_id("little_tip")) == (1, 4, 5, 20)
    assert [finger_of(name) for name in PARTS[1:]] == ["thumb"] * 3 + [finger for finger in FINGERS[1:] for _ in "1234"]
    assert FOREARM_ID == 21


def test_every_finger_has_a_colour_of_its_own() -> None:
    assert set(FINGER_COLOURS) == {"wrist", *FINGERS}
    assert len(set(FINGER_COLOURS.values())) == 6


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
