# SPDX-License-Identifier: Apache-2.0
import io
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from handcraft.data import pixels
from handcraft.errors import HandcraftError
from tests.data.photographs.make import scene, write_turned
from tests.data.shards.make import sample


def expected_scene():
    return torch.from_numpy(scene()).permute(2, 0, 1).float() / 255


def saved(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_colours_are_the_bytes_over_255(kind):
    assert pixels.read_photograph(saved(Image.fromarray(scene()), kind)).equal(expected_scene())


def test_a_photograph_is_turned_as_its_exif_says(tmp_path):
    write_turned(tmp_path / "turned.jpg")
    shown = pixels.read_photograph(tmp_path / "turned.jpg")
    assert shown.shape == (3, 12, 16)
    assert (shown - expected_scene()).abs().median() < 0.01
    assert (shown - expected_scene()).abs().mean() < 0.03


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_show_the_same_scene(orientation):
    undo = [None, None, 0, 3, 1, 5, 2, 6, 4][orientation]  # the transpose that a camera of this orientation did
    stored = Image.fromarray(scene()) if undo is None else Image.fromarray(scene()).transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert pixels.read_photograph(saved(stored, "PNG", exif=exif)).equal(expected_scene())


def test_grey_is_repeated_and_sixteen_bits_keep_their_steps():
    ramp = np.arange(0, 65535, 300, dtype=np.uint16)[None].repeat(2, 0)
    sixteen = pixels.read_photograph(saved(Image.fromarray(ramp)))
    assert torch.allclose(sixteen, torch.from_numpy(ramp.astype(np.float32) / 65535).expand(3, -1, -1))
    grey = pixels.read_photograph(saved(Image.fromarray(np.uint8([[0, 51, 255]]))))
    assert grey.tolist() == [[[0, pytest.approx(0.2), 1]]] * 3


def test_what_is_transparent_is_black():
    colours = np.uint8([[[200, 100, 50, 255], [200, 100, 50, 0]]])
    shown = pixels.read_photograph(saved(Image.fromarray(colours)))
    assert (shown[:, 0, 0] * 255).tolist() == pytest.approx([200, 100, 50])
    assert shown[:, 0, 1].tolist() == [0, 0, 0]
    palette = Image.fromarray(np.uint8([[0, 1]])).convert("P")
    palette.putpalette([250, 250, 250, 250, 0, 0])
    shown = pixels.read_photograph(saved(palette, transparency=0))
    assert shown[0, 0].tolist() == [0, pytest.approx(250 / 255)]


def test_four_colour_prints_and_bilevel_scans_are_read():
    red = pixels.read_photograph(saved(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "TIFF"))
    assert red[:, 0, 0].tolist() == pytest.approx([1, 0, 0], abs=0.02)
    assert pixels.read_photograph(saved(Image.new("1", (4, 4), 1))).min() == 1


def test_files_that_are_no_pictures_say_so(tmp_path):
    with pytest.raises(HandcraftError, match="Expected a picture, but it cannot be read"):
        pixels.read_photograph(io.BytesIO(b"nonsense"))
    with pytest.raises(HandcraftError, match=r"gone\.png"):
        pixels.read_photograph(tmp_path / "gone.png")
    with pytest.raises(HandcraftError, match="floating-point pixels"):
        pixels.read_photograph(saved(Image.fromarray(np.float32([[0.5]])), "TIFF"))
    whole = saved(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)), "JPEG").getvalue()
    for length in (3, 100, len(whole) // 2, len(whole) - 200):
        with pytest.raises(HandcraftError, match="Expected a picture, but it cannot be read"):
            pixels.read_photograph(io.BytesIO(whole[:length]))


def test_a_broken_picture_is_let_go_of(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(HandcraftError):
        pixels.read_photograph(tmp_path / "a" / "broken.png")
    shutil.rmtree(tmp_path / "a")


def test_pictures_come_back_as_exactly_as_their_bits_allow():
    whole = sample(3)
    assert pixels.read_photograph(io.BytesIO(pixels.png_from_rgb(whole.image))).equal(whole.image)
    assert pixels.mask_from_png(pixels.png_from_mask(whole.mask)).equal(whole.mask)
    assert pixels.parts_from_png(pixels.png_from_parts(whole.parts)).equal(whole.parts)
    depth_m = pixels.depth_from_png(pixels.png_from_depth(whole.depth_m))
    assert (depth_m - whole.depth_m).abs().max() < 0.5001e-4
    assert (depth_m == 0).equal(whole.depth_m < 0.5e-4)
    normals = pixels.normals_from_png(pixels.png_from_normals(whole.normals))
    assert (normals - whole.normals).abs().max() < 0.5001 / 127
    assert (normals[:, whole.depth_m == 0] == 0).all()


def test_flow_and_vertices_come_back_as_exactly_as_their_bits_allow():
    whole = sample(3)
    flow_px = whole.flow_px + 0.013
    again = pixels.flow_from_png(pixels.png_from_flow(flow_px))
    assert (again - flow_px).abs().max() <= 0.5001 / 32
    assert pixels.flow_from_png(pixels.png_from_flow(torch.zeros(2, 3, 4))).equal(torch.zeros(2, 3, 4))
    assert pixels.numbers_from_npy(pixels.npy_from_numbers(whole.vertices_m)).equal(whole.vertices_m)


def test_a_file_of_numbers_that_would_run_something_is_refused():
    buffer = io.BytesIO()
    np.save(buffer, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        pixels.numbers_from_npy(buffer.getvalue())


@pytest.mark.parametrize("flow", [1024.0, -1025.0, float("nan"), float("inf")])
def test_flows_out_of_range_are_refused(flow):
    with pytest.raises(HandcraftError, match="`flow_px` within 1023 px"):
        pixels.png_from_flow(torch.full((2, 2, 2), flow))


def test_a_jpeg_keeps_colours_within_a_few_steps():
    image = expected_scene().repeat_interleave(4, 1).repeat_interleave(4, 2)
    again = pixels.read_photograph(io.BytesIO(pixels.jpg_from_rgb(image)))
    assert (again - image).abs().mean() < 2 / 255


def test_values_outside_the_range_are_cut_and_depths_refused():
    assert pixels.read_photograph(io.BytesIO(pixels.png_from_rgb(torch.full((3, 2, 2), 1.7)))).max() == 1
    for depth in (-0.1, 7.0, float("nan")):
        with pytest.raises(HandcraftError, match=r"`depth_m` in 0 to 6\.5535 m"):
            pixels.png_from_depth(torch.full((2, 2), depth))
