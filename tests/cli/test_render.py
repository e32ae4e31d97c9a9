# SPDX-License-Identifier: Apache-2.0
"""``handcraft render``: whatever stops it, the same command ends with the bytes of a run that was never stopped."""

import multiprocessing
import os
import time

import pytest
from PIL import Image

from handcraft.cli import main
from handcraft.data import ShardDataset

SMALL = ["--size-px", "24", "--samples-per-shard", "10", "--workers", "1"]


def render(folder, count, *options):
    return main(["render", "--out", str(folder), "--count", str(count), *SMALL, *options])


def without_command(folder):
    """Every byte of the set but the command line it was begun with."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    lines = files["dataset.json"].splitlines()
    return files | {"dataset.json": [line for line in lines if b'"command"' not in line]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("render") / "whole"
    assert render(folder, 45) == 0
    return folder


def test_the_set_has_its_samples_and_a_preview_of_them(whole):
    assert [int(sample.key[-7:]) for sample in ShardDataset(whole)] == list(range(45))
    with Image.open(whole / "preview.png") as preview:
        assert preview.width >= 8 * 24
        assert len(preview.getcolors(1 << 16)) > 50
    assert not list(whole.glob(".*"))


def test_a_set_rendered_bit_by_bit_has_the_same_bytes(whole, tmp_path, capsys):
    for count in (3, 14, 45):  # ends within a shard, within a batch, and neither
        assert render(tmp_path / "parts", count) == 0
    assert "14 samples are there already; 31 to go" in capsys.readouterr().out
    assert without_command(tmp_path / "parts") == without_command(whole)
    assert render(tmp_path / "parts", 45) == 0
    assert without_command(tmp_path / "parts") == without_command(whole)


def test_two_workers_write_the_same_bytes(whole, tmp_path):
    assert render(tmp_path / "set", 45, "--workers", "2") == 0
    assert without_command(tmp_path / "set") == without_command(whole)


def test_a_kill_and_the_same_command_give_the_same_bytes(tmp_path):
    folder = tmp_path / "killed"
    victim = multiprocessing.get_context("forkserver").Process(target=render, args=(folder, 100_000))
    victim.start()
    while not (folder / "shard-000001.tar").exists():
        assert victim.is_alive()
        time.sleep(0.01)
    victim.kill()
    victim.join()
    count = len(ShardDataset(folder)) + 17
    assert render(folder, count) == render(tmp_path / "whole", count) == 0
    assert without_command(folder) == without_command(tmp_path / "whole")


def refused(capsys, *arguments):
    assert render(*arguments) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("handcraft: ")
    return line


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("the only copy")
    (tmp_path / "shard-000000.tar").write_text("somebody's")
    assert "name another folder" in refused(capsys, tmp_path, 12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shard-000000.tar", "thesis.txt"]
    assert (tmp_path / "shard-000000.tar").read_text() == "somebody's"


def test_a_damaged_set_is_not_continued(tmp_path, capsys):
    assert render(tmp_path / "set", 25) == 0
    os.truncate(tmp_path / "set" / "shard-000000.tar", 700)
    assert "shard-000000.tar" in refused(capsys, tmp_path / "set", 45)


@pytest.mark.parametrize(("option", "value"), [("--count", "0"), ("--workers", "-1"), ("--samples-per-shard", "0")])
def test_numbers_that_make_no_sense_are_refused_before_anything_is_written(tmp_path, capsys, option, value):
    assert option[2:].replace("-", "_") in refused(capsys, tmp_path / "set", 5, option, value)
    assert not (tmp_path / "set").exists()
