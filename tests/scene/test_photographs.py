# SPDX-License-Identifier: Apache-2.0
"""Laws of backdrops cut out of photographs."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand import HandModel
from handcraft.scene import SceneConfig, sample_scenes
from handcraft.scene.photographs import (
    WINDOW_UNIFORMS,
    BackdropConfig,
    BackdropFolder,
    BackdropWindows,
    sample_windows,
)
from handcraft.scene.skin import srgb_from_linear

GREYS = (40, 90, 140, 190, 240)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five even greys in the layout of VOC2012, and masks beside them that are no photographs."""
    for number, grey in enumerate(GREYS):
        save(tmp_path / "JPEGImages" / f"2008_{number}.png", np.full((30, 40, 3), grey, np.uint8))
    save(tmp_path / "SegmentationClass" / "2008_0.png", np.zeros((30, 40, 3), np.uint8))
    return tmp_path


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(pixels).save(path)


def uniform(count: int) -> Tensor:
    return torch.rand(count, WINDOW_UNIFORMS, generator=torch.Generator().manual_seed(0))


def greys_cut(photographs: BackdropFolder, pictures: list[int]) -> list[int]:
    count = len(pictures)
    windows = BackdropWindows(
        torch.tensor(pictures), torch.full((count, 2), 0.5), torch.ones(count), torch.zeros(count).bool()
    )
    cut = srgb_from_linear(photographs.cut(windows, 6, 8))
    assert cut.std((1, 2, 3)).max() < 1e-6
    return (cut[:, 0, 0, 0] * 255).round().int().tolist()


def test_pictures_are_those_of_the_voc_layout_or_of_any_folder_in_sorted_order(folder: Path) -> None:
    assert greys_cut(BackdropFolder(BackdropConfig(folder)), [0, 4, 2]) == [GREYS[0], GREYS[4], GREYS[2]]
    flat = BackdropFolder(BackdropConfig(folder / "JPEGImages"))
    assert greys_cut(flat, [1, 3]) == [GREYS[1], GREYS[3]]


def test_names_on_the_list_are_left_out_and_a_voc_list_says_which_hold_the_class(folder: Path) -> None:
    listed = folder / "person_trainval.txt"
    listed.write_text("2008_0 -1\n2008_1  1\n2008_3  0\n")
    assert greys_cut(BackdropFolder(BackdropConfig(folder, listed)), [0, 1, 2]) == [GREYS[0], GREYS[2], GREYS[4]]
    listed.write_text("2008_0\n2008_1.png\n\n")
    assert greys_cut(BackdropFolder(BackdropConfig(folder, listed)), [0]) == [GREYS[2]]


def test_a_window_shows_its_part_of_the_picture_unstretched(tmp_path: Path) -> None:
    """Red tells the column, green the row."""
    rows, columns = np.mgrid[0:100, 0:200]
    save(tmp_path / "ramp.png", np.stack([columns, rows, 0 * rows], -1).astype(np.uint8))
    photographs = BackdropFolder(BackdropConfig(tmp_path))
    centre, share, straight = torch.tensor([[0.25, 1.0]]), torch.tensor([0.5]), torch.tensor([False])
    window = BackdropWindows(torch.tensor([0]), centre, share, straight)
    cut = srgb_from_linear(photographs.cut(window, 25, 25))[0] * 255  # 50 of 100 px a side, halved
    left, top = 0.25 * 150, 1.0 * 50
    steps = 2 * torch.arange(25) + 0.5
    torch.testing.assert_close(cut[0, 12], left + steps, atol=1.0, rtol=0)
    torch.testing.assert_close(cut[1, :, 12], top + steps, atol=1.0, rtol=0)
    mirrored = photographs.cut(dataclasses.replace(window, mirrored=~straight), 25, 25)
    torch.testing.assert_close(srgb_from_linear(mirrored)[0].flip(-1) * 255, cut)
    moved = window.towards(torch.tensor([[0.75, 0.0]]), torch.tensor([0.5]))
    assert moved.centre.tolist() == [[0.5, 0.5]]


def test_windows_fall_on_all_pictures_and_sizes_that_were_asked_for() -> None:
    windows = sample_windows(uniform(500), 5, BackdropConfig(window=(0.3, 0.6)))
    assert torch.bincount(windows.picture).min() > 60
    assert len(torch.bincount(windows.picture)) == 5
    assert 0.3 <= windows.share.min() < 0.32
    assert 0.58 < windows.share.max() <= 0.6
    assert 0.4 < windows.mirrored.float().mean() < 0.6


def test_a_picture_that_cannot_be_read_is_replaced_by_the_next_and_listed(folder: Path) -> None:
    broken = folder / "JPEGImages" / "2008_1.png"
    broken.write_bytes(broken.read_bytes()[:60])
    photographs = BackdropFolder(BackdropConfig(folder))
    assert greys_cut(photographs, [0, 1, 1, 2]) == [GREYS[0], GREYS[2], GREYS[2], GREYS[2]]
    assert photographs.skipped == {Path("2008_1.png")}


def test_folders_without_a_usable_picture_are_refused_with_a_cure(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(HandcraftError, match="no such folder; name another"):
        BackdropFolder(BackdropConfig(tmp_path / "nowhere"))
    with pytest.raises(HandcraftError, match="`folder` of the backdrops to be named"):
        BackdropFolder(BackdropConfig())
    (tmp_path / "empty").mkdir()
    with pytest.raises(HandcraftError, match="found none; name a folder"):
        BackdropFolder(BackdropConfig(tmp_path / "empty"))
    with pytest.raises(HandcraftError, match="list of names, but it cannot be read"):
        BackdropFolder(BackdropConfig(folder, tmp_path / "gone.txt"))
    for path in (folder / "JPEGImages").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(HandcraftError, match=r"none of its 5 can, such as 2008_0\.png; copy them again"):
        greys_cut(BackdropFolder(BackdropConfig(folder)), [3])
    with pytest.raises(HandcraftError, match="`window`"):
        BackdropConfig(window=(0.5, 1.5))


def test_the_fingerprint_tells_whether_the_folder_is_the_same(folder: Path) -> None:
    before = BackdropFolder(BackdropConfig(folder)).fingerprint
    assert BackdropFolder(BackdropConfig(folder)).fingerprint == before
    added = folder / "JPEGImages" / "another.png"
    save(added, np.zeros((5, 5, 3), np.uint8))
    assert BackdropFolder(BackdropConfig(folder)).fingerprint != before
    added.unlink()
    assert BackdropFolder(BackdropConfig(folder)).fingerprint == before
    save(folder / "JPEGImages" / "2008_0.png", np.zeros((31, 77, 3), np.uint8))
    assert BackdropFolder(BackdropConfig(folder)).fingerprint != before


def test_a_scene_before_photographs_depends_on_seed_and_index_only(hand_model: HandModel, folder: Path) -> None:
    config = SceneConfig(backdrop="photographs", photographs=BackdropConfig(folder), size_px=16)
    together, _ = sample_scenes(hand_model, config, 3, [4, 9, 17])
    alone, _ = sample_scenes(hand_model, config, 3, [9])
    assert torch.equal(alone.backdrop[0], together.backdrop[1])
    greys = {round(float(srgb_from_linear(each).mean()) * 255) for each in together.backdrop}
    assert greys <= set(GREYS)
    assert len(greys) > 1
