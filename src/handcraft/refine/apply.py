# SPDX-License-Identifier: Apache-2.0
"""Refines whole data sets: images change, keys and labels stay."""

import dataclasses
import hashlib
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from handcraft.data import PreparedSet, ShardDataset, ShardWriter
from handcraft.errors import HandcraftError
from handcraft.refine.refiner import Refiner
from handcraft.training.provenance import command_line

_BATCH_SIZE = 64  # bounds memory; an image's result does not depend on it


def refined_name(source: str) -> str:
    """What a refined set is called, so that nobody takes it for renders, let alone for photographs."""
    return f"refined {source}"


def refine_prepared(refiner: Refiner, prepared: PreparedSet) -> PreparedSet:
    """The same crops, refined; keys, subjects, labels, masks and crops are kept."""
    batches = torch.arange(len(prepared)).split(_BATCH_SIZE)
    images = [(refiner(prepared.images[batch].float() / 255) * 255).round().to(torch.uint8) for batch in batches]
    return dataclasses.replace(prepared, images=torch.cat(images), source=refined_name(prepared.source), is_real=False)


def refine_shards(refiner: Refiner, source: Path, target: Path, *, samples_per_shard: int = 1000) -> int:
    """Refine a shard data set of images of any size into another folder; return the number of samples there.

    Samples stream through one at a time, in order, with their keys and labels. ``dataset.json`` names the refiner
    (with its checkpoint's hash) and the source set. After a kill the same call goes on behind the last whole shard and
    ends with the same bytes.

    Raises:
        HandcraftError: a folder without shards, the same folder twice, or a target begun with another refiner.
    """
    if Path(source).resolve() == Path(target).resolve():
        raise HandcraftError(f"Expected `target` to be another folder than `source`, but both are {source}.")
    samples = ShardDataset(source)
    description = _description(refiner, samples)
    with ShardWriter(target, samples_per_shard=samples_per_shard, description=description) as writer:
        for sample in islice(samples, writer.samples_written, None):
            image = refiner(sample.image[None])[0]
            writer.write(dataclasses.replace(sample, image=image, source=refined_name(sample.source), is_real=False))
        return writer.samples_written


def _description(refiner: Refiner, samples: ShardDataset) -> dict[str, Any]:
    manifest = (samples.folder / "dataset.json").read_bytes()
    refined_from = {
        "name": samples.name,
        "folder": samples.folder.name,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "description": samples.manifest.description,
    }
    return {"refiner": refiner.description, "refined_from": refined_from, "command": command_line()}
