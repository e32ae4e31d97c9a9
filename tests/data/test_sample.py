# SPDX-License-Identifier: Apache-2.0
import dataclasses

import pytest
import torch

from handcraft.data import HandSample, collate
from handcraft.data.sample import LABELS, safe_key
from handcraft.errors import HandcraftError
from tests.data.shards.make import bare_sample, sample


def test_a_batch_holds_each_sample_at_its_place():
    samples = [sample(number) for number in (4, 1, 9)]
    batch = collate(samples)
    assert batch.keys == ("hand-000004", "hand-000001", "hand-000009")
    assert batch.subjects == ("identity-1", "identity-0", "identity-3")
    assert batch.sides == ("right", "left", "left")
    assert len(batch) == 3
    for name in ("image", *LABELS):
        for row, each in zip(getattr(batch, name), samples, strict=True):
            assert torch.equal(row, torch.as_tensor(getattr(each, name))), name


def test_a_label_absent_from_one_sample_is_absent_from_the_batch():
    without_depth = dataclasses.replace(sample(1), depth_m=None)
    batch = collate([sample(0), without_depth])
    assert batch.depth_m is None
    assert batch.mask is not None
    assert all(getattr(collate([bare_sample(0)]), label) is None for label in LABELS)


def test_every_label_is_known_to_batches():
    assert len(LABELS) == 20
    assert set(LABELS) < {field.name for field in dataclasses.fields(collate([sample(0)]))}


@pytest.mark.parametrize("key", ["", "a.b", "a/b", "../up", "händ", "a b"])
def test_a_key_that_is_no_file_name_is_refused(key):
    with pytest.raises(HandcraftError, match="Expected `key` to be letters"):
        HandSample(key, torch.zeros(3, 2, 2), "x", is_real=False, subject="x")
    if key:
        assert HandSample(safe_key(key), torch.zeros(3, 2, 2), "x", is_real=False, subject="x").image.shape == (3, 2, 2)


def test_batches_of_nothing_or_of_two_sizes_are_refused():
    with pytest.raises(HandcraftError, match="at least one sample"):
        collate([])
    with pytest.raises(HandcraftError, match="images of one size"):
        collate([sample(0), sample(1, height=20)])
