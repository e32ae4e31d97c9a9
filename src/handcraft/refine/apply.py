# SPDX-License-Identifier: Apache-2.0
"""Refines whole data sets: images change, keys and labels stay."""

import dataclasses
import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from handcraft.data import HandSample, PreparedSet, ShardDataset, ShardWriter
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.refine.refiner import Refiner
from handcraft.training.provenance import command_line

_BATCH_SIZE = 64  # bounds memory; an image's result does not depend on it
_FIRST_OF_NEXT_COPY = 1 << 32  # so that an item's first copies are the same however many there are


def refined_name(source: str) -> str:
    """What a refined set is called, so that nobody takes it for renders, let alone for photographs."""
    return f"refined {source}"


def copy_key(key: str, copy: int, copies: int) -> str:
    """An item's key, or those of its copies: ``key-0``, ``key-1``, ..."""
    return key if copies == 1 else f"{key}-{copy}"


def number_of(item: int, copy: int) -> int:
    """The number that a one-to-many refiner draws a copy of an item by."""
    return item + copy * _FIRST_OF_NEXT_COPY


def refine_prepared(
    refiner: Refiner, prepared: PreparedSet, *, seed: int = 0, copies: int = 1, strength: float = 1.0
) -> PreparedSet:
    """The same crops, refined; keys, subjects, labels, masks and crops are kept.

    Args:
        refiner: of any kind.
        prepared: crops of renders.
        seed: of what a one-to-many refiner draws.
        copies: how often each crop is refined, each time otherwise; copies of a crop follow one another.
        strength: of refiners with a slider.

    Raises:
        HandcraftError: copies of a refiner that has one answer, or a strength it cannot have.
    """
    expect_copies(refiner, copies)
    repeated = prepared if copies == 1 else _repeated(prepared, copies)
    numbers = torch.tensor([number_of(index // copies, index % copies) for index in range(len(repeated))])
    images = []
    for batch in torch.arange(len(repeated)).split(_BATCH_SIZE):
        unrefined, masks = repeated.images[batch].float() / 255, repeated.masks[batch]
        refined = refiner(unrefined, masks=masks, numbers=numbers[batch], seed=seed, strength=strength)
        images.append((refined * 255).round().to(torch.uint8))
    return dataclasses.replace(repeated, images=torch.cat(images), source=refined_name(prepared.source), is_real=False)


def expect_copies(refiner: Refiner, copies: int) -> None:
    """Refuse no copies, and several of a refiner that would make them all alike."""
    expect_at_least(1, copies=copies)
    if copies > 1 and not refiner.is_one_to_many:
        raise HandcraftError(
            f"Expected `copies` to be 1 for {_one_answer(refiner)}, which would make them all alike, but got {copies}; "
            "refiners of kind style have many answers, without an exemplar."
        )


def _one_answer(refiner: Refiner) -> str:
    return (
        "one exemplar"
        if "exemplar_sha256" in refiner.description
        else f"a refiner of kind {refiner.description['kind']}"
    )


def _repeated(prepared: PreparedSet, copies: int) -> PreparedSet:
    repeated = prepared.select([index for index in range(len(prepared)) for _ in range(copies)])
    keys = tuple(copy_key(key, index % copies, copies) for index, key in enumerate(repeated.keys))
    return dataclasses.replace(repeated, keys=keys)


def refine_shards(
    refiner: Refiner,
    source: Path,
    target: Path,
    *,
    seed: int = 0,
    copies: int = 1,
    strength: float = 1.0,
    samples_per_shard: int = 1000,
) -> int:
    """Refine a shard data set of images of any size into another folder; return the number of samples there.

    Samples stream through one at a time, in order, with their keys and labels. ``dataset.json`` names the refiner
    (with its checkpoint's hash) and the source set. After a kill the same call goes on behind the last whole shard and
    ends with the same bytes.

    Raises:
        HandcraftError: a folder without shards, the same folder twice, a target begun with another refiner, copies of a
            refiner that has one answer, or a strength it cannot have.
    """
    if Path(source).resolve() == Path(target).resolve():
        raise HandcraftError(f"Expected `target` to be another folder than `source`, but both are {source}.")
    expect_copies(refiner, copies)
    samples = ShardDataset(source)
    drawn = {"seed": seed, "copies": copies, "strength": strength}
    description = _description(refiner, samples) | {"drawn": drawn}
    with ShardWriter(target, samples_per_shard=samples_per_shard, description=description) as writer:
        for item, copy, sample in islice(_copied(samples, copies), writer.samples_written, None):
            number = torch.tensor([number_of(item, copy)])
            masks = None if sample.mask is None else sample.mask[None]
            image = refiner(sample.image[None], masks=masks, numbers=number, seed=seed, strength=strength)[0]
            key, name = copy_key(sample.key, copy, copies), refined_name(sample.source)
            writer.write(dataclasses.replace(sample, key=key, image=image, source=name, is_real=False))
        return writer.samples_written


def _copied(samples: ShardDataset, copies: int) -> Iterator[tuple[int, int, HandSample]]:
    for item, sample in enumerate(samples):
        for copy in range(copies):
            yield item, copy, sample


def _description(refiner: Refiner, samples: ShardDataset) -> dict[str, Any]:
    manifest = (samples.folder / "dataset.json").read_bytes()
    refined_from = {
        "name": samples.name,
        "folder": samples.folder.name,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "description": samples.manifest.description,
    }
    return {"refiner": refiner.description, "refined_from": refined_from, "command": command_line()}
