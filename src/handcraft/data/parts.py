# SPDX-License-Identifier: Apache-2.0
"""A large set made in parts, by any scheduler on any machines: ranges of samples, and how their folders become one.

A sample depends on (config, seed, number) only, and a part's shards have the names they have in the whole set. Where
parts begin and end on shard boundaries, putting them together is therefore putting files beside each other, and the
result has the bytes of a set that one process made.
"""

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from handcraft.data.card import CARD_NAME, write_card
from handcraft.data.manifest import MANIFEST_NAME, Manifest, ShardEntry
from handcraft.data.shard_writer import shard_name
from handcraft.errors import HandcraftError
from handcraft.files import atomic_path

PREVIEW_NAME = "preview.png"

_RANGE = re.compile(r"(\d+):(\d+)")
_OF_A_PART = re.compile(r"\s--range[= ]\S+")


def part_from_text(text: str, *, count: int, samples_per_shard: int) -> range:
    """The samples that ``"a:b"`` means of a set of ``count``: a to b, without b.

    Raises:
        HandcraftError: not of this form, reversed, past the end of the set, or not on the boundaries of its shards.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        raise HandcraftError(f"Expected `range` to be like 0:{count}, but got {text!r}.")
    start, stop = int(match[1]), int(match[2])
    if start >= stop:
        raise HandcraftError(f"Expected `range` to rise, but got {text}; the first number is the smaller one.")
    if stop > count:
        raise HandcraftError(
            f"Expected `range` to end at `count` ({count}) at most, but got {text}; end it there or give the count of "
            "the whole set."
        )
    inner_start = start - start % samples_per_shard
    inner_stop = min(-(-stop // samples_per_shard) * samples_per_shard, count)
    if (start, stop) != (inner_start, inner_stop):
        raise HandcraftError(
            f"Expected `range` to begin and end between shards of {samples_per_shard} (`samples_per_shard`), but got "
            f"{text}; take {inner_start}:{inner_stop}."
        )
    return range(start, stop)


def join_parts(parts: Sequence[Path], out: Path) -> Manifest:
    """Put parts of one set together; the shards, ``dataset.json`` and data card are those of a set made at once.

    Shards are checked, then linked where the file system can and copied where it cannot; the parts stay as they are.
    The same call after a kill goes on.

    Raises:
        HandcraftError: parts of different sets, a gap or a shard that comes twice, a damaged shard (named, with the
            samples to make again), or an ``out`` that holds something else.
    """
    out = Path(out)
    found = [(Path(part), Manifest.read(Path(part))) for part in parts]
    if not found:
        raise HandcraftError("Expected parts to join, but got none; name the folders that `--range` wrote.")
    for folder, manifest in found[1:]:
        _expect_one_set(found[0], (folder, manifest))
    located = sorted(
        ((shard, folder) for folder, manifest in found for shard in manifest.shards), key=lambda pair: pair[0].file
    )
    joined = replace(
        found[0][1], shards=tuple(shard for shard, _ in located), description=_of_the_whole(found[0][1].description)
    )
    _expect_no_gap(joined)
    _expect_nothing_else(out, {*(shard.file for shard in joined.shards), MANIFEST_NAME, CARD_NAME, PREVIEW_NAME})
    out.mkdir(parents=True, exist_ok=True)
    for shard, folder in located:
        _bring(shard.verify(folder), out / shard.file)
    if (located[0][1] / PREVIEW_NAME).is_file():
        _bring(located[0][1] / PREVIEW_NAME, out / PREVIEW_NAME)
    joined.write(out)
    write_card(out)
    return joined


def _of_the_whole(description: dict[str, object]) -> dict[str, object]:
    """A part's description without its range: the command left is the one that makes the whole set."""
    whole = {name: value for name, value in description.items() if name != "range"}
    return whole | {"command": _OF_A_PART.sub("", str(whole["command"]))} if "command" in whole else whole


def _expect_one_set(first: tuple[Path, Manifest], other: tuple[Path, Manifest]) -> None:
    def identity(manifest: Manifest) -> dict[str, object]:
        shared = {name: value for name, value in manifest.description.items() if name not in ("command", "range")}
        layout = (manifest.samples_per_shard, manifest.image_format)
        return {"source": (manifest.source, manifest.is_real), "layout": layout, **shared}

    here, there = identity(first[1]), identity(other[1])
    differing = sorted(name for name in {*here, *there} if here.get(name) != there.get(name))
    if differing:
        raise HandcraftError(
            f"Expected parts of one set, but {first[0]} and {other[0]} differ in {', '.join(differing)}; join parts "
            "that were made with the same options."
        )


def _expect_no_gap(joined: Manifest) -> None:
    full = joined.samples_per_shard
    for number, shard in enumerate(joined.shards):
        samples = f"{number * full}:{(number + 1) * full}"
        if shard.file < shard_name(number):
            raise HandcraftError(f"Expected every shard once, but {shard.file} is in two parts; name each part once.")
        if shard.file > shard_name(number):
            raise HandcraftError(f"Expected parts without a gap, but samples {samples} are missing; render that range.")
        if shard.samples < full and number + 1 < len(joined.shards):
            raise HandcraftError(f"Expected {shard.file} to be full, but it is not; render range {samples} to its end.")


def _expect_nothing_else(out: Path, names: set[str]) -> None:
    others = sorted(path.name for path in out.iterdir() if path.name not in names) if out.exists() else []
    if others:
        raise HandcraftError(
            f"Expected {out} to be new or empty, but it holds {others[0]}; name another folder for the joined set."
        )


def _bring(source: Path, target: Path) -> None:
    """Make ``target`` the same file as ``source``, or a copy of it on another file system."""
    if target.exists() and target.samefile(source):
        return
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        with atomic_path(target) as beside:
            shutil.copyfile(source, beside)


def shard_samples(manifest: Manifest, shard: ShardEntry) -> str:
    """The samples of a shard as ``--range`` wants them."""
    start = int("".join(character for character in shard.file if character.isdecimal())) * manifest.samples_per_shard
    return f"{start}:{start + shard.samples}"
