# SPDX-License-Identifier: Apache-2.0
"""Plain pictures keep names, formats and sizes; what cannot be read is named and stops nothing."""

import pytest
import torch
from PIL import Image

from handcraft.data import open_picture
from handcraft.errors import HandcraftError
from handcraft.refine import refine_pictures
from tests.refine.toy import refiner


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    Image.new("RGB", (17, 20), (200, 120, 90)).save(folder / "one.jpg")
    Image.new("L", (16, 9), 90).save(folder / "more" / "grey.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_a_folder_keeps_names_formats_and_sizes(pictures, tmp_path):
    count, skipped = refine_pictures(refiner(), pictures, tmp_path / "out")
    assert count == 2
    assert [file.path for file in skipped] == [str(pictures / "broken.png")]
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert written == ["more/grey.png", "one.jpg"]
    with Image.open(tmp_path / "out" / "one.jpg") as refined:
        assert (refined.format, refined.size) == ("JPEG", (17, 20))


def test_one_picture_is_refined_as_itself(pictures, tmp_path):
    refine = refiner()
    assert refine_pictures(refine, pictures / "more" / "grey.png", tmp_path / "out") == (1, [])
    expected = refine(torch.full((1, 3, 9, 16), 90 / 255))[0]
    torch.testing.assert_close(open_picture(tmp_path / "out" / "grey.png").image, expected, rtol=0, atol=0.51 / 255)


def test_sources_are_not_written_over(pictures, tmp_path):
    with pytest.raises(HandcraftError, match=r"Expected `target` to be another folder than `source`"):
        refine_pictures(refiner(), pictures / "one.jpg", pictures)
    with pytest.raises(HandcraftError, match=r"there is no such file"):
        refine_pictures(refiner(), pictures / "none.png", tmp_path / "out")
