# SPDX-License-Identifier: Apache-2.0
"""What every reader of a data set offers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from handcraft.data.sample import HandSample


@dataclass(frozen=True)
class SkippedFile:
    """A file that gave no sample, and why."""

    path: str
    reason: str


@runtime_checkable
class Reader(Protocol):
    """A data set on disk. Iterating reads one sample at a time and may be done again and again.

    ``len`` counts the samples the folder promises; files that turn out unreadable are left out while iterating and
    listed, with the reason, in ``skipped`` (of the latest iteration).
    """

    name: str
    is_real: bool
    skipped: list[SkippedFile]

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[HandSample]: ...
