# SPDX-License-Identifier: Apache-2.0
"""``handcraft render``: whatever stops it, the same command ends with the bytes of a run that was never stopped."""

import os
import random
import subprocess
import sys
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
    for name, beginning in (("dataset.json", b'  "command"'), ("DATACARD.md", b"- Command:")):
        lines = files[name].splitlines()
        files[name] = [line for line in lines if not line.startswith(beginning)]
        assert len(files[name]) == len(lines) - 1
    return files


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("render") / "whole"
    assert render(folder, 45) == 0
    return folder


def test_the_set_has_its_samples_and_a_preview_of_them(whole):
    assert [int(sample.key[-7:]) for sample in ShardDataset(whole)] == list(range(45))
    assert "# 45 hands: plain renders" in (whole / "DATACARD.md").read_text()
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


def test_ranges_made_apart_join_to_the_same_bytes(whole, tmp_path, capsys):
    for part in ("20:40", "0:20", "40:45"):
        assert render(tmp_path / part.replace(":", "-"), 45, "--range", part) == 0
    assert render(tmp_path / "20-40", 45, "--range", "20:40") == 0  # a job that a scheduler starts again
    assert "20 samples are there already; 0 to go" in capsys.readouterr().out
    parts = [str(tmp_path / name) for name in ("40-45", "20-40", "0-20")]
    assert main(["join", str(tmp_path / "joined"), *parts]) == 0
    assert capsys.readouterr().out.endswith("45 samples in 5 shards\n")
    assert without_command(tmp_path / "joined") == without_command(whole)
    assert main(["verify", str(tmp_path / "joined")]) == main(["verify", str(tmp_path / "20-40")]) == 0


def test_a_kill_and_the_same_command_give_the_same_bytes_with_any_number_of_workers(whole, tmp_path):
    folder = tmp_path / "killed"
    options = ["--out", str(folder), "--count", "100000", *SMALL, "--workers", "2"]
    with subprocess.Popen(
        [sys.executable, "-m", "handcraft.cli", "render", *options], stderr=subprocess.DEVNULL
    ) as victim:
        while not (folder / "shard-000000.tar").exists():
            assert victim.poll() is None
            time.sleep(0.01)
        time.sleep(random.random() * 0.2)
        victim.kill()
    finished = len(ShardDataset(folder))
    assert finished % 10 == 0  # at most the shard in hand is lost
    count = max(finished + 7, 45)
    assert render(folder, count, "--workers", "3") == 0
    if count > 45:
        assert render(tmp_path / "alone", count) == 0
    assert without_command(folder) == without_command(tmp_path / "alone" if count > 45 else whole)


def test_two_ray_workers_write_the_same_bytes(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_worker_niceness", "0")  # Ray steps back behind everything else, which starves it in tests
    assert render(tmp_path / "set", 45, "--cluster", "ray", "--workers", "2") == 0
    assert without_command(tmp_path / "set") == without_command(whole)


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


@pytest.mark.parametrize("text", ["5", "40:20", "40:60", "3:14"])
def test_a_range_that_makes_no_sense_is_refused_before_anything_is_written(tmp_path, capsys, text):
    assert "`range`" in refused(capsys, tmp_path / "set", 45, "--range", text)
    assert not (tmp_path / "set").exists()


def test_a_folder_of_another_range_is_not_gone_on_with(tmp_path, capsys):
    assert render(tmp_path / "set", 20, "--range", "0:10") == 0
    assert "name another folder" in refused(capsys, tmp_path / "set", 20, "--range", "10:20")


@pytest.mark.parametrize(("option", "value"), [("--count", "0"), ("--workers", "-1"), ("--samples-per-shard", "0")])
def test_numbers_that_make_no_sense_are_refused_before_anything_is_written(tmp_path, capsys, option, value):
    assert option[2:].replace("-", "_") in refused(capsys, tmp_path / "set", 5, option, value)
    assert not (tmp_path / "set").exists()
