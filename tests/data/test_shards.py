# SPDX-License-Identifier: Apache-2.0
import contextlib
import dataclasses
import io
import json
import os
import tarfile
import weakref
from pathlib import Path

import pytest
import torch
from PIL import Image
from webdataset.tariterators import group_by_keys, tar_file_expander

from handcraft.data import HandSample, Reader, ShardDataset, ShardWriter
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from tests.data.shards.make import bare_sample, sample

KEYS = [f"hand-{number:06d}" for number in range(10)]


@pytest.fixture
def folder(tmp_path):
    with ShardWriter(tmp_path / "set", samples_per_shard=4, description={}) as writer:
        for number in range(10):
            writer.write(sample(number))
    return tmp_path / "set"


def assert_close(found, written):
    for field in dataclasses.fields(HandSample):
        here, there = getattr(found, field.name), getattr(written, field.name)
        if there is not None and field.name in ("depth_m", "normals"):
            assert (here - there).abs().max() < {"depth_m": 0.51e-4, "normals": 0.51 / 127}[field.name]
        elif isinstance(there, torch.Tensor):
            assert here.equal(there), field.name
            assert here.dtype == there.dtype
        else:
            assert here == there, field.name


def test_what_is_written_is_read_in_order(folder):
    found = list(ShardDataset(folder))
    assert [each.key for each in found] == KEYS
    assert len(ShardDataset(folder)) == 10
    for number, each in enumerate(found):
        assert_close(each, sample(number))


@pytest.mark.parametrize("image_format", ["png", "jpg"])
def test_labels_that_are_absent_stay_absent(tmp_path, image_format):
    with ShardWriter(tmp_path, description={}, image_format=image_format) as writer:
        writer.write(bare_sample(5))
    (found,) = ShardDataset(tmp_path)
    assert_close(dataclasses.replace(found, image=bare_sample(5).image), bare_sample(5))
    assert (found.image - bare_sample(5).image).abs().mean() < (0.2 if image_format == "jpg" else 1e-6)


def test_a_reader_can_be_read_again_and_tells_its_name(folder):
    reader = ShardDataset(folder)
    assert isinstance(reader, Reader)
    assert (reader.name, reader.is_real, reader.skipped) == ("plain renders", False, [])
    assert [each.key for each in reader] == [each.key for each in reader] == KEYS


@pytest.mark.parametrize("buffer", [1, 3, 100])
def test_shuffling_gives_every_sample_once_in_an_order_the_generator_decides(folder, buffer):
    orders = [
        [each.key for each in ShardDataset(folder).iterate(shuffle_buffer=buffer, generator=generator_for(seed))]
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert all(sorted(order) == KEYS for order in orders)


def test_a_full_buffer_can_bring_any_sample_first(folder):
    firsts = {
        next(ShardDataset(folder).iterate(shuffle_buffer=10, generator=generator_for(seed))).key for seed in range(80)
    }
    assert firsts == set(KEYS)


def test_reading_holds_one_sample_at_a_time(folder):
    alive = weakref.WeakSet()
    for each in ShardDataset(folder):
        alive.add(each)
        assert len(alive) <= 2


def test_nothing_is_read_before_it_is_asked_for(folder):
    samples = iter(ShardDataset(folder))
    assert [next(samples).key for _ in range(8)] == KEYS[:8]
    (folder / "shard-000002.tar").unlink()
    with pytest.raises(HandcraftError, match=r"shard-000002\.tar, which dataset\.json lists, but it is missing"):
        next(samples)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 700)])
def test_a_shard_that_is_missing_or_cut_short_is_told_before_the_first_sample(folder, damage):
    damage(folder / "shard-000002.tar")
    with pytest.raises(HandcraftError, match=r"shard-000002\.tar.*missing|shard-000002\.tar.*cut short"):
        ShardDataset(folder)


@pytest.mark.parametrize(
    ("damage", "words"), [("short", "cut short"), ("long", "too long"), ("changed", "its bytes have changed")]
)
def test_a_damaged_shard_is_named_with_the_cure(folder, damage, words):
    path = folder / "shard-000001.tar"
    data = bytearray(path.read_bytes())
    if damage == "short":
        del data[-700:]
    elif damage == "long":
        data += bytes(512)
    else:
        data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(HandcraftError, match=rf"shard-000001\.tar .*{words}.*; copy it again") as caught:
        list(ShardDataset(folder))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "but it is missing; name a folder written by handcraft"),
        ("{", "to be JSON, but it is damaged"),
        ("\xff", "to be JSON, but it is damaged"),
        ("[]", "to have schema 1"),
        ('{"schema": 99}', "to have schema 1"),
        ('{"schema": 1}', "to be complete, but got 'shards'"),
        ('{"schema": 1, "shards": [{"file": "x"}]}', "to be complete"),
    ],
)
def test_a_manifest_that_is_missing_or_damaged_is_named(folder, text, words):
    (folder / "dataset.json").unlink()
    if text is not None:
        (folder / "dataset.json").write_text(text, encoding="latin-1")
    with pytest.raises(HandcraftError, match=rf"dataset\.json.*{words}"):
        ShardDataset(folder)


def test_a_manifest_without_samples_says_so(folder):
    said = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps({**said, "shards": []}))
    with pytest.raises(HandcraftError, match="it lists none"):
        ShardDataset(folder)


def test_a_shuffle_buffer_below_one_is_refused(folder):
    with pytest.raises(HandcraftError, match="`shuffle_buffer` to be at least 1, but got 0"):
        next(ShardDataset(folder).iterate(shuffle_buffer=0, generator=generator_for(0)))


def test_webdataset_reads_the_shards(folder):
    with contextlib.ExitStack() as files:  # handed in open, because webdataset leaves closing to the garbage collector
        shards = [files.enter_context(path.open("rb")) for path in sorted(folder.glob("*.tar"))]
        sources = ({"url": file.name, "stream": file} for file in shards)
        found = list(group_by_keys(tar_file_expander(sources)))
    assert [each["__key__"] for each in found] == KEYS
    for number, each in enumerate(found):
        whole = sample(number)
        assert json.loads(each["json"])["keypoints_px"] == whole.keypoints_px.tolist()
        assert Image.open(io.BytesIO(each["rgb.png"])).size == (24, 18)
        assert {"rgb.png", "mask.png", "parts.png", "depth.png", "normals.png", "json"} < set(each)


def test_tar_members_belong_to_nobody(folder):
    with tarfile.open(folder / "shard-000000.tar") as tar:
        for member in tar:
            owner = (member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode)
            assert owner == (0, 0, 0, "", "", 0o644)
