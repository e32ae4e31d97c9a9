# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from handcraft.data.native_crop import drawn_native_crop, fixed_native_crop
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for


def square(side, height=100, width=120):
    mask = torch.zeros(height, width, dtype=torch.bool)
    mask[40 : 40 + side, 50 : 50 + side] = True
    return mask


def centres(mask, draws=80, size=32):
    crops = [drawn_native_crop(mask, size, generator_for(0, i)) for i in range(draws)]
    assert {each.side_px for each in crops} == {32.0}
    return {(each.left_px + 16, each.top_px + 16) for each in crops}


def test_centres_are_drawn_from_well_inside_the_hand():
    assert centres(square(15)) == {
        (x, y) for x in (56.0, 57.0, 58.0) for y in (46.0, 47.0, 48.0)
    }  # 6 px from each edge


def test_a_thin_hand_is_eroded_as_far_as_something_is_left():
    assert centres(square(6)) == {(x, y) for x in (52.0, 53.0) for y in (42.0, 43.0)}
    assert centres(square(1)) == {(50.0, 40.0)}


def test_the_fixed_crop_lies_towards_the_fingers():
    mask = torch.zeros(480, 640, dtype=torch.bool)
    mask[300:401, 200:301] = True  # centre of mass in pixel (250, 350)
    crop = fixed_native_crop(mask, 256)
    assert (crop.left_px, crop.top_px, crop.side_px) == (250 + 20 - 128, 350 - 100 - 128, 256)


def test_an_empty_mask_is_refused():
    for make in (lambda mask: drawn_native_crop(mask, 8, generator_for(0)), lambda mask: fixed_native_crop(mask, 8)):
        with pytest.raises(HandcraftError, match="without a hand"):
            make(torch.zeros(8, 8, dtype=torch.bool))
