# SPDX-License-Identifier: Apache-2.0
"""Parts that end between shards add up to the whole, byte for byte; anything else is refused."""

import json
import os

import pytest

from handcraft.data import ShardDataset, ShardWriter
from handcraft.data.parts import join_parts, part_from_text
from handcraft.errors import HandcraftError
from tests.data.hands.make import hand


def write_part(folder, start, stop, *, seed=3, per_shard=4, name="a:b"):
    description = {"seed": seed, "command": f"render --out {folder.name} --range {start}:{stop} --seed 3"}
    part = {"range": f"{start}:{stop}"} if name else {}
    with ShardWriter(
        folder, samples_per_shard=per_shard, description=description | part, first_shard=start // per_shard
    ) as writer:
        for number in range(start, stop):
            writer.write(hand(number))
    return folder


@pytest.fixture
def parts(tmp_path):
    return [write_part(tmp_path / f"part{start}", start, stop) for start, stop in ((8, 10), (0, 4), (4, 8))]


def shards(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.tar")}


def test_parts_join_to_the_bytes_of_the_whole(tmp_path, parts):
    whole = write_part(tmp_path / "whole", 0, 10, name="")
    joined = join_parts(parts, tmp_path / "joined")
    assert joined.count == 10
    assert shards(tmp_path / "joined") == shards(whole)
    contents = [json.loads((folder / "dataset.json").read_text()) for folder in (tmp_path / "joined", whole)]
    assert contents[0]["description"].pop("command") == "render --out part8 --seed 3"
    contents[1]["description"].pop("command")
    assert contents[0] == contents[1]
    assert [sample.key for sample in ShardDataset(tmp_path / "joined")] == [hand(number).key for number in range(10)]
    assert (tmp_path / "joined" / "DATACARD.md").exists()


def test_joining_again_changes_nothing_and_parts_stay(tmp_path, parts):
    before = [shards(part) for part in parts]
    join_parts(parts, tmp_path / "joined")
    found = {path.name: path.read_bytes() for path in (tmp_path / "joined").iterdir()}
    (tmp_path / "joined" / "shard-000001.tar").unlink()
    (tmp_path / "joined" / "dataset.json").unlink()  # as a kill leaves it
    join_parts(list(reversed(parts)), tmp_path / "joined")
    again = {path.name: path.read_bytes() for path in (tmp_path / "joined").iterdir()}
    commands = [json.loads(files.pop("dataset.json"))["shards"] for files in (found, again)]
    assert commands[0] == commands[1]
    del found["DATACARD.md"], again["DATACARD.md"]  # names the command of the part given first
    assert found == again
    assert [shards(part) for part in parts] == before


def test_going_on_with_a_joined_set_leaves_its_parts_alone(tmp_path, parts):
    before = [shards(part) for part in parts]
    joined = join_parts(parts, tmp_path / "joined")
    with ShardWriter(tmp_path / "joined", samples_per_shard=4, description=joined.description) as writer:
        for number in range(10, 13):
            writer.write(hand(number))
    assert shards(tmp_path / "joined") == shards(write_part(tmp_path / "whole", 0, 13))
    assert [shards(part) for part in parts] == before


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ((0, 1), r"samples 4:8 are missing"),
        ((0, 2), r"samples 0:4 are missing"),
        ((0, 1, 2, 1), r"shard-000000\.tar is in two parts"),
        ((), "got none"),
    ],
)
def test_a_gap_or_a_part_too_many_is_refused(tmp_path, parts, chosen, words):
    with pytest.raises(HandcraftError, match=words):
        join_parts([parts[index] for index in chosen], tmp_path / "joined")
    assert not (tmp_path / "joined").exists()


def test_a_part_that_is_not_finished_is_refused(tmp_path, parts):
    with pytest.raises(HandcraftError, match=r"shard-000000\.tar to be full.* range 0:4"):
        join_parts([write_part(tmp_path / "short", 0, 3), *parts[::2]], tmp_path / "joined")


def test_parts_of_different_sets_are_refused(tmp_path, parts):
    other = write_part(tmp_path / "other", 4, 8, seed=4)
    with pytest.raises(HandcraftError, match=r"part8 and .*other differ in seed"):
        join_parts([*parts[:2], other], tmp_path / "joined")
    coarse = write_part(tmp_path / "coarse", 0, 10, per_shard=5)
    with pytest.raises(HandcraftError, match="differ in layout"):
        join_parts([parts[0], coarse], tmp_path / "joined")


def test_a_damaged_part_and_a_folder_of_something_else_are_refused(tmp_path, parts):
    (tmp_path / "joined").mkdir()
    (tmp_path / "joined" / "thesis.txt").write_text("the only copy")
    with pytest.raises(HandcraftError, match=r"holds thesis\.txt"):
        join_parts(parts, tmp_path / "joined")
    (tmp_path / "joined" / "thesis.txt").unlink()
    os.truncate(parts[1] / "shard-000000.tar", 700)
    with pytest.raises(HandcraftError, match=r"shard-000000\.tar to have .* cut short"):
        join_parts(parts, tmp_path / "joined")


@pytest.mark.parametrize(("text", "start", "stop"), [("0:45", 0, 45), ("10:20", 10, 20), ("40:45", 40, 45)])
def test_a_range_is_its_samples(text, start, stop):
    assert part_from_text(text, count=45, samples_per_shard=10) == range(start, stop)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("20", "like 0:45, but got '20'"),
        ("-10:20", "like 0:45"),
        ("20:10", "to rise"),
        ("10:10", "to rise"),
        ("40:50", r"end at `count` \(45\)"),
        ("50:60", r"end at `count` \(45\)"),
        ("3:20", "take 0:20"),
        ("10:14", "take 10:20"),
        ("30:44", "take 30:45"),
    ],
)
def test_a_range_that_is_none_is_refused_with_the_cure(text, words):
    with pytest.raises(HandcraftError, match=words):
        part_from_text(text, count=45, samples_per_shard=10)
