# SPDX-License-Identifier: Apache-2.0
"""Refining a data set changes images and the set's name, keeps all else, and goes on after a stop."""

import dataclasses
import json

import pytest
import torch

from handcraft.data import HandSample, PreparedSet, ShardDataset, ShardWriter
from handcraft.errors import HandcraftError
from handcraft.refine import Refiner, refine_prepared, refine_shards
from tests.refine.toy import TINY, refiner, renders

SIZES = [(16, 16), (21, 18), (40, 9), (17, 17), (8, 30)]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "renders"
    with ShardWriter(folder, samples_per_shard=2, description={"licence": "CC0"}) as writer:
        for index, (height, width) in enumerate(SIZES):
            writer.write(sample(index, height, width))
    return folder


def sample(index, height, width):
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return HandSample(
        key=f"hand-{index}",
        image=torch.stack([rows / height, columns / width, torch.full((height, width), 0.2 * index)]),
        source="plain renders",
        is_real=False,
        subject=f"person-{index % 2}",
        side="right",
        mask=rows > columns,
        keypoints_px=torch.full((21, 2), 2.5 + index),
        confidence=torch.ones(21),
        depth_m=torch.where(rows > columns, 0.5, 0.0),
    )


def labels(record):
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {name: value for name, value in values.items() if name not in ("image", "images", "source", "is_real")}


def assert_labels_kept(before, after):
    assert labels(before).keys() == labels(after).keys()
    for name, value in labels(before).items():
        same = torch.equal(value, getattr(after, name)) if isinstance(value, torch.Tensor) else False
        assert same or value == getattr(after, name), name


def test_prepared_set_keeps_everything_but_its_images():
    before, refine = renders(70), refiner()  # more than are refined at a time
    after = refine_prepared(refine, before)
    assert_labels_kept(before, after)
    assert after.source == "refined blobs"
    assert isinstance(after, PreparedSet)
    alone = (refine(before.float_images()[66:67]) * 255).round()
    assert (after.images[66].float() - alone[0]).abs().max() <= 1
    assert not torch.equal(after.images, before.images)


class Numbered:
    """A translator that answers with what it was given, as a shade of grey; it has as many answers as numbers."""

    size_multiple, size_minimum = 1, 1

    def translate(self, images, given):
        shade = (given.numbers % 2**32 + given.numbers // 2**32 + given.seed) / 255
        return shade.view(-1, 1, 1, 1).float().expand_as(images)

    def to(self, device):
        return self


MANY = Refiner(Numbered(), {"kind": "style", "checkpoint_sha256": "2" * 64})


def test_copies_follow_one_another_and_the_first_are_the_same_however_many():
    before = renders(3)
    once, thrice = refine_prepared(MANY, before), refine_prepared(MANY, before, copies=3)
    assert once.keys == before.keys
    assert thrice.keys[:4] == ("blob-0-0", "blob-0-1", "blob-0-2", "blob-1-0")
    assert torch.equal(thrice.images[::3], once.images)
    assert [image.unique().tolist() for image in thrice.images[:4]] == [[0], [1], [2], [1]]
    assert torch.equal(thrice.masks[::3], before.masks)
    assert refine_prepared(MANY, before, seed=5).images[0].unique().tolist() == [5]


def test_copies_that_would_be_alike_are_refused():
    with pytest.raises(HandcraftError, match=r"Expected `copies` to be 1 for a refiner of kind cyclegan"):
        refine_prepared(refiner(), renders(), copies=2)
    with pytest.raises(HandcraftError, match=r"Expected `copies` to be at least 1, but got 0"):
        refine_prepared(refiner(), renders(), copies=0)


def test_copies_in_shards_have_their_keys_and_numbers(source, tmp_path):
    assert refine_shards(MANY, source, tmp_path / "many", copies=2) == 2 * len(SIZES)
    refined = list(ShardDataset(tmp_path / "many"))
    assert [each.key for each in refined[:3]] == ["hand-0-0", "hand-0-1", "hand-1-0"]
    assert [round(each.image.mean().item() * 255) for each in refined[:4]] == [0, 1, 1, 2]


def test_masks_of_shards_are_used(source, tmp_path):
    composited = refiner(dataclasses.replace(TINY, composite=True))
    refine_shards(composited, source, tmp_path / "refined")
    for before, after in zip(ShardDataset(source), ShardDataset(tmp_path / "refined"), strict=True):
        outside = ~before.mask[None].expand_as(before.image)
        torch.testing.assert_close(after.image[outside], before.image[outside], rtol=0, atol=0.6 / 255)


def test_refined_photographs_are_no_photographs():
    claimed = dataclasses.replace(renders(), is_real=True)
    assert not refine_prepared(refiner(), claimed).is_real


def test_shards_keep_names_order_sizes_and_labels(source, tmp_path):
    refine = refiner()
    assert refine_shards(refine, source, tmp_path / "refined", samples_per_shard=2) == len(SIZES)
    pairs = list(zip(ShardDataset(source), ShardDataset(tmp_path / "refined"), strict=True))
    assert len(pairs) == len(SIZES)
    for before, after in pairs:
        assert_labels_kept(before, after)
        assert after.source == "refined plain renders"
        torch.testing.assert_close(after.image, refine(before.image[None])[0], rtol=0, atol=0.6 / 255)


def test_manifest_names_refiner_and_source(source, tmp_path):
    refine_shards(refiner(), source, tmp_path / "refined")
    description = json.loads((tmp_path / "refined" / "dataset.json").read_text())["description"]
    assert description["refiner"]["checkpoint_sha256"] == "0" * 64
    assert description["refined_from"]["name"] == "plain renders"
    assert description["refined_from"]["description"] == {"licence": "CC0"}


def test_stopped_and_resumed_gives_the_same_bytes(source, tmp_path):
    refine_shards(refiner(), source, tmp_path / "through", samples_per_shard=2)
    with pytest.raises(StoppedError):
        refine_shards(stops_after(3), source, tmp_path / "stopped", samples_per_shard=2)
    assert refine_shards(stops_after(2), source, tmp_path / "stopped", samples_per_shard=2) == len(SIZES)
    names = sorted(path.name for path in (tmp_path / "through").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "stopped").iterdir())
    for name in names:
        assert (tmp_path / "through" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes(), name


class StoppedError(Exception):
    """Stands for a kill."""


def stops_after(count):
    """A refiner that is interrupted when it is asked for one image more."""
    refine, calls = refiner(), iter(range(count))

    def stop(module, images):
        if next(calls, None) is None:
            raise StoppedError

    refine.translator.photographed_from_rendered.register_forward_pre_hook(stop)
    return refine


def test_another_refiner_does_not_continue_a_set(source, tmp_path):
    refine_shards(refiner(), source, tmp_path / "refined")
    one = refiner()
    other = Refiner(one.translator, {"kind": "cyclegan", "checkpoint_sha256": "1" * 64})
    with pytest.raises(HandcraftError, match=r"to be new or made with the same description"):
        refine_shards(other, source, tmp_path / "refined")


def test_same_folder_is_refused(source):
    with pytest.raises(HandcraftError, match=r"Expected `target` to be another folder than `source`"):
        refine_shards(refiner(), source, source)
