# SPDX-License-Identifier: Apache-2.0
"""Files written beside their name and renamed, so that a kill never leaves half a file; and where pictures lie."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif")
"""In small or capital letters. Pillow needs a plug-in for the last two; without it they cannot be read."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of ``path``; on success it is synced to disk and renamed onto ``path``.

    If the body raises, the sibling is removed and whatever stood at ``path`` is untouched. An OSError of
    writing, on a full disk say, names ``path`` then, even if whatever wrote named no file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if error.filename is None or Path(error.filename) == beside:
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        beside.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text_atomically(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 so that ``path`` holds either its old or its new content."""
    with atomic_path(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json_atomically(path: Path, value: Any) -> None:  # noqa: ANN401 (whatever json can write)
    """Write ``value`` as indented JSON; NaN and infinity are refused, because JSON has neither."""
    write_text_atomically(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def picture_paths(folder: Path) -> list[Path]:
    """Pictures below ``folder``, relative to it, sorted the same way on every machine; hidden ones are passed over."""
    below = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    shown = (path for path in below if not any(part.startswith(".") for part in path.parts))
    return sorted((path for path in shown if (folder / path).is_file()), key=Path.as_posix)
