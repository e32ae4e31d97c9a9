# SPDX-License-Identifier: Apache-2.0
"""``handcraft render`` before the user's photographs: they belong to the data set's description."""

from pathlib import Path

import pytest
from PIL import Image

from handcraft.cli import main


def save(path: Path, grey: int) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (30, 20), (grey, grey, grey)).save(path)


def render(folder: Path, count: int) -> int:
    photographs = ["--backdrop", "photographs", "--photographs.folder", str(folder / "photographs")]
    size = ["--size-px", "16", "--samples-per-shard", "2", "--workers", "1"]
    return main(["render", "--out", str(folder / "out"), "--count", str(count), *size, *photographs])


def test_a_set_is_continued_before_the_same_photographs_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "photographs" / "a.png", 90)
    assert render(tmp_path, 2) == 0
    assert render(tmp_path, 4) == 0
    save(tmp_path / "photographs" / "b.png", 200)
    assert render(tmp_path, 6) == 2
    assert "made with the same description" in capsys.readouterr().err


def test_an_empty_folder_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photographs").mkdir()
    assert render(tmp_path, 2) == 2
    message = capsys.readouterr().err
    assert "found none; name a folder with photographs" in message
    assert len(message.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
