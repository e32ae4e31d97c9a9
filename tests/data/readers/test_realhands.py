# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from handcraft.data.readers import RealHands
from handcraft.errors import HandcraftError
from tests.data.realhands import make


@pytest.fixture
def folder(tmp_path):
    make.write_realhands(tmp_path / "RealHands")
    return tmp_path / "RealHands"


def box():
    expected = torch.zeros(make.HEIGHT_PX, make.WIDTH_PX, dtype=torch.bool)
    expected[make.ROWS, make.COLUMNS] = True
    return expected


def test_every_photograph_with_a_hand_has_a_mask_made_of_itself(folder):
    reader = RealHands(folder)
    samples = list(reader)
    assert [each.key for each in samples] == ["more_user02-0001", "more_user02-0002", "user01-0001", "user01-0002"]
    assert [each.subject for each in samples] == ["more_user02"] * 2 + ["user01"] * 2
    assert {(each.side, each.is_real, each.source) for each in samples} == {("unknown", True, "RealHands")}
    for each in samples:
        assert not (each.mask & ~box()).any()
        assert each.mask.sum() > 0.85 * box().sum()
    assert [(file.path, "covers 0.0%" in file.reason) for file in reader.skipped] == [
        ("more/user02/color/0003_color.png", True)
    ]


def test_stored_masks_are_read_from_jpeg_and_png_alike(folder):
    reader = RealHands(folder, masks="stored")
    samples = list(reader)
    assert [each.key for each in samples] == ["more_user02-0001", "more_user02-0003", "user01-0001", "user01-0002"]
    assert all(each.mask.equal(box()) for each in samples)
    assert "there is none, try masks='refined'" in reader.skipped[0].reason


def test_a_low_threshold_takes_in_the_halo_of_jpeg(folder):
    mask = np.zeros((make.HEIGHT_PX, make.WIDTH_PX), np.uint8)
    mask[33:77, 43:87] = 255  # off JPEG's grid of 8 px, so that its edges ring
    make.Image.fromarray(mask).save(folder / "user01" / "mask" / "0001_mask.jpg", quality=75)
    counts = [
        int(
            next(
                each for each in RealHands(folder, masks="stored", threshold=limit) if each.key == "user01-0001"
            ).mask.sum()
        )
        for limit in (10, 128)
    ]
    assert counts[1] == 44 * 44 < counts[0]


def test_masks_that_do_not_fit_are_listed(folder):
    for name, size, value in (("0001", (5, 5), 255), ("0002", (make.WIDTH_PX, make.HEIGHT_PX), 0)):
        make.Image.new("L", size, value).save(folder / "user01" / "mask" / f"{name}_mask.jpg")
    reader = RealHands(folder, masks="stored")
    assert [each.key for each in reader] == ["more_user02-0001", "more_user02-0003"]
    assert "size (96, 128), but it has (5, 5)" in reader.skipped[-2].reason
    assert "no pixel of it is above the threshold" in reader.skipped[-1].reason


def test_mistakes_are_told(folder, tmp_path):
    with pytest.raises(HandcraftError, match=r"photographs like RECORDING/color/NAME_color\.png in .*; found none"):
        RealHands(tmp_path / "gone")
    with pytest.raises(HandcraftError, match="`threshold` to be 1 to 255, but got 0"):
        RealHands(folder, threshold=0)
