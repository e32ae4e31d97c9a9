# SPDX-License-Identifier: Apache-2.0
"""What a user names, photographs, folders, globs, videos, as the files it means."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from handcraft.errors import HandcraftError
from handcraft.files import PICTURE_SUFFIXES, picture_paths
from handcraft.predict.videos import VIDEO_SUFFIXES


@dataclass(frozen=True)
class Source:
    """A file to look for hands in."""

    path: Path
    name: Path
    """Its place in folders of results: below the folder that was named, or its own name."""

    @property
    def is_video(self) -> bool:
        """By its suffix."""
        return self.path.suffix.lower() in VIDEO_SUFFIXES


def sources_of(words: Sequence[str]) -> tuple[list[Source], list[HandcraftError]]:
    """The files that are meant, each once and in the order they were named, and what is wrong with which word.

    A word is a file, a folder (all pictures and videos in it and below it) or a glob (``**`` is any depth), which is
    asked for only if no file has that name. Names in the results are made distinct by a number.
    """
    sources: list[Source] = []
    errors: list[HandcraftError] = []
    for word in words:
        try:
            sources.extend(_meant_by(word))
        except HandcraftError as error:
            errors.append(error)
    return list(_distinct(sources)), errors


def _meant_by(word: str) -> list[Source]:
    path = Path(word)
    if path.is_dir():
        found = [Source(path / name, name) for name in [*picture_paths(path), *_video_paths(path)]]
        if not found:
            kinds = " ".join((*PICTURE_SUFFIXES, *VIDEO_SUFFIXES))
            raise HandcraftError(f"Expected pictures or videos ({kinds}) in {path}, but found none.")
        return found
    if path.exists():
        return [Source(path, Path(path.name))]
    matches = sorted(glob.glob(word, recursive=True)) if glob.has_magic(word) else []  # noqa: PTH207
    files = [Path(match) for match in matches if Path(match).is_file()]
    if not files:
        raise HandcraftError(f"Expected {word} to be a file, a folder or a glob, but there is no such file.")
    return [Source(file, Path(file.name)) for file in files]


def _video_paths(folder: Path) -> list[Path]:
    below = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    return sorted((path for path in below if not any(part.startswith(".") for part in path.parts)), key=Path.as_posix)


def _distinct(sources: Sequence[Source]) -> Iterator[Source]:
    files: set[Path] = set()
    names: set[Path] = set()
    for source in sources:
        if source.path.resolve() in files:
            continue
        name, number = source.name, 1
        while name in names:
            number += 1
            name = source.name.with_stem(f"{source.name.stem}-{number}")
        files.add(source.path.resolve())
        names.add(name)
        yield Source(source.path, name)
