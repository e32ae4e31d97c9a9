# SPDX-License-Identifier: Apache-2.0
"""The card says what is there, and the same for the same set."""

import dataclasses

import pytest

from handcraft.data import ShardDataset, ShardWriter
from handcraft.data.card import CARD_NAME, write_card
from handcraft.data.inventory import Inventory, inventory_of_shard
from tests.data.hands.make import hand, write_hands

DESCRIPTION = {
    "config": {"look": "plain", "pose": {"wrist_deg": 20.0}},
    "seed": 7,
    "licence": "hand: A, CC0; backdrops: B, the user's",
    "handcraft": "0.0.1",
    "command": "handcraft render --seed 7",
}


def write_set(folder, **changes):
    with ShardWriter(folder, samples_per_shard=4, description=DESCRIPTION | changes) as writer:
        for number in range(10):
            writer.write(hand(number) if number else dataclasses.replace(hand(number), depth_m=None))
    write_card(folder)
    return (folder / CARD_NAME).read_text()


def test_the_card_says_what_is_there(tmp_path):
    card = write_set(tmp_path / "set")
    for line in (
        "# 10 hands: plain renders",
        "Not photographs: no camera took these pictures.",
        "- People: 4 (",
        "- Sides: 5 left, 5 right (",
        "- Pictures: 64 x 48 px, png",
        "- Shards: 3 of up to 4 samples",
        "- Version: handcraft 0.0.1",
        "- Command: `handcraft render --seed 7`",
        "- Seed: 7",
        "| pose.wrist_deg | 20.0 |",
        "| depth | 16-bit, 0.1 mm along the camera's z axis; 0 where nothing is | 9 |",
        "| joints_m | metres in the camera's axes | 10 |",
        "- hand: A, CC0",
        "- backdrops: B, the user's",
        "Sample i lies in shard i // 4 ",
        "`--count 10` and `--range a:b`",
    ):
        assert line in card
    assert "normals" not in card.partition("## Labels")[2].partition("## Licences")[0]


def test_the_card_of_a_set_is_always_the_same(tmp_path):
    card = write_set(tmp_path / "here")
    assert write_set(tmp_path / "there") == card
    write_card(tmp_path / "here")
    assert (tmp_path / "here" / CARD_NAME).read_text() == card


def test_the_card_of_a_part_says_so(tmp_path):
    card = write_set(tmp_path / "set", range="20:30")
    assert "A part of a larger set: its samples 20:30." in card
    assert "`--count 30` and" in card


@pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("default:unclosed file:ResourceWarning")  # webdataset leaves its files to the interpreter
def test_what_the_card_tells_to_run_reads_the_set(tmp_path, monkeypatch):
    card = write_set(tmp_path / "set")
    monkeypatch.chdir(tmp_path / "set")
    blocks = card.split("```python\n")[1:]
    read = [dict[str, object](), dict[str, object]()]
    for block, names in zip(blocks, read, strict=True):
        exec(block.partition("```")[0], names)
    assert read[0]["hand"].key == "hand-000009"
    assert read[1]["record"]["subject"] == "person-1"
    assert read[1]["picture"].startswith(b"\x89PNG")


def test_inventories_add_up_to_what_reading_finds(tmp_path):
    folder = write_hands(tmp_path / "set")
    parts = [inventory_of_shard(path) for path in sorted(folder.glob("*.tar"))]
    whole, samples = sum(parts, start=Inventory()), list(ShardDataset(folder))
    assert [part.samples for part in parts] == [4, 4, 2]
    assert whole.people == {sample.subject for sample in samples}
    assert whole.sides == {side: sum(sample.side == side for sample in samples) for side in ("left", "right")}
    assert whole.labels["mask"] == whole.labels["keypoints_px"] == 10
    assert whole.labels["normals"] == 0
