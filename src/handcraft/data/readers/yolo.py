# SPDX-License-Identifier: Apache-2.0
"""YOLO pose data sets of hands, as `handcraft export --to yolo` and ultralytics' hand-keypoints have them."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
import yaml

from handcraft.data.exporters.yolo import COLUMNS, SAMPLES_NAME
from handcraft.data.pixels import read_photograph
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample, safe_key
from handcraft.errors import HandcraftError
from handcraft.files import PICTURE_SUFFIXES
from handcraft.hand.skeleton import KEYPOINTS, Side


class YoloHands:
    """A folder with a YAML file, ``images/`` and ``labels/``; every line of a label file is a sample.

    - Layout: ``images/SPLIT/NAME.jpg`` and ``labels/SPLIT/NAME.txt``; splits are the folders that are there.
    - A line: ``class cx cy w h`` and 21 times ``x y`` or ``x y v``, all divided by the picture's size; the picture
      covers 0 to 1 from edge to edge. The keypoints are taken to be in our order, which ultralytics' hand set has too.
    - ``v``: 0 is not labelled, 2 visible, 1 hidden; where a set has no 2 in a line, or no ``v``, visibility is unknown.
    - Sides: from ``samples.csv`` where we wrote the set, from classes called left and right, else unknown. Subjects:
      from ``samples.csv``, else every picture its own. No masks.
    - ``is_real`` is true unless the YAML file says otherwise, as our exports do. ``flip_idx`` concerns trainers only.

    Args:
        folder: holds the YAML file.
        split: ``train``, ``val`` or ``test``; empty for all.

    Raises:
        HandcraftError: no such file or pictures, or keypoints of another number.
    """

    def __init__(self, folder: Path, *, split: str = "") -> None:
        self.folder = Path(folder)
        path = yolo_file(self.folder)
        if path is None:
            raise HandcraftError(f"Expected a YAML file with kpt_shape in {self.folder}, but found none.")
        settings = _settings(path)
        self._columns = _keypoint_columns(path, settings)
        self.name = str(settings.get("source") or self.folder.resolve().name)
        self.is_real = bool(settings.get("is_real", True))
        self.skipped: list[SkippedFile] = []
        self._sides = _sides_by_class(settings.get("names"))
        self._known = _known_samples(self.folder / SAMPLES_NAME)
        found = (self.folder / "images" / split).rglob("*")
        self._pictures = sorted((path for path in found if path.suffix.lower() in PICTURE_SUFFIXES), key=Path.as_posix)
        self._lines = {picture: _lines(self._label(picture)) for picture in self._pictures}
        if not any(self._lines.values()):
            raise HandcraftError(f"Expected pictures in {self.folder / 'images' / split} with labels, but found none.")

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __iter__(self) -> Iterator[HandSample]:
        self.skipped = []
        for picture, lines in self._lines.items():
            for number, line in enumerate(lines):
                try:
                    yield self._sample(picture, line, f"-{number}" if len(lines) > 1 else "")
                except HandcraftError as error:
                    self.skipped.append(SkippedFile(picture.relative_to(self.folder).as_posix(), str(error)))

    def _label(self, picture: Path) -> Path:
        return self.folder / "labels" / picture.relative_to(self.folder / "images").with_suffix(".txt")

    def _sample(self, picture: Path, line: str, suffix: str) -> HandSample:
        numbers = _numbers(self._label(picture), line, 5 + len(KEYPOINTS) * self._columns)
        image = read_photograph(picture)
        rows = torch.tensor(numbers[5:]).reshape(len(KEYPOINTS), self._columns)
        flags = rows[:, 2] if self._columns == 3 else torch.ones(len(KEYPOINTS))
        size_px = torch.tensor([image.shape[2], image.shape[1]])
        key = safe_key(picture.stem)
        side, subject = self._known.get(key, (self._sides.get(int(numbers[0]), "unknown"), key))
        return HandSample(
            key=f"{key}{suffix}",
            image=image,
            source=self.name,
            is_real=self.is_real,
            subject=subject,
            side=side,
            keypoints_px=rows[:, :2] * size_px,
            confidence=(flags > 0).float(),
            visible=flags == 2 if bool((flags == 2).any()) else None,
        )


def yolo_file(folder: Path) -> Path | None:
    """The YAML file of a folder that describes keypoints; None if there is none."""
    found = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    return next((path for path in found if "kpt_shape" in path.read_text(encoding="utf-8", errors="replace")), None)


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HandcraftError(f"Expected {path} to be YAML, but got {error}; write it again.") from error
    if not isinstance(settings, dict):
        raise HandcraftError(f"Expected {path} to be a YAML mapping, but got {type(settings).__name__}; mend it.")
    return settings


def _keypoint_columns(path: Path, settings: dict[str, Any]) -> int:
    shape = settings.get("kpt_shape")
    if shape not in ([21, 2], [21, 3]):
        raise HandcraftError(f"Expected `kpt_shape` of {path} to be [21, 3] or [21, 2], a hand's, but got {shape}.")
    return int(shape[1])


def _sides_by_class(names: Any) -> dict[int, Side]:  # noqa: ANN401 (a list or a mapping, as the file has it)
    numbered = names.items() if isinstance(names, dict) else enumerate(names or [])
    sides: tuple[Side, ...] = ("left", "right")
    return {int(number): side for number, name in numbered for side in sides if side in str(name).lower()}


def _known_samples(path: Path) -> dict[str, tuple[Side | Literal["unknown"], str]]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not set(COLUMNS) <= set(rows.fieldnames or ()):
            raise HandcraftError(f"Expected {path} to have the columns {', '.join(COLUMNS)}; export the set again.")
        sides: dict[str, Side | Literal["unknown"]] = {"left": "left", "right": "right"}
        return {row["key"]: (sides.get(row["side"], "unknown"), row["subject"]) for row in rows}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _numbers(path: Path, line: str, count: int) -> list[float]:
    try:
        numbers = [float(word) for word in line.split()]
    except ValueError as error:
        raise HandcraftError(f"Expected {path} to hold numbers, but got {error}.") from error
    if len(numbers) != count:
        raise HandcraftError(f"Expected {count} numbers a line in {path}, but got {len(numbers)}.")
    return numbers
