# SPDX-License-Identifier: Apache-2.0
"""``handcraft render`` before the user's photographs: they belong to the data set's description."""

from pathlib import Path

import pytest
from PIL import Image

from handcraft.cli import main


def save(path: Path, grey: int) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (30, 20), (grey, grey, grey)).save(path)


def render(folder: Path, count: int, *options: str) -> int:
    photographs = ["--backdrop", "photographs", "--photographs.folder", str(folder / "photographs")]
    size = ["--size-px", "16", "--samples-per-shard", "2", "--workers", "1"]
    return main(["render", "--out", str(folder / "out"), "--count", str(count), *size, *photographs, *options])


def test_a_set_is_continued_before_the_same_photographs_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "photographs" / "a.png", 90)
    assert render(tmp_path, 2) == 0
    assert render(tmp_path, 4) == 0
    save(tmp_path / "photographs" / "b.png", 200)
    assert render(tmp_path, 6) == 2
    assert "made with the same description" in capsys.readouterr().err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_photographs_that_cannot_be_read_are_counted_and_named_when_the_set_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: str
) -> None:
    """Every other one of ten, damaged after its header; 60 samples want all of them."""
    for number in range(10):
        save(tmp_path / "photographs" / f"{number}.png", 20 * number)
    for number in range(1, 10, 2):
        path = tmp_path / "photographs" / f"{number}.png"
        path.write_bytes(path.read_bytes()[:-30])
    assert render(tmp_path, 60, "--workers", workers) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "could not be read" in line)
    assert line.startswith(f"5 of the 10 photographs in {tmp_path / 'photographs'} could not be read")
    assert line.endswith(": 1.png, 3.png, 5.png and 2 more")


def test_where_all_photographs_can_be_read_nothing_is_said_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "photographs" / "a.png", 90)
    assert render(tmp_path, 2) == 0
    assert "could not be read" not in capsys.readouterr().out


def test_an_empty_folder_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photographs").mkdir()
    assert render(tmp_path, 2) == 2
    message = capsys.readouterr().err
    assert "found none; name a folder with photographs" in message
    assert len(message.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
