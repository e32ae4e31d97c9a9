# SPDX-License-Identifier: Apache-2.0
"""Reads folders of WebDataset tar shards, one sample at a time."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import torch

from handcraft.data.manifest import Manifest, ShardEntry
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.records import sample_from_files
from handcraft.data.sample import HandSample
from handcraft.data.shard_writer import ShardWriter
from handcraft.errors import HandcraftError

__all__ = ["ShardDataset", "ShardWriter"]


class ShardDataset:
    """A folder written by ``ShardWriter``. Iterating streams; memory holds one sample (and the shuffle buffer).

    All shards' sizes are compared with ``dataset.json`` at once, each one's checksum before its first sample.

    Raises:
        HandcraftError: ``dataset.json`` is missing or damaged, or lists no samples; a shard that is missing or cut
            short; while iterating, one that has changed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.manifest = Manifest.read(self.folder)
        if self.manifest.count == 0:
            raise HandcraftError(f"Expected {self.folder} to hold samples, but it lists none; write it again.")
        self.manifest.verify_lengths(self.folder)
        self.name, self.is_real = self.manifest.source, self.manifest.is_real
        self.skipped: list[SkippedFile] = []
        self._verified: set[ShardEntry] = set()

    def __len__(self) -> int:
        return self.manifest.count

    def __iter__(self) -> Iterator[HandSample]:
        """Every sample in the order it was written."""
        for shard in self.manifest.shards:
            yield from self._samples_of(shard)

    def iterate(self, *, shuffle_buffer: int, generator: torch.Generator) -> Iterator[HandSample]:
        """Every sample once, in an order ``generator`` decides: shards are shuffled, then samples in a buffer.

        Raises:
            HandcraftError: a buffer below 1.
        """
        if shuffle_buffer < 1:
            raise HandcraftError(f"Expected `shuffle_buffer` to be at least 1, but got {shuffle_buffer}.")
        buffer: list[HandSample] = []
        for index in torch.randperm(len(self.manifest.shards), generator=generator).tolist():
            for sample in self._samples_of(self.manifest.shards[index]):
                buffer.append(sample)
                if len(buffer) > shuffle_buffer:
                    yield _drawn(buffer, generator)
        while buffer:
            yield _drawn(buffer, generator)

    def _samples_of(self, shard: ShardEntry) -> Iterator[HandSample]:
        if shard not in self._verified:
            shard.verify(self.folder)
            self._verified.add(shard)
        with tarfile.open(self.folder / shard.file, "r|") as tar:
            key, files = "", dict[str, bytes]()
            for member in tar:
                member_key, _, extension = member.name.partition(".")
                if files and member_key != key:
                    yield sample_from_files(key, files)
                    files = {}
                content = tar.extractfile(member)
                assert content is not None, "the checksum holds, and ShardWriter writes plain files only"
                key, files[extension] = member_key, content.read()
            if files:
                yield sample_from_files(key, files)


def _drawn(buffer: list[HandSample], generator: torch.Generator) -> HandSample:
    """Take a random sample out of the buffer; the last one fills its place."""
    index = int(torch.randint(len(buffer), (), generator=generator))
    buffer[index], buffer[-1] = buffer[-1], buffer[index]
    return buffer.pop()
