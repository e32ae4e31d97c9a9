# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handcraft.data.mask_refinement import PUBLISHED_SCREEN, GreenScreen, is_screen, otsu_level, refined_mask
from handcraft.errors import HandcraftError
from tests.data.realhands.make import SCREEN, SKIN


def photograph(height=96, width=128, *, hand=(slice(30, 80), slice(40, 90))):
    image = torch.tensor(SCREEN).float()[:, None, None].expand(3, height, width).clone() / 255
    image[:, *hand] = torch.tensor(SKIN)[:, None, None] / 255
    return image


def test_the_hand_is_found_one_pixel_inside_its_rim():
    """The median rounds the corners, the erosion takes one pixel on every side."""
    mask = refined_mask(photograph())
    assert mask[31:79, 42:88].all()
    assert mask[32:78, 41:89].all()
    outside = torch.ones(96, 128, dtype=torch.bool)
    outside[31:79, 41:89] = False
    assert not (mask & outside).any()


def test_holes_stay_holes_and_pieces_go():
    image = photograph()
    image[:, 50:60, 60:70] = photograph()[:, :1, :1]  # a hole in the hand
    image[:, 5:12, 5:12] = image[:, 40:41, 50:51]  # a smaller piece
    mask = refined_mask(image)
    assert not mask[50:60, 60:70].any()
    assert not mask[:20, :20].any()
    assert mask[40:48, 50:85].all()


def test_speckles_leave_no_trace():
    image = photograph()
    green, skin = image[:, 0, 0].clone(), image[:, 50, 50].clone()
    image[:, 40:70:6, 50:80:6] = green[:, None, None]
    image[:, 5:25:5, 5:120:5] = skin[:, None, None]
    assert refined_mask(image).equal(refined_mask(photograph()))


def test_a_narrow_gap_closes_and_a_wide_one_does_not():
    image = photograph()
    image[:, 55:57, 50:80] = 0.02  # two rows: the median leaves them, the closing does not
    mask = refined_mask(image)
    assert mask[50:62, 45:85].all()
    image[:, 57:60, 50:80] = 0.02
    assert not refined_mask(image)[57, 55:75].any()


def test_a_hand_at_the_edge_keeps_its_edge():
    mask = refined_mask(photograph(hand=(slice(46, 96), slice(40, 90))))
    assert mask[95, 45:85].all()


def test_shadow_on_the_hand_side_is_parted_by_brightness():
    image = photograph()
    image[:, 30:80, 90:100] = torch.tensor([0.12, 0.10, 0.11])[:, None, None]  # a grey shadow, no green
    assert not refined_mask(image)[:, 91:].any()


@pytest.mark.parametrize(
    ("share", "is_hand"), [(0.03, False), (0.049, False), (0.051, True), (0.2, True), (0.49, True), (0.51, False)]
)
def test_the_share_counts_every_pixel_once(share, is_hand):
    """Counted over three channels, 0.2 to 0.49 would be refused and 0.03 taken."""
    image = photograph(100, 100, hand=(slice(0, 0), slice(0, 0)))
    columns = round(share * 1000)
    image.view(3, -1)[:, : columns * 10] = torch.tensor(SKIN)[:, None] / 255
    if is_hand:
        assert refined_mask(image).any()
    else:
        with pytest.raises(HandcraftError, match=f"what is not green covers {share:.1%}"):
            refined_mask(image)


def test_noise_and_nothing_are_refused():
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(128), indexing="ij")
    blocks = ((rows % 8 < 4) & (columns % 8 < 4)).expand(3, 96, 128)
    image = torch.where(blocks, torch.tensor(SKIN)[:, None, None] / 255, photograph(hand=(slice(0, 0), slice(0, 0))))
    with pytest.raises(HandcraftError, match="1 to 60 outlines in the picture, but got 192"):
        refined_mask(image)
    assert refined_mask(image, dataclasses.replace(PUBLISHED_SCREEN, max_pieces=200)).any()
    black = photograph()
    black[:, 30:80, 40:90] = 0.0
    with pytest.raises(HandcraftError, match="outlines in the picture, but got 0"):
        refined_mask(black)


def test_nothing_left_is_refused():
    image = photograph(40, 40, hand=(slice(0, 0), slice(0, 0)))
    image[:, 10:12, 2:38] = torch.tensor(SKIN)[:, None, None] / 255  # two rows: the erosion takes both
    with pytest.raises(HandcraftError, match="left after the erosion"):
        refined_mask(image, GreenScreen(min_share=0.01))


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((14, 255, 14), True),
        ((0, 200, 199), True),  # just on the green side of cyan
        ((0, 199, 201), False),
        ((199, 200, 0), True),  # just on the green side of yellow
        ((201, 199, 0), False),
        ((100, 110, 100), False),  # too grey
        ((0, 38, 0), False),  # too dark
        ((0, 42, 0), True),
        ((205, 150, 120), False),
        ((60, 60, 60), False),
        ((0, 0, 0), False),
        ((255, 255, 255), False),
    ],
)
def test_green_is_what_it_was_said_to_be(rgb, expected):
    assert is_screen(np.array(rgb, dtype=float)[:, None, None] / 255, PUBLISHED_SCREEN).item() == expected


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=2, max_size=40))
def test_otsu_parts_with_the_least_spread_within(values):
    levels = np.array(values, dtype=np.uint8)

    def within(level):
        classes = [levels[levels <= level], levels[levels > level]]
        return sum(len(each) * each.astype(float).var() for each in classes if len(each))

    assert within(otsu_level(levels)) == pytest.approx(min(map(within, range(256))), abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"min_share": 0.6}, "`min_share` < `max_share`"),
        ({"max_share": 1.5}, "`max_share` <= 1"),
        ({"max_pieces": 0}, "`max_pieces` to be at least 1"),
    ],
)
def test_limits_that_no_photograph_meets_are_refused(changes, words):
    with pytest.raises(HandcraftError, match=words):
        GreenScreen(**changes)
