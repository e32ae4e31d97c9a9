# SPDX-License-Identifier: Apache-2.0
"""A folder of photographs without labels: the unlabelled target domain, from any camera."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from handcraft.data.picture_files import open_picture
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample, safe_key
from handcraft.errors import HandcraftError
from handcraft.files import PICTURE_SUFFIXES, picture_paths


class PhotographFolder:
    """Every picture in a folder and its subfolders, sorted by path; names that begin with a dot are passed over.

    - Labels: none, but what is opaque of a partly transparent picture is its mask. Subject: unknown, so every picture
      is its own. Side: unknown.
    - Colours: RGB in [0, 1]; EXIF orientation, greyscale, 16 bits and transparency as in ``read_photograph``.
    - Keys come from the path below the folder (``5_IMG_4509``); where two would be equal, both get a hash of the path.
    - A file that cannot be read is left out and listed in ``skipped``; if none can be read, iterating says so.

    Args:
        folder: where the pictures lie.
        name: what the set is called; the folder's name if empty.
        is_real: False if the pictures were not taken by a camera.

    Raises:
        HandcraftError: a folder that is missing or has no picture; while iterating, one without a readable picture.
    """

    def __init__(self, folder: Path, *, name: str = "", is_real: bool = True) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise HandcraftError(f"Expected {self.folder} to be a folder of photographs, but there is no such folder.")
        self.name, self.is_real = name or self.folder.resolve().name, is_real
        self.skipped: list[SkippedFile] = []
        self._paths = picture_paths(self.folder)
        if not self._paths:
            looked_for = " ".join(PICTURE_SUFFIXES)
            raise HandcraftError(f"Expected photographs ({looked_for}) in {self.folder}, but found none.")
        self._key_counts = Counter(_plain_key(path) for path in self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[HandSample]:
        self.skipped = []
        for path in self._paths:
            try:
                picture = open_picture(self.folder / path)
            except HandcraftError as error:
                self.skipped.append(SkippedFile(path.as_posix(), str(error)))
                continue
            key = self._key(path)
            yield HandSample(
                key=key,
                image=picture.image,
                source=self.name,
                is_real=self.is_real,
                subject=key,
                mask=picture.mask,
            )
        if len(self.skipped) == len(self._paths):
            raise HandcraftError(
                f"Expected pictures that can be read in {self.folder}, but none of its {len(self._paths)} can, such as "
                f"{self.skipped[0].path}; copy them again or name another folder."
            )

    def _key(self, path: Path) -> str:
        key = _plain_key(path)
        if self._key_counts[key] == 1:
            return key
        return f"{key}-{hashlib.sha256(path.as_posix().encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def _plain_key(path: Path) -> str:
    return safe_key("_".join(path.with_suffix("").parts))
