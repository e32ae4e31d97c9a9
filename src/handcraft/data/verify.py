# SPDX-License-Identifier: Apache-2.0
"""Whether a set of shards is whole and its labels fit each other; reads everything and writes nothing."""

import json
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.data.inventory import Inventory, inventory_of_shard
from handcraft.data.manifest import MANIFEST_NAME, Manifest, ShardEntry
from handcraft.data.parts import shard_samples
from handcraft.data.projection import projection_gaps_px
from handcraft.data.records import sample_from_files
from handcraft.data.sample import LABELS, HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import FOREARM_ID, OCCLUDER_ID

_PICTURES = ("mask", "parts", "depth_m", "normals", "sensed_depth_m", "flow_px")
_TOLD_PER_SHARD = 5
_REACH_PX = 2  # a joint that is seen lies on the hand; at an outline, pixels and joints round differently
_PROJECTION_PX = 0.05


@dataclass(frozen=True)
class ShardReport:
    """What was found in one shard."""

    shard: ShardEntry
    keys: tuple[str, ...]
    inventory: Inventory
    problems: tuple[str, ...]
    """One line each, with the file and the cure; empty if all is well."""


def check_shard(folder: Path, manifest: Manifest, shard: ShardEntry) -> ShardReport:
    """Size, checksum, archive, and every sample of one shard."""
    again = f"copy it again or make samples {shard_samples(manifest, shard)} again (`handcraft render --range`)"
    try:
        path = shard.verify(folder)
        inventory = inventory_of_shard(path)
        found = list(_checked_samples(path, manifest))
    except HandcraftError as error:
        return ShardReport(shard, (), Inventory(), (f"{str(error).partition(';')[0]}; {again}.",))
    except (tarfile.TarError, ValueError, KeyError, AssertionError, OSError) as error:
        problem = f"Expected {folder / shard.file} to be an archive of samples, but got {error!r}; {again}."
        return ShardReport(shard, (), Inventory(), (problem,))
    problems = [f"Expected sample {key} of {shard.file} {wrong}; {again}." for key, wrongs in found for wrong in wrongs]
    if len(found) != shard.samples:
        problems.append(f"Expected {shard.file} to hold {shard.samples} samples, but it has {len(found)}; {again}.")
    told = problems[:_TOLD_PER_SHARD]
    if len(problems) > len(told):
        told.append(f"Expected nothing else of {shard.file}, but {len(problems) - len(told)} more such lines follow.")
    return ShardReport(shard, tuple(key for key, _ in found), inventory, tuple(told))


def set_problems(folder: Path, manifest: Manifest, reports: Sequence[ShardReport]) -> list[str]:
    """What no single shard shows: keys that come twice, counts that disagree, files that do not belong."""
    problems = []
    counts = Counter(key for report in reports for key in report.keys)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        problems.append(
            f"Expected unique keys in {folder}, but {len(twice)} are not: {twice[0]} comes {counts[twice[0]]} times; "
            "write the data set again."
        )
    promised = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8")).get("count")
    if promised != manifest.count:
        problems.append(
            f"Expected the count of {folder / MANIFEST_NAME} ({promised}) to be the sum of its shards "
            f"({manifest.count}); write the data set again."
        )
    listed = {shard.file for shard in manifest.shards}
    for path in sorted({*folder.glob("shard-*.tar"), *folder.glob(".*.part")}):
        if path.name not in listed:
            problems.append(
                f"Expected {path} to be listed in {MANIFEST_NAME}, but it is not, as after a kill; run the command "
                "that writes this set again: it goes on from there."
            )
    return problems


def _checked_samples(path: Path, manifest: Manifest) -> Iterator[tuple[str, list[str]]]:
    """Every sample's key and what is wrong with it, in words that follow "Expected sample KEY"."""
    for key, files in _files_by_key(path):
        try:
            sample = sample_from_files(key, files)
        except Exception as error:  # a decoder can raise nearly every type of error on a damaged file
            yield key, [f"to be readable, but {error}".rstrip(".")]
            continue
        wrong = sample_problems(sample)
        if (sample.source, sample.is_real) != (manifest.source, manifest.is_real):
            wrong.append(f"to be of {manifest.source!r}, but it is of {sample.source!r}")
        yield key, wrong


def _files_by_key(path: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    files: dict[str, dict[str, bytes]] = {}
    with tarfile.open(path, "r|") as tar:
        for member in tar:
            key, _, extension = member.name.partition(".")
            if key not in files and files:
                yield files.popitem()
            content = tar.extractfile(member)
            files.setdefault(key, {})[extension] = content.read() if content else b""
    yield from files.items()


def sample_problems(sample: HandSample) -> list[str]:
    """Where a sample's labels contradict each other, in words that follow "Expected sample KEY"."""
    return [*_odd_numbers(sample), *_odd_pictures(sample)] or list(_misplaced_labels(sample))


def _odd_numbers(sample: HandSample) -> Iterator[str]:
    for name in ("image", *LABELS):
        value = getattr(sample, name)
        if isinstance(value, Tensor) and not bool(value.isfinite().all()):
            yield f"to have finite {name}, but it has not"
    for name in ("keypoints_px", "confidence", "visible", "joints_m"):
        value = getattr(sample, name)
        if value is not None and len(value) != 21:
            yield f"to have 21 {name}, but it has {len(value)}"
    if sample.confidence is not None and not bool(((sample.confidence >= 0) & (sample.confidence <= 1)).all()):
        yield "to have confidence within 0 and 1, but it has not"


def _odd_pictures(sample: HandSample) -> list[str]:
    size = tuple(sample.image.shape[-2:])
    shapes = {name: tuple(getattr(sample, name).shape[-2:]) for name in _PICTURES if getattr(sample, name) is not None}
    return [f"to have {name} of {size} px, but got {shape}" for name, shape in shapes.items() if shape != size]


def _misplaced_labels(sample: HandSample) -> Iterator[str]:
    hand = sample.mask
    if sample.parts is not None:
        of_hand = (sample.parts > 0) & (sample.parts < FOREARM_ID)
        if int(sample.parts.max()) > OCCLUDER_ID:
            yield f"to have parts up to {OCCLUDER_ID}, but got {int(sample.parts.max())}"
        if sample.mask is not None and not torch.equal(sample.mask, of_hand):
            differing = int((sample.mask ^ of_hand).sum())
            yield f"to have its mask where its parts are, but they differ in {differing} pixels"
        hand = sample.parts > 0
    if hand is not None and sample.depth_m is not None and bool((hand & (sample.depth_m <= 0)).any()):
        yield f"to have depth where the hand is, but {int((hand & (sample.depth_m <= 0)).sum())} pixels have none"
    if hand is not None and not sample.is_real and _off_the_hand(sample, hand):
        yield f"to have its visible keypoints on the hand, but {_off_the_hand(sample, hand)} are beside it"
    gap_px = min(projection_gaps_px(sample))
    if not gap_px <= _PROJECTION_PX:
        yield f"to have keypoints where its joints project, but they are up to {gap_px:.2f} px away"


def _off_the_hand(sample: HandSample, hand: Bool[Tensor, "height width"]) -> int:
    """How many visible keypoints within the picture have no pixel of hand or forearm near them."""
    if sample.keypoints_px is None or sample.visible is None:
        return 0
    height, width = hand.shape
    near = _grown(hand)
    columns, rows = sample.keypoints_px.floor().long().unbind(dim=1)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & sample.visible
    return int((~near[rows[inside], columns[inside]]).sum())


def _grown(hand: Bool[Tensor, "height width"]) -> Bool[Tensor, "height width"]:
    values: Float[Tensor, "1 height width"] = hand.float()[None]
    return torch.nn.functional.max_pool2d(values, 2 * _REACH_PX + 1, stride=1, padding=_REACH_PX)[0] > 0
