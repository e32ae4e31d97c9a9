# SPDX-License-Identifier: Apache-2.0
"""Writes samples into WebDataset tar shards with ``dataset.json`` beside them.

Samples go to disk as they come. A shard is written beside its name and renamed when it is full, and ``dataset.json``
only ever lists finished shards; so a kill leaves whole shards, and opening the folder again goes on after them with
the bytes an uninterrupted run would have written.
"""

import hashlib
import json
import os
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from handcraft.data.manifest import MANIFEST_NAME, Manifest, ShardEntry
from handcraft.data.records import PictureFormat, files_from_sample
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError

_BLOCK = tarfile.BLOCKSIZE
_END_OF_ARCHIVE = bytes(2 * _BLOCK)


@dataclass(frozen=True)
class EncodedSample:
    """A sample as the bytes it has in a shard: what travels from a worker that renders to the process that writes."""

    key: str
    source: str
    is_real: bool
    files: dict[str, bytes]


def encode_sample(sample: HandSample, image_format: PictureFormat = "png") -> EncodedSample:
    """The sample's files; most of the time that writing takes is spent here.

    Raises:
        HandcraftError: values that cannot be kept; the key is named.
    """
    return EncodedSample(sample.key, sample.source, sample.is_real, files_from_sample(sample, image_format))


class ShardWriter:
    """Context manager that writes samples of one source into a folder, one after the other.

    ``samples_written`` is the number of samples already safe in the folder when it is opened: go on from there. The
    key of a sample should follow from its number, so that a sample written again gets the same name.

    Args:
        folder: made if missing; a folder of the same description is continued.
        samples_per_shard: the last shard may hold fewer.
        description: anything JSON can hold: configuration, seed, command, licence. All but ``command`` must agree with
            a folder that is continued.
        image_format: ``png`` keeps every 8-bit value; ``jpg`` (quality 95) is several times smaller.
        first_shard: number in the name of the first shard; above 0 where the folder is a later part of a larger set.

    On an error in the body, whole samples of the open shard are still kept where the disk allows.

    Raises:
        HandcraftError: a folder that holds something else or has another description, a damaged shard in it, or a
            sample that does not belong.
    """

    def __init__(
        self,
        folder: Path,
        *,
        samples_per_shard: int = 1000,
        description: dict[str, Any],
        image_format: PictureFormat = "png",
        first_shard: int = 0,
    ) -> None:
        if samples_per_shard < 1:
            raise HandcraftError(f"Expected `samples_per_shard` to be at least 1, but got {samples_per_shard}.")
        self.folder = Path(folder)
        self._samples_per_shard, self._image_format, self._first_shard = samples_per_shard, image_format, first_shard
        self._description = json.loads(json.dumps(description, allow_nan=False))
        self._manifest = self._continued() if (self.folder / MANIFEST_NAME).exists() else None
        self._open_shard: _OpenShard | None = None

    @property
    def samples_written(self) -> int:
        """Samples in finished shards and in the open one."""
        finished = self._manifest.count if self._manifest else 0
        return finished + (self._open_shard.samples - self._open_shard.continued if self._open_shard else 0)

    def __enter__(self) -> "ShardWriter":
        self.folder.mkdir(parents=True, exist_ok=True)
        for left_by_a_kill in self.folder.glob(".*.part"):
            left_by_a_kill.unlink()
        if self._manifest is None and any(self.folder.iterdir()):
            raise HandcraftError(
                f"Expected {self.folder} to be new, empty or a data set that was begun, but it holds something else; "
                "name another folder."
            )
        return self

    def write(self, sample: HandSample) -> None:
        """Append one sample.

        Raises:
            HandcraftError: a sample of another source, a key the open shard has already, or values that cannot be kept;
                a disk that is full, where whole samples and ``dataset.json`` stay true.
        """
        self.write_encoded(encode_sample(sample, self._image_format))

    def write_encoded(self, sample: EncodedSample) -> None:
        """Append one sample that was encoded elsewhere, in this writer's ``image_format``; refuses as ``write``."""
        manifest = self._manifest or self._new_manifest(sample)
        if (sample.source, sample.is_real) != (manifest.source, manifest.is_real):
            raise HandcraftError(f"Expected samples of {manifest.source!r} only, but got {sample.source!r}.")
        try:
            if self._manifest is None:
                manifest.write(self.folder)  # says whose folder this is, from the first sample on
            self._manifest = manifest
            self._open_shard = self._open_shard or self._next_shard(manifest)
            self._open_shard.append(sample.key, sample.files)
            if self._open_shard.samples == self._samples_per_shard:
                self._finish_shard()
        except OSError as error:
            raise self._told(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._open_shard is not None and self._open_shard.samples > 0:
                self._finish_shard()
        except OSError as failure:
            if error is None:  # else the first error, which this one only follows, is the one to report
                raise self._told(failure) from failure
        finally:
            if self._open_shard is not None:
                self._open_shard.discard()
        if error is None and self._manifest is None:
            raise HandcraftError(f"Expected at least one sample for {self.folder}, but got none.")

    def _told(self, error: OSError) -> HandcraftError:
        return HandcraftError(
            f"Expected to write into {self.folder}, but the system says: {error.strerror}; make room and run the same "
            "command again: it goes on after the samples that are safe."
        )

    def _continued(self) -> Manifest:
        manifest = Manifest.read(self.folder)
        manifest.verify_lengths(self.folder)
        before = {name: value for name, value in manifest.description.items() if name != "command"}
        now = {name: value for name, value in self._description.items() if name != "command"}
        layout_before = (manifest.samples_per_shard, manifest.image_format)
        if before != now or layout_before != (self._samples_per_shard, self._image_format):
            raise HandcraftError(
                f"Expected {self.folder} to be new or made with the same description; name another folder or delete it."
            )
        return manifest

    def _new_manifest(self, sample: EncodedSample) -> Manifest:
        return Manifest(
            sample.source, sample.is_real, self._samples_per_shard, self._image_format, (), self._description
        )

    def _next_shard(self, manifest: Manifest) -> "_OpenShard":
        shards = manifest.shards
        if shards and shards[-1].samples < self._samples_per_shard:
            return _OpenShard.continuing(self.folder, shards[-1])
        return _OpenShard(self.folder / shard_name(self._first_shard + len(shards)))

    def _finish_shard(self) -> None:
        assert self._open_shard is not None
        assert self._manifest is not None
        entry = self._open_shard.finish()
        self._open_shard = None
        shards = tuple(shard for shard in self._manifest.shards if shard.file != entry.file)
        self._manifest = replace(self._manifest, shards=(*shards, entry))
        self._manifest.write(self.folder)


def shard_name(number: int) -> str:
    """The file name of a set's shard, counted from 0."""
    return f"shard-{number:06d}.tar"


class _OpenShard:
    """A tar file being written beside its name. ``length`` is where its last whole sample ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.beside = path.with_name(f".{path.name}.part")
        self.file = self.beside.open("w+b", buffering=0)  # unbuffered: a full disk shows at the sample it strikes
        self.keys: set[str] = set()
        self.length = 0
        self.continued = 0

    @classmethod
    def continuing(cls, folder: Path, entry: ShardEntry) -> "_OpenShard":
        """A copy of a finished shard that was not full, open at its end."""
        shard = cls(entry.verify(folder))
        try:
            with shard.path.open("rb") as finished:
                while chunk := finished.read(1 << 20):
                    shard._write(chunk)
        except OSError:
            shard.discard()
            raise
        with tarfile.open(shard.path) as tar:
            shard.keys = {name.partition(".")[0] for name in tar.getnames()}
        shard.length, shard.continued = entry.bytes - len(_END_OF_ARCHIVE), entry.samples
        return shard

    @property
    def samples(self) -> int:
        return len(self.keys)

    def append(self, key: str, files: dict[str, bytes]) -> None:
        if key in self.keys:
            raise HandcraftError(f"Expected keys to be unique, but {key!r} came twice.")
        data = b"".join(_member(f"{key}.{extension}", content) for extension, content in files.items())
        self.file.seek(self.length)
        self._write(data)
        self.length += len(data)
        self.keys.add(key)

    def finish(self) -> ShardEntry:
        """Close the archive after its last whole sample and give it its name."""
        self.file.truncate(self.length)
        self.file.seek(self.length)
        self._write(_END_OF_ARCHIVE)
        os.fsync(self.file.fileno())
        self.file.seek(0)
        digest = hashlib.file_digest(self.file, "sha256").hexdigest()
        self.file.close()
        self.beside.replace(self.path)
        return ShardEntry(self.path.name, self.samples, self.length + len(_END_OF_ARCHIVE), digest)

    def discard(self) -> None:
        self.file.close()
        self.beside.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.file.write(view) :]


def _member(name: str, content: bytes) -> bytes:
    """One tar member whose bytes depend on its name and content only."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), 0o644, 0
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % _BLOCK)
