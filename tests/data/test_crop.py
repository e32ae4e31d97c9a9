# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handcraft.data import CropBox, hand_crop
from handcraft.errors import HandcraftError

CORNERS = st.floats(-500, 500)
SIDES = st.floats(1, 2000)


@given(CORNERS, CORNERS, SIDES, st.integers(1, 512), CORNERS, CORNERS)
def test_crop_and_image_coordinates_are_inverses(left, top, side, size, x, y):
    box, point = CropBox(left, top, side), torch.tensor([[x, y]], dtype=torch.float64)
    there = box.crop_from_image(point, size)
    assert torch.allclose(box.image_from_crop(there, size), point, atol=1e-6)
    again = box.crop_from_image(box.image_from_crop(point, size), size)
    assert torch.allclose(again, point, rtol=1e-9, atol=1e-6)


def test_corners_and_centre_of_a_crop_are_where_they_should_be():
    box = CropBox(-10.0, 30.0, 80.0)
    points = torch.tensor([[-10.0, 30], [70, 110], [30, 70]])
    assert box.crop_from_image(points, 64).tolist() == [[0, 0], [64, 64], [32, 32]]


def dot(x, y, height=90, width=120):
    """A dot of one pixel's light whose centre of mass is exactly (x, y): four pixels share it bilinearly."""
    image = torch.zeros(1, height, width, dtype=torch.float64)
    column, row = math.floor(x - 0.5), math.floor(y - 0.5)
    right, below = x - 0.5 - column, y - 0.5 - row
    for dy, dx, share in ((0, 0, (1 - right) * (1 - below)), (0, 1, right * (1 - below)), (1, 0, (1 - right) * below)):
        image[0, row + dy, column + dx] = share
    image[0, row + 1, column + 1] = right * below
    return image


def centre_of_mass(image):
    rows, columns = torch.arange(image.shape[1]) + 0.5, torch.arange(image.shape[2]) + 0.5
    return [
        ((image.sum((0, 1)) * columns).sum() / image.sum()).item(),
        ((image.sum((0, 2)) * rows).sum() / image.sum()).item(),
    ]


@pytest.mark.parametrize("size", [32, 64, 128, 224])
@pytest.mark.parametrize(
    "corner_and_side", [(20.3, 10.7, 61.9), (-40.2, -35.6, 170.3), (35.5, -20.1, 128.0), (30.0, 20.0, 40.0)]
)
@pytest.mark.parametrize("place", [(50.0, 40.0), (61.37, 33.81), (45.5, 52.5)])
def test_a_dot_lands_where_crop_from_image_says(corner_and_side, size, place):
    box = CropBox(*corner_and_side)
    expected = box.crop_from_image(torch.tensor(place, dtype=torch.float64), size)
    found = centre_of_mass(box.resample(dot(*place), size))
    assert found == pytest.approx(expected.tolist(), abs=0.1)


def test_a_crop_of_the_same_scale_at_whole_pixels_copies_the_pixels():
    image = torch.rand(3, 20, 30)
    expected = torch.zeros(3, 12, 12)
    expected[:, 4:, :] = image[:, :8, 5:17]
    for mode in ("bilinear", "nearest"):
        assert torch.allclose(CropBox(5.0, -4.0, 12.0).resample(image, 12, mode), expected, atol=1e-6)


@pytest.mark.parametrize("size", [16, 24, 75, 300])
def test_inside_the_image_pixels_are_those_of_pillow(size):
    image = torch.rand(1, 80, 100)
    pillow = Image.fromarray(image[0].numpy()).resize(
        (size, size), Image.Resampling.BILINEAR, (22.25, 15.5, 62.25, 55.5)
    )
    ours = CropBox(22.25, 15.5, 40.0).resample(image, size)[0]
    edge = max(1, math.ceil(size / 40))  # there Pillow stops at the box and we look beyond it
    inner = slice(edge, size - edge)
    assert torch.allclose(ours[inner, inner], as_tensor(pillow)[inner, inner], atol=1e-4)


def as_tensor(picture):
    return torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.float32).reshape(picture.height, picture.width)


@pytest.mark.parametrize("corner", [(-900.0, 5.0), (5.0, 900.0), (5.0, -24.0), (60.0, 3.0)])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_a_crop_beside_the_image_is_black(corner, mode):
    assert CropBox(*corner, 20.0).resample(torch.ones(2, 30, 40), 16, mode).abs().max() == 0


def test_light_is_kept_and_the_edge_fades_to_black():
    white = torch.ones(1, 40, 40)
    assert torch.allclose(CropBox(5.0, 5.0, 30.0).resample(white, 13), torch.ones(1, 13, 13))
    sticking_out = CropBox(-20.0, -20.0, 80.0).resample(white, 20)
    assert sticking_out.sum().item() == pytest.approx(100, rel=0.01)
    assert sticking_out[0, 10, 10] == 1
    assert sticking_out[0, 0, 0] == 0


def test_reducing_skips_no_line():
    """A line of one pixel leaves the same light wherever it lies; plain interpolation would lose it at most places."""
    light = []
    for column in range(40, 60):
        image = torch.zeros(1, 100, 100)
        image[0, :, column] = 1
        light.append(CropBox(0.0, 0.0, 100.0).resample(image, 10)[0, 5].sum().item())
    assert light == pytest.approx([0.1] * 20, rel=0.02)


def test_nearest_never_mixes_part_numbers():
    parts = torch.randint(0, 22, (1, 33, 47)).float()
    for size in (7, 64, 200):
        assert set(CropBox(-3.3, -8.0, 60.7).resample(parts, size, "nearest").unique().tolist()) <= set(
            parts.unique().tolist()
        )


def test_the_square_is_centred_on_the_mask_and_sized_by_its_area():
    mask = torch.zeros(100, 120, dtype=torch.bool)
    mask[20:40, 50:60] = True
    box = hand_crop(mask, 2.1)
    assert box.side_px == pytest.approx(2.1 * math.sqrt(200))
    assert (box.left_px + box.side_px / 2, box.top_px + box.side_px / 2) == pytest.approx((55, 30))


def test_the_hand_fills_the_same_share_of_the_crop_at_every_picture_size():
    mask = torch.zeros(60, 80, dtype=torch.bool)
    mask[10:40, 20:44] = True
    shares = []
    for zoom in (1, 3, 8):
        zoomed = mask.repeat_interleave(zoom, 0).repeat_interleave(zoom, 1)
        shares.append(hand_crop(zoomed, 1.75).resample(zoomed.float()[None], 64).mean().item())
    assert shares == pytest.approx([1 / 1.75**2] * 3, rel=0.01)


def test_what_makes_no_crop_is_refused_in_one_line():
    with pytest.raises(HandcraftError, match="a mask without a hand"):
        hand_crop(torch.zeros(5, 5, dtype=torch.bool), 2.1)
    with pytest.raises(HandcraftError, match="`crop_scale` to be above 0, but got -1"):
        hand_crop(torch.ones(5, 5, dtype=torch.bool), -1.0)
    for values in ((0.0, 0.0, 0.0), (0.0, 0.0, -3.0), (math.nan, 0.0, 1.0), (0.0, 0.0, math.inf)):
        with pytest.raises(HandcraftError, match="a side above 0"):
            CropBox(*values)
