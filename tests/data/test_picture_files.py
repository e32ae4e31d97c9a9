# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from handcraft.data.picture_files import open_picture, picture_files, write_picture
from handcraft.errors import HandcraftError
from tests.data.photographs.make import scene, write_photographs, write_turned

LOSSLESS = {
    "rgb.png": {},
    "grey.png": {"mode": "L"},
    "bits.png": {"mode": "1"},
    "palette.png": {"mode": "P"},
    "sixteen.png": {"mode": "I;16"},
    "sixteen.tif": {"mode": "I;16"},
    "cmyk.tif": {"mode": "CMYK"},
    "rgb.bmp": {},
    "rgb.tiff": {},
    "whole.webp": {"lossless": True},
    "alpha.webp": {"mode": "RGBA", "lossless": True},
    "alpha.png": {"mode": "RGBA"},
    "grey alpha.png": {"mode": "LA"},
    "name of another.png": {"format": "BMP"},
}


def stored(path, mode="RGB", **options):
    """The scene in another mode; the left half is transparent where there is alpha, the right one just not quite."""
    picture = Image.fromarray(scene())
    if mode == "I;16":
        picture = Image.fromarray(np.arange(12 * 16, dtype=np.uint16).reshape(12, 16) * 341)
    elif mode in ("RGBA", "LA"):
        picture = picture.convert(mode)
        picture.putalpha(Image.fromarray(np.repeat(np.uint8([[0] * 8 + [255] * 6 + [204, 102]]), 12, axis=0)))
    elif mode != "RGB":
        picture = picture.convert(mode)
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("name", LOSSLESS)
def test_what_is_written_unchanged_reads_the_same(tmp_path, name):
    path = stored(tmp_path / name, **LOSSLESS[name])
    picture = open_picture(path)
    write_picture(tmp_path / "out" / name, picture.image, like=path)
    again = open_picture(tmp_path / "out" / name)
    tolerance = 1.5 / 255 if "alpha" in name else 0.0
    assert (again.image - picture.image).abs().max() <= tolerance
    assert (again.mask is None) == (picture.mask is None) == ("alpha" not in name)
    with Image.open(path) as before, Image.open(tmp_path / "out" / name) as after:
        assert after.format == before.format
        if before.mode in ("L", "I;16", "RGB", "RGBA"):
            assert after.mode == before.mode


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_change_of_colour_arrives(tmp_path, name):
    path = stored(tmp_path / name, **LOSSLESS[name])
    changed = torch.linspace(0, 1, 3 * 12 * 16).reshape(3, 12, 16)
    if "alpha" in name:
        changed = changed * 0.3  # no more than 102 of 255 show over black
        changed[:, :, :8] = 0
    write_picture(tmp_path / "out" / name, changed, like=path)
    again = open_picture(tmp_path / "out" / name).image
    assert (again - changed).abs().max() <= (1.5 if "alpha" in name else 0.51) / 255


@pytest.mark.parametrize("name", ["lossy.jpg", "lossy.jpeg", "lossy.webp"])
def test_lossy_pictures_stay_lossy_and_close(tmp_path, name):
    Image.fromarray(np.kron(scene(), np.ones((8, 8, 1), np.uint8))).save(tmp_path / name, quality=80)
    picture = open_picture(tmp_path / name)
    write_picture(tmp_path / "out" / name, picture.image, like=tmp_path / name)
    assert (open_picture(tmp_path / "out" / name).image - picture.image).abs().mean() < 0.01
    assert (b"VP8L" in (tmp_path / "out" / name).read_bytes()) is False


def test_what_is_opaque_is_the_mask(tmp_path):
    mask = open_picture(stored(tmp_path / "a.png", mode="RGBA")).mask
    assert mask.equal((torch.arange(16) >= 8).logical_and(torch.arange(16) < 15).expand(12, 16))
    Image.fromarray(scene()).convert("RGBA").save(tmp_path / "opaque.png")
    assert open_picture(tmp_path / "opaque.png").mask is None


def test_pictures_come_out_upright_and_say_so(tmp_path):
    write_turned(tmp_path / "turned.jpg")
    picture = open_picture(tmp_path / "turned.jpg")
    assert picture.image.shape == (3, 12, 16)
    write_picture(tmp_path / "out.jpg", picture.image, like=tmp_path / "turned.jpg")
    with Image.open(tmp_path / "out.jpg") as out:
        assert out.size == (16, 12)
        assert not out.getexif()
    assert (open_picture(tmp_path / "out.jpg").image - picture.image).abs().mean() < 0.02


def test_a_cut_out_that_lies_on_its_side_keeps_its_mask(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(stored(tmp_path / "a.png", mode="RGBA")) as upright:
        upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    first, turned = open_picture(tmp_path / "a.png"), open_picture(tmp_path / "turned.png")
    assert turned.mask.equal(first.mask)
    assert turned.image.equal(first.image)


def test_the_colour_profile_of_rgb_is_kept_and_that_of_others_is_not(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, mode in (("rgb.png", "RGB"), ("cmyk.tif", "CMYK")):
        path = stored(tmp_path / name, mode=mode, icc_profile=profile)
        write_picture(tmp_path / "out" / name, open_picture(path).image, like=path)
    with Image.open(tmp_path / "out" / "rgb.png") as rgb, Image.open(tmp_path / "out" / "cmyk.tif") as cmyk:
        assert rgb.info["icc_profile"] == profile
        assert "icc_profile" not in cmyk.info


def test_another_size_drops_the_transparency(tmp_path):
    path = stored(tmp_path / "a.png", mode="RGBA")
    write_picture(tmp_path / "out.png", torch.full((3, 5, 7), 0.2), like=path)
    with Image.open(tmp_path / "out.png") as out:
        assert (out.size, out.mode) == ((7, 5), "RGB")


def test_pictures_keep_their_names_and_a_single_one_is_a_folder_of_one(tmp_path):
    write_photographs(tmp_path / "in")
    names = [file.name.as_posix() for file in picture_files(tmp_path / "in")]
    assert names == sorted(names)
    assert "deep/er/CAPITAL.JPG" in names
    assert ".hidden.png" not in names
    assert all(file.path == tmp_path / "in" / file.name for file in picture_files(tmp_path / "in"))
    single = picture_files(tmp_path / "in" / "deep" / "old.bmp")
    assert [(file.path.name, file.name.as_posix()) for file in single] == [("old.bmp", "old.bmp")]


def test_pictures_that_cannot_be_read_are_named_in_one_line(tmp_path):
    write_photographs(tmp_path)
    for name in ("broken.jpg", "short.png", "empty.tiff", "gone.png"):
        with pytest.raises(HandcraftError, match=rf"{name} to be a picture, but it cannot be read") as caught:
            open_picture(tmp_path / name)
        assert "\n" not in str(caught.value)
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "floats.tif")
    with pytest.raises(HandcraftError, match=r"floats\.tif to be a picture of integers, but got floating-point"):
        open_picture(tmp_path / "floats.tif")
    with pytest.raises(HandcraftError, match=r"gone to be a picture or a folder of pictures"):
        picture_files(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(HandcraftError, match=r"pictures \(\.jpg .*\) in .*empty, but found none"):
        picture_files(tmp_path / "empty")


def test_large_photographs_are_read_and_attacks_are_not(tmp_path, monkeypatch):
    path = stored(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 12 * 16 - 1)  # warns up to twice as much
    assert open_picture(path).image.shape == (3, 12, 16)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 12 * 16 // 3)
    with pytest.raises(HandcraftError, match=r"a\.png to be a picture, but it cannot be read: .*exceeds limit"):
        open_picture(path)


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path):
    path = stored(tmp_path / "a.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(HandcraftError, match=r"text\.png to be of a format that can be written"):
        write_picture(tmp_path / "out" / "text.png", open_picture(path).image, like=tmp_path / "text.png")
    assert not (tmp_path / "out").exists()
    write_picture(path, torch.zeros(3, 12, 16), like=path)
    assert open_picture(path).image.max() == 0
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []
