# SPDX-License-Identifier: Apache-2.0
"""``handcraft verify``: all damage is listed, then one line says how it stands."""

import os

import pytest

from handcraft.cli import main
from tests.data.hands.make import write_hands


def test_a_whole_set_is_said_to_be_whole(tmp_path, capsys):
    write_hands(tmp_path / "set")
    assert main(["verify", str(tmp_path / "set")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(
        "is whole: 10 samples in 3 shards, 4 people, 5 left and 5 right; every checksum, picture and label holds"
    )


def test_all_damage_is_listed_before_the_verdict(tmp_path, capsys):
    folder = write_hands(tmp_path / "set")
    os.truncate(folder / "shard-000000.tar", 700)
    (folder / "shard-000002.tar").unlink()
    assert main(["verify", str(folder)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    first, second, verdict = printed.err.splitlines()[-3:]
    assert "shard-000000.tar" in first
    assert "shard-000002.tar" in second
    assert verdict.startswith(f"handcraft: Expected {folder} to be whole, but 2 of 3 shards are damaged")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "it is missing; name a folder written by handcraft"), ("{", "it is damaged"), ("{}", "to have schema")],
)
def test_a_folder_without_a_data_set_is_refused_in_one_line(tmp_path, capsys, content, words):
    if content:
        (tmp_path / "dataset.json").write_text(content)
    assert main(["verify", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_set_that_was_only_begun_is_refused(tmp_path, capsys):
    folder = write_hands(tmp_path / "set", count=1)
    manifest = folder / "dataset.json"
    text = manifest.read_text()
    manifest.write_text(text[: text.index('"shards": [')] + '"shards": []' + text[text.index("\n ],") + 3 :])
    assert main(["verify", str(folder)]) == 2
    assert "only begun; run the command that writes it again" in capsys.readouterr().err


def test_processes_find_what_one_finds(tmp_path, capsys):
    folder = write_hands(tmp_path / "set")
    (folder / "shard-000001.tar").unlink()
    told = []
    for workers in ("1", "2"):
        assert main(["verify", str(folder), "--workers", workers]) == 2
        told.append(capsys.readouterr().err.splitlines()[-2:])
    assert told[0] == told[1]
