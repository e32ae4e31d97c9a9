# SPDX-License-Identifier: Apache-2.0
"""A disk that refuses (full, read-only, gone) ends a run with one line that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handcraft.errors import HandcraftError


@contextmanager
def refused_by_disk(path: Path) -> Iterator[None]:
    """Turn an OSError from writing ``path`` into a HandcraftError."""
    try:
        yield
    except OSError as error:
        raise HandcraftError(
            f"Cannot write {path} ({error.strerror or error}); what was saved before is whole: "
            "make room or mend the permissions, then resume."
        ) from error
