# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from handcraft.data.crop import hand_crop
from handcraft.data.variance_crop import MURPHY_SCALE, centre_crop, clearer_side, mask_spread, variance_crop
from handcraft.errors import HandcraftError


def box(rows, columns, height=320, width=320):
    mask = torch.zeros(height, width, dtype=torch.bool)
    mask[rows, columns] = True
    return mask


@pytest.mark.parametrize(("share", "side_px"), [(0.02, 78), (0.05, 122), (0.10, 168), (0.20, 224), (0.30, 257)])
def test_sides_are_those_of_the_thesis(share, side_px):
    mask = torch.arange(320 * 320).reshape(320, 320) < share * 320 * 320
    assert variance_crop(mask).side_px == pytest.approx(side_px, abs=0.9)
    levels = mask.double() * 255
    assert variance_crop(mask).side_px == pytest.approx(2.2 * levels.std(correction=0).item(), rel=1e-9)


def test_a_small_hand_is_cut_by_its_area():
    mask = box(slice(100, 120), slice(60, 80))
    assert variance_crop(mask).side_px == pytest.approx(1.75 * math.sqrt(400), rel=0.01)
    by_area = hand_crop(mask, MURPHY_SCALE)
    centres = [
        (each.left_px + each.side_px / 2, each.top_px + each.side_px / 2) for each in (variance_crop(mask), by_area)
    ]
    assert centres[0] == pytest.approx(centres[1]) == (70.0, 110.0)


def test_twice_the_picture_has_twice_the_square():
    mask = box(slice(30, 90), slice(20, 70), 160, 120)
    small, large = variance_crop(mask), variance_crop(mask.repeat_interleave(2, 0).repeat_interleave(2, 1))
    assert (large.left_px, large.top_px, large.side_px) == pytest.approx(
        (2 * small.left_px, 2 * small.top_px, 2 * small.side_px)
    )


def test_the_hand_with_the_larger_spread_is_clearer_and_ties_go_left():
    small, large = box(slice(0, 50), slice(0, 50)), box(slice(100, 200), slice(0, 100))
    nearly_all = ~box(slice(0, 20), slice(0, 20))
    assert clearer_side(small, large) == "right"
    assert clearer_side(large, small) == "left"
    assert clearer_side(small, small.roll(7, 0)) == "left"
    assert mask_spread(nearly_all) < mask_spread(large)  # the spread, not the area
    assert clearer_side(large, nearly_all) == "left"


def test_photographs_are_cut_in_the_middle():
    crop = centre_crop(224, 224)
    assert (crop.left_px, crop.top_px, crop.side_px) == (56.0, 56.0, 112.0)
    crop = centre_crop(100, 200, 1.0)
    assert (crop.left_px, crop.top_px, crop.side_px) == (50.0, 0.0, 100.0)


def test_masks_that_make_no_crop_are_refused():
    nothing = torch.zeros(8, 8, dtype=torch.bool)
    with pytest.raises(HandcraftError, match="without a hand"):
        variance_crop(nothing)
    with pytest.raises(HandcraftError, match="two masks without a hand"):
        clearer_side(nothing, nothing)
    with pytest.raises(HandcraftError, match="every pixel is set"):
        variance_crop(~nothing)
    with pytest.raises(HandcraftError, match="`scale` to be above 0, but got 0"):
        centre_crop(8, 8, 0.0)
