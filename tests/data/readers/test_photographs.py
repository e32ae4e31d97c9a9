# SPDX-License-Identifier: Apache-2.0
import weakref

import pytest
import torch

from handcraft.data import PhotographFolder
from handcraft.errors import HandcraftError
from tests.data.photographs.make import scene, write_photographs

READABLE = ["cutout", "deep_er_CAPITAL", "deep_old", "grey", "plain", "scan", "sixteen", "turned", "web"]


@pytest.fixture
def folder(tmp_path):
    write_photographs(tmp_path / "my photographs")
    return tmp_path / "my photographs"


def test_every_picture_is_read_in_the_order_of_its_path(folder):
    reader = PhotographFolder(folder)
    samples = list(reader)
    assert [each.key for each in samples] == READABLE
    assert len(reader) == 12
    assert all(each.subject == each.key and each.side == "unknown" and each.is_real for each in samples)
    assert {each.source for each in samples} == {"my photographs"}
    assert all(each.image.shape == (3, 12, 16) for each in samples)
    assert all(each.image.min() >= 0 and each.image.max() <= 1 for each in samples)


def test_whatever_the_kind_of_file_the_scene_is_the_same(folder):
    expected = torch.from_numpy(scene()).permute(2, 0, 1).float() / 255
    images = {each.key: each.image for each in PhotographFolder(folder)}
    for key in ("plain", "deep_old", "scan", "web"):
        assert images[key].equal(expected), key
    for key in ("deep_er_CAPITAL", "turned"):
        assert (images[key] - expected).abs().mean() < 0.03, key
    assert images["cutout"][:, :, :8].max() == 0
    assert images["cutout"][:, :, 8:].equal(expected[:, :, 8:])
    assert (images["grey"][0] - images["grey"][2]).abs().max() == 0
    assert (images["sixteen"][0].flatten() - torch.linspace(0, 1, 192)).abs().max() < 1e-5


def test_what_is_opaque_of_a_cut_out_is_its_mask(folder):
    masks = {each.key: each.mask for each in PhotographFolder(folder)}
    assert [key for key, mask in masks.items() if mask is not None] == ["cutout"]
    assert masks["cutout"][:, 8:].all()
    assert not masks["cutout"][:, :8].any()


def test_files_that_cannot_be_read_are_listed_each_time(folder):
    reader = PhotographFolder(folder)
    for _ in range(2):
        assert len(list(reader)) == 9
        assert [skipped.path for skipped in reader.skipped] == ["broken.jpg", "empty.tiff", "short.png"]
        assert all("cannot be read" in skipped.reason for skipped in reader.skipped)


def test_a_folder_without_a_readable_picture_is_told(tmp_path):
    for name in ("b.png", "a.jpg"):
        (tmp_path / name).write_bytes(b"half a picture")
    with pytest.raises(HandcraftError, match=r"none of its 2 can, such as a\.jpg; copy them again"):
        list(PhotographFolder(tmp_path))


def test_names_that_would_clash_stay_apart(tmp_path):
    write_photographs(tmp_path / "a b")
    picture = (tmp_path / "a b" / "plain.png").read_bytes()
    folder = tmp_path / "clash"
    (folder / "x").mkdir(parents=True)
    for name in ("x_y.png", "x/y.png", "x_y.PNG", "x y.png", "ü.png", "single.png"):
        (folder / name).write_bytes(picture)
    keys = [each.key for each in PhotographFolder(folder)]
    assert len(set(keys)) == len(keys) == 6
    assert "single" in keys
    (folder / "x" / "y.png").unlink()
    assert set(each.key for each in PhotographFolder(folder)) < set(keys)


def test_a_set_may_be_named_and_said_not_to_be_real(folder):
    reader = PhotographFolder(folder, name="simulated photographs", is_real=False)
    assert (reader.name, reader.is_real) == ("simulated photographs", False)
    first = next(iter(reader))
    assert (first.source, first.is_real) == ("simulated photographs", False)


def test_one_picture_is_held_at_a_time(folder):
    alive = weakref.WeakSet()
    for each in PhotographFolder(folder):
        alive.add(each)
        assert len(alive) <= 2


def test_a_folder_that_is_missing_or_empty_is_told(tmp_path):
    with pytest.raises(HandcraftError, match="there is no such folder"):
        PhotographFolder(tmp_path / "gone")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / ".hidden.jpg").touch()
    with pytest.raises(HandcraftError, match=r"Expected photographs \(\.jpg .*\) in .*, but found none"):
        PhotographFolder(tmp_path)
