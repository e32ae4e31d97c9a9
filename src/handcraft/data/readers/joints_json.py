# SPDX-License-Identifier: Apache-2.0
"""11k Hands (Afifi 2019) with the keypoints of Komorowicz' thesis (seed 001): the labelled real test set."""

import csv
import json
import math
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data.pixels import read_photograph
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample, safe_key
from handcraft.errors import HandcraftError

_THESIS_SIZE_PX = (1600, 1200)  # the photographs its labels were made on

THESIS_PICKLES = ("11k_joints_train.pkl", "11k_joints_val.pkl")
"""The thesis' own label files, all of whose pictures together are its set."""


class JointsJson:
    """A label file beside ``Hands/Hand_%07d.jpg``: either ``joints.json`` or one of the thesis' pickles.

    - Source and licence: sites.google.com/view/11khands; research use. Keypoints by OpenPose, then accepted by eye.
    - Content: a list of ``{filename, side, joints}``, joints 21 x (x, y, certainty) in our order. ``joints.json`` has
      ``subject`` too and pixels of the pictures beside it. The pickles have pixels of the original 1600 x 1200
      photographs, which are scaled to the picture that is there; their subjects come from ``HandInfo.csv`` beside them.
    - Defects: certainties above 1 (clamped here) and y below the lower edge (kept): OpenPose squares its input. Labels
      lie on OpenPose's grid of 4.35 px of 1600; half a pixel of convention is far below that, so they are taken as
      they are.
    - Photographs: one hand each on white. Sides are those of the person's hand.

    Args:
        folder: holds ``Hands``.
        labels: name of the label file in it, ``.json`` or ``.pkl``, or of several. A pickle is read without loading any
            class or function, so a hostile one can do nothing.

    Raises:
        HandcraftError: label file or photographs missing, or content of another form; file and entry are named.
    """

    def __init__(self, folder: Path, *, labels: str | tuple[str, ...] = "joints.json") -> None:
        self.folder = Path(folder)
        self.name, self.is_real = "11k Hands", True
        self.skipped: list[SkippedFile] = []
        paths = [self.folder / name for name in ((labels,) if isinstance(labels, str) else labels)]
        subjects = _subjects_by_filename(self.folder / "HandInfo.csv")
        self._records = [
            _record(path, index, entry, subjects) for path in paths for index, entry in enumerate(_read_entries(path))
        ]
        present = {picture.name for picture in (self.folder / "Hands").glob("*")}
        self._present = [record for record in self._records if record.filename in present]
        if not self._present:
            raise HandcraftError(
                f"Expected the photographs that {paths[0]} names in {self.folder / 'Hands'}; found none."
            )

    def __len__(self) -> int:
        return len(self._present)

    def __iter__(self) -> Iterator[HandSample]:
        """Samples in the order of the label file; labels without their photograph are listed in ``skipped``."""
        self.skipped = []
        for record in self._records:
            try:
                yield self._sample(record)
            except HandcraftError as error:
                self.skipped.append(SkippedFile(f"Hands/{record.filename}", str(error)))

    def _sample(self, record: "_Record") -> HandSample:
        image = read_photograph(self.folder / "Hands" / record.filename)
        picture_size_px = (image.shape[2], image.shape[1])
        label_size_px = record.label_size_px or picture_size_px
        scale = [there / labelled for there, labelled in zip(picture_size_px, label_size_px, strict=True)]
        return HandSample(
            key=safe_key(Path(record.filename).stem),
            image=image,
            source=self.name,
            is_real=True,
            subject=record.subject,
            side=record.side,
            keypoints_px=record.joints[:, :2] * torch.tensor(scale),
            confidence=record.joints[:, 2].clamp(0, 1),
        )


@dataclass(frozen=True)
class _Record:
    filename: str
    side: Literal["right", "left"]
    subject: str
    joints: Float[Tensor, "21 3"]
    label_size_px: tuple[int, int] | None
    """Width and height of the picture that the labels are for; None: of the one that is there."""


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, dicts, strings and numbers; every class or function a pickle asks for is refused."""

    def find_class(self, module_name: str, global_name: str) -> NoReturn:
        raise HandcraftError(f"it asks for {module_name}.{global_name}, which a label file has no need of")


def _read_entries(path: Path) -> list[Any]:
    try:
        if path.suffix == ".pkl":
            with path.open("rb") as file:
                entries = _PlainUnpickler(file).load()
        else:
            entries = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise HandcraftError(f"Expected the label file {path}, but it is missing.") from error
    except Exception as error:  # a damaged pickle can raise nearly every type of error
        raise HandcraftError(f"Expected {path} to be a list of labels, but it cannot be read: {error}.") from error
    if not isinstance(entries, list) or not entries:
        raise HandcraftError(f"Expected {path} to be a list of labels, but got {type(entries).__name__} or nothing.")
    return entries


def _record(path: Path, index: int, entry: Any, subjects: dict[str, str]) -> _Record:  # noqa: ANN401 (it is a file's)
    try:
        filename, side = entry["filename"], entry["side"]
        rows = [[float(number) for number in row] for row in entry["joints"]]
    except (KeyError, TypeError, ValueError) as error:
        raise HandcraftError(f"Expected entry {index} of {path} to be a label, but got {error!r}.") from error
    if not isinstance(filename, str) or Path(filename).name != filename:
        raise HandcraftError(f"Expected entry {index} of {path} to name a file in Hands, but got {filename!r}.")
    if side not in ("left", "right"):
        raise HandcraftError(f"Expected the side of entry {index} of {path} to be left or right, but got {side!r}.")
    if [len(row) for row in rows] != [3] * 21 or not all(math.isfinite(number) for row in rows for number in row):
        raise HandcraftError(f"Expected entry {index} of {path} to have 21 joints (x, y, certainty), all finite.")
    subject = str(entry.get("subject", subjects.get(filename, safe_key(Path(filename).stem))))
    label_size_px = _THESIS_SIZE_PX if path.suffix == ".pkl" else None
    return _Record(filename, side, subject, torch.tensor(rows), label_size_px)


def _subjects_by_filename(path: Path) -> dict[str, str]:
    """The person of each photograph by the data set's own table; empty where the table is not there."""
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not {"id", "imageName"} <= set(rows.fieldnames or ()):
            raise HandcraftError(f"Expected {path} to have the columns id and imageName, but got {rows.fieldnames}.")
        return {row["imageName"]: row["id"] for row in rows}
