# SPDX-License-Identifier: Apache-2.0
"""A folder that appears whole or not at all: exports have no half-way state another tool could mistake for a set."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handcraft.errors import HandcraftError


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield a folder beside ``out`` to write into; on success it is renamed to ``out``, else removed.

    What a killed export left beside ``out`` is removed by the next one.

    Raises:
        HandcraftError: ``out`` is there and not an empty folder.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise HandcraftError(f"Expected {out} to be new or empty, but it is not; name another folder or delete it.")
    beside = out.with_name(f".{out.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
        beside.replace(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
