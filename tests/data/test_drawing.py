# SPDX-License-Identifier: Apache-2.0
"""Laws of the drawing: the right colour at the right pixel, mirrored input gives a mirrored picture."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from handcraft.data import (
    TRUTH_COLOURS,
    contact_sheet,
    draw_skeleton,
    in_rows,
    overlay_skeleton,
    picture_from_image,
    whole_scale,
)
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import BONES, FINGER_COLOURS, FINGERS, KEYPOINTS, finger_of

GREY = torch.full((3, 64, 64), 0.5)


def fan_px() -> Tensor:
    """A wrist below and five straight fingers far apart, at half-pixel positions known in advance."""
    points = torch.empty(21, 2)
    points[0] = torch.tensor([32.0, 60.0])
    for finger in range(5):
        for joint in range(4):
            points[1 + 4 * finger + joint] = torch.tensor([8.0 + 12 * finger, 44.0 - 12 * joint])
    return points


def colour_at(picture: Image.Image, x_px: float, y_px: float) -> tuple[float, ...]:
    return tuple(value / 255 for value in picture.getpixel((int(x_px), int(y_px))))


@pytest.mark.parametrize("scale", [1, 4])
def test_every_joint_has_its_fingers_colour_where_it_lies(scale: int) -> None:
    picture = draw_skeleton(GREY, fan_px(), scale=scale)
    assert picture.size == (64 * scale, 64 * scale)
    for name, (x, y) in zip(KEYPOINTS, fan_px().tolist(), strict=True):
        assert colour_at(picture, x * scale, y * scale) == pytest.approx(FINGER_COLOURS[finger_of(name)], abs=0.01)


def test_every_bone_is_drawn_in_its_childs_colour() -> None:
    picture = draw_skeleton(GREY, fan_px(), scale=8)
    for parent, child in BONES:
        x, y = ((fan_px()[parent] + fan_px()[child]) / 2 * 8).tolist()
        assert colour_at(picture, x, y) == pytest.approx(FINGER_COLOURS[finger_of(KEYPOINTS[child])], abs=0.01)


def test_a_mirrored_hand_on_a_mirrored_image_gives_the_mirrored_picture() -> None:
    image = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    picture = np.asarray(draw_skeleton(image, fan_px()), dtype=float)

    def difference(width_px: float) -> float:
        mirrored_px = fan_px() * torch.tensor([-1.0, 1.0]) + torch.tensor([width_px, 0.0])
        mirrored = np.asarray(draw_skeleton(image.flip(-1), mirrored_px), dtype=float)
        return float(np.abs(picture - mirrored[:, ::-1]).mean())

    assert difference(64) < 2  # Pillow rounds lines to whole pixels of the large layer, a quarter of a pixel here
    assert difference(63) > 3 * difference(64)  # the mirror that forgets where pixel centres are


def test_confidence_hides_and_fades() -> None:
    confidence = torch.ones(21)
    hidden, doubtful = KEYPOINTS.index("index_tip"), KEYPOINTS.index("ring_tip")
    confidence[hidden], confidence[doubtful] = 0.0, 0.5
    picture = draw_skeleton(GREY, fan_px(), confidence=confidence, scale=4)
    x, y = (fan_px()[hidden] * 4).tolist()
    assert colour_at(picture, x, y) == pytest.approx((0.5, 0.5, 0.5), abs=0.01)
    x, y = (fan_px()[doubtful] * 4).tolist()
    halfway = [(0.5 + value) / 2 for value in FINGER_COLOURS["ring"]]
    assert colour_at(picture, x, y) == pytest.approx(halfway, abs=0.01)


def test_what_is_not_finite_or_far_outside_does_no_harm() -> None:
    points = fan_px()
    points[8] = torch.nan
    points[12] = torch.tensor([1e7, -1e7])
    picture = draw_skeleton(GREY, points)
    assert colour_at(picture, 32 * 4, 60 * 4) == pytest.approx(FINGER_COLOURS["wrist"], abs=0.01)
    nowhere = draw_skeleton(GREY, torch.full((21, 2), torch.nan))
    assert nowhere.tobytes() == picture_from_image(GREY, scale=4).tobytes()


def test_one_skeleton_lies_over_another() -> None:
    picture = picture_from_image(GREY, scale=4)
    both = overlay_skeleton(overlay_skeleton(picture, fan_px() * 4, colours=TRUTH_COLOURS), fan_px() * 4 + 24)
    assert colour_at(both, 8 * 4, 8 * 4) == pytest.approx((1.0, 1.0, 1.0), abs=0.01)
    assert colour_at(both, 8 * 4 + 24, 8 * 4 + 24) == pytest.approx(FINGER_COLOURS["thumb"], abs=0.01)
    assert colour_at(picture, 8 * 4, 8 * 4) == pytest.approx((0.5, 0.5, 0.5), abs=0.01)


def test_an_image_survives_becoming_a_picture() -> None:
    levels = torch.randint(0, 256, (3, 5, 7), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    picture = picture_from_image(levels / 255)
    assert np.array_equal(np.asarray(picture), levels.permute(1, 2, 0).numpy())
    with pytest.raises(HandcraftError, match="finite"):
        picture_from_image(torch.full((3, 4, 4), torch.nan))
    with pytest.raises(HandcraftError, match="`scale`"):
        picture_from_image(GREY, scale=0)


def test_a_contact_sheet_keeps_every_picture_and_gives_titles_room() -> None:
    colours = [(200, 10 * row, 20 * column) for row in range(2) for column in range(3)]
    pictures = [Image.new("RGB", (40, 30), colour) for colour in colours]
    rows = [pictures[:3], pictures[3:]]
    bare = contact_sheet(rows, gap_px=5)
    assert bare.size == (3 * 40 + 4 * 5, 2 * 30 + 3 * 5)
    for index, colour in enumerate(colours):
        assert bare.getpixel((5 + (index % 3) * 45 + 20, 5 + (index // 3) * 35 + 15)) == colour
    titled = contact_sheet(rows, row_titles=["a", "b"], column_titles=list("xyz"), gap_px=5)
    assert titled.width == bare.width
    assert titled.height > bare.height + 3 * 13
    counts = {colour: count for count, colour in titled.getcolors(maxcolors=10_000)}
    assert all(counts[colour] == 40 * 30 for colour in colours)


def test_rows_keep_every_picture_in_order() -> None:
    pictures = [Image.new("RGB", (1, 1), (index, 0, 0)) for index in range(7)]
    rows = in_rows(pictures, 3)
    assert [len(row) for row in rows] == [3, 3, 1]
    assert [picture for row in rows for picture in row] == pictures


@pytest.mark.parametrize(("size_px", "scale"), [(32, 5), (64, 2), (160, 1), (161, 1), (500, 1)])
def test_small_pictures_are_shown_larger_by_whole_factors(size_px: int, scale: int) -> None:
    assert whole_scale(size_px) == scale


def test_contact_sheet_says_what_is_wrong() -> None:
    picture = Image.new("RGB", (8, 8))
    with pytest.raises(HandcraftError, match="at least one picture"):
        contact_sheet([[], []])
    with pytest.raises(HandcraftError, match="`row_titles` to hold 1 titles or none, but got 2"):
        contact_sheet([[picture]], row_titles=["a", "b"])
    with pytest.raises(HandcraftError, match="`column_titles`"):
        contact_sheet([[picture, picture]], column_titles=["a"])


def test_the_colours_cover_every_finger() -> None:
    assert {finger_of(name) for name in KEYPOINTS} == {*FINGERS, "wrist"} == set(FINGER_COLOURS) == set(TRUTH_COLOURS)
