# SPDX-License-Identifier: Apache-2.0
"""Every kind of picture is read as the rest of handcraft reads it, upright, and no finer than it has to be."""

import numpy as np
import pytest
from PIL import Image

from handcraft.data.pixels import read_photograph
from handcraft.errors import HandcraftError
from handcraft.predict.pictures import open_picture, whole_image
from tests.predict.networks import dots, keypoints_of, turned, upright_hand, write_networks

UPRIGHT_FROM_STORED = {  # by Exif's own words: where the first row and the first column lie in the picture as shown
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: stored.swapaxes(0, 1)[:, ::-1],
    7: lambda stored: stored.swapaxes(0, 1)[::-1, ::-1],
    8: lambda stored: stored.swapaxes(0, 1)[::-1],
}
STORED_FROM_UPRIGHT = UPRIGHT_FROM_STORED | {6: UPRIGHT_FROM_STORED[8], 8: UPRIGHT_FROM_STORED[6]}


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    return write_networks(tmp_path_factory.mktemp("networks"))


def colourful(mode):
    values = np.random.default_rng(3).integers(0, 256, (12, 15, 4), dtype=np.uint8)
    if mode == "I;16":
        return Image.fromarray(values[..., 0].astype(np.uint16) * 257 + 99)
    return Image.fromarray(values, "RGBA" if mode in ("RGBA", "LA", "P") else "RGBX").convert(mode)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("RGB", "png"), ("L", "png"), ("LA", "png"), ("P", "png"), ("1", "png"), ("RGBA", "png"), ("I;16", "png"),
     ("RGBA", "webp"), ("CMYK", "tif"), ("RGB", "bmp"), ("CMYK", "jpg"), ("L", "jpg"), ("I;16", "tif")],
)  # fmt: skip
def test_pixels_are_those_that_the_rest_of_handcraft_reads(tmp_path, mode, suffix):
    path = tmp_path / f"picture.{suffix}"
    colourful(mode).save(path)
    truth = (read_photograph(path) * 255).permute(1, 2, 0).numpy()
    assert np.abs(np.asarray(whole_image(open_picture(path)), np.float64) - truth).max() < 1
    with Image.open(path) as opened:
        assert np.abs(np.asarray(whole_image(open_picture(opened)), np.float64) - truth).max() < 1


@pytest.mark.parametrize("shape", [(12, 15), (12, 15, 1), (12, 15, 3), (12, 15, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_array_is_what_its_file_is(tmp_path, shape, dtype):
    values = np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)
    scaled = values.astype(dtype) * (257 if dtype == np.uint16 else 1)
    Image.fromarray(values.squeeze()).save(tmp_path / "same.png")
    found = np.asarray(whole_image(open_picture(scaled)))
    assert np.array_equal(found, np.asarray(whole_image(open_picture(tmp_path / "same.png"))))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(400, 304), (401, 299)])
def test_keypoints_are_in_the_picture_as_it_is_shown(predictor, tmp_path, orientation, size):
    hand = turned(upright_hand(), 0.8, (200, 150))
    stored = STORED_FROM_UPRIGHT[orientation](dots(*size, hand, radius_px=6.0))
    exif = Image.Exif()
    exif[0x0112] = orientation
    noisy = {"quality": 95, "subsampling": 0}
    for suffix, options, within_px in (("jpg", noisy, 0.4), ("png", {}, 0.05)):
        path = tmp_path / f"turned.{suffix}"
        Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif, **options)
        with Image.open(path) as opened:
            for image in (path, opened):
                (found,) = predictor.hands(image)
                assert np.abs(found.keypoints_px - keypoints_of(hand)).max() < within_px


@pytest.mark.parametrize("size", [(1600, 1200), (1603, 1197), (3, 900), (17, 5)])
@pytest.mark.parametrize("reduction", [1.0, 1.9, 2.0, 5.0, 50.0])
def test_a_jpeg_is_decoded_no_finer_than_needed_and_never_coarser(tmp_path, size, reduction):
    path = tmp_path / "picture.jpg"
    Image.fromarray(np.full((*size[::-1], 3), (200, 90, 30), np.uint8)).save(path, quality=95)
    picture = open_picture(path)
    part = picture.part((0, 0, *size), reduction)
    assert part.reduction <= reduction < 2 * part.reduction or part.reduction == 8 or min(size) < reduction
    assert part.image.size == tuple(-(-side // part.reduction) for side in size)
    assert np.abs(np.asarray(part.image, int) - (200, 90, 30)).max() <= 3
    assert whole_image(picture).size == size == (picture.width, picture.height)


def test_a_jpeg_that_is_there_in_fine_is_not_decoded_in_coarse(tmp_path):
    path = tmp_path / "picture.jpg"
    Image.fromarray(np.zeros((160, 160, 3), np.uint8)).save(path)
    picture = open_picture(path)
    fine = picture.part((0, 0, 160, 160), 2.0)
    path.unlink()
    assert picture.part((0, 0, 160, 160), 8.0).image is fine.image


@pytest.mark.parametrize("orientation", [1, 3])
def test_reduced_decoding_moves_no_keypoint(predictor, tmp_path, orientation):
    hand = turned(upright_hand(), 2.2, (200, 150)) * 4
    picture = dots(1603, 1197, hand, radius_px=24.0)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED_FROM_UPRIGHT[orientation](picture))
    Image.fromarray(stored).save(tmp_path / "large.jpg", quality=95, exif=exif)
    (found,) = predictor.hands(tmp_path / "large.jpg")
    assert np.abs(found.keypoints_px - keypoints_of(hand)).max() < 0.5


def cut_short(path, suffix):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path, suffix)
    path.write_bytes(path.read_bytes()[:1500])
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path, "there is no such file"),
        (lambda path: path.write_text("words") and path, "of no known kind"),
        (lambda path: path.write_bytes(b"") or path, "of no known kind"),
        (lambda path: cut_short(path, "JPEG"), "cannot be read"),
        (lambda path: cut_short(path, "PNG"), "cannot be read"),
        (lambda path: Image.fromarray(np.zeros((4, 4), np.float32)).save(path, "TIFF") or path, "range is unknown"),
    ],
)
def test_what_is_no_picture_is_told_in_one_line_that_names_it(predictor, tmp_path, make, said):
    path = make(tmp_path / "file.jpg")
    with pytest.raises(HandcraftError, match=said) as caught:
        predictor.hands(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((4, 4, 3), np.float32), "uint8 or uint16, but got float32"),
        (np.zeros((4, 4, 2), np.uint8), "height x width"),
        (np.zeros((0, 4, 3), np.uint8), "height x width"),
        (np.zeros(4, np.uint8), "height x width"),
    ],
)
def test_what_is_no_array_of_pixels_is_refused(image, said):
    with pytest.raises(HandcraftError, match=said):
        open_picture(image)


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (5000, 1), (3000, 2500)])
def test_tiny_narrow_and_huge_pictures_are_looked_at(predictor, size):
    assert predictor.hands(np.zeros((*size, 3), np.uint8)) == []
    picture = np.full((*size, 3), 255, np.uint8)
    assert len(predictor.hands(picture, boxes=[(0.0, 0.0, float(size[1]), float(size[0]))])) == 1
