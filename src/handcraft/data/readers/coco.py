# SPDX-License-Identifier: Apache-2.0
"""COCO keypoints of hands: what `handcraft export --to coco`, mmpose and most labelling tools write."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from handcraft.data.coco_masks import mask_from_polygons, mask_from_runs
from handcraft.data.exporters.coco import HALF_PIXEL_PX
from handcraft.data.pixels import read_photograph
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample, safe_key
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS, reorder

_MMPOSE_FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
_MMPOSE_KEYPOINTS = ("wrist", *(f"{finger}{number}" for finger in _MMPOSE_FINGERS for number in (1, 2, 3, 4)))


class CocoHands:
    """A COCO file of hands and its pictures; every annotation with keypoints is a sample.

    - Layout: ``annotations/NAME.json`` or ``NAME.json``; pictures in ``images/`` or where ``file_name`` says.
    - Keypoints: 21, by the names of the category (ours or mmpose's; without names in our order), flat or nested, in
      numbers of pixels: the first one's centre is at 0, so 0.5 is added. ``v`` 0 is not labelled; ``visible`` is ``v``
      = 2 where the file uses 2 at all, and unknown in files such as mmpose's that only say 0 and 1.
    - Masks: run lengths, or polygons that are more than the box again (mmpose's hand sets repeat the box as a polygon).
    - Sides: ``hand_type``, else unknown. Subjects: ``subject`` of the image, else every picture its own.
    - Licence: that of the set; ``is_real`` is true unless ``info`` says otherwise, as our exports do. Rendered sets of
      others (RHD in COCO form) do not say so: pass ``is_real=False``.

    Args:
        folder: where the file and the pictures lie.
        annotations: the file, from ``folder``; empty if there is one only.
        is_real: False if no camera took the pictures.

    Raises:
        HandcraftError: no such file or several, or content of another form; file and entry are named.
    """

    def __init__(self, folder: Path, *, annotations: str = "", is_real: bool = True) -> None:
        self.folder = Path(folder)
        self._path = self.folder / annotations if annotations else _only_file(self.folder)
        content = _content(self._path)
        info = content.get("info") or {}
        self.name = str(info.get("source") or self._path.stem)
        self.is_real = bool(info.get("is_real", is_real))
        self.skipped: list[SkippedFile] = []
        self._images = {image["id"]: image for image in content["images"]}
        self._hands = [each for each in content["annotations"] if each.get("keypoints")]
        self._order = _order(self._path, content["categories"])
        self._tells_visibility = any(2 in _flat(each["keypoints"])[2::3] for each in self._hands)
        self._hands_of = Counter(each.get("image_id") for each in self._hands)
        if not self._hands:
            raise HandcraftError(f"Expected annotations with keypoints in {self._path}, but it has none.")

    def __len__(self) -> int:
        return len(self._hands)

    def __iter__(self) -> Iterator[HandSample]:
        self.skipped = []
        for hand in self._hands:
            try:
                yield self._sample(hand)
            except HandcraftError as error:
                self.skipped.append(SkippedFile(str(self._path.name), str(error)))

    def _sample(self, hand: dict[str, Any]) -> HandSample:
        entry = self._images.get(hand.get("image_id"))
        if entry is None:
            raise HandcraftError(
                f"Expected the image of annotation {hand.get('id')} in {self._path}, but it is missing."
            )
        image = read_photograph(self._picture(str(entry["file_name"])))
        size = (int(image.shape[1]), int(image.shape[2]))
        numbers = _flat(hand["keypoints"])
        if len(numbers) != 3 * len(KEYPOINTS):
            raise HandcraftError(f"Expected 21 keypoints (x, y, v) in annotation {hand.get('id')} of {self._path}.")
        rows = torch.tensor(numbers, dtype=torch.float32).reshape(-1, 3)[self._order]
        plain = str(entry.get("key") or safe_key(Path(entry["file_name"]).with_suffix("").as_posix()))
        key = f"{plain}-{hand.get('id')}" if self._hands_of[hand.get("image_id")] > 1 else plain
        side = hand.get("hand_type")
        return HandSample(
            key=key,
            image=image,
            source=self.name,
            is_real=self.is_real,
            subject=str(entry.get("subject") or plain),
            side=side if side in ("right", "left") else "unknown",
            mask=_mask(hand, *size),
            keypoints_px=torch.where(rows[:, 2:] > 0, rows[:, :2] + HALF_PIXEL_PX, 0.0),
            confidence=(rows[:, 2] > 0).float(),
            visible=rows[:, 2] == 2 if self._tells_visibility else None,
        )

    def _picture(self, file_name: str) -> Path:
        places = [self.folder / "images" / file_name, self.folder / file_name, self._path.parent / file_name]
        return next((path for path in places if path.is_file()), places[0])


def coco_files(folder: Path) -> list[Path]:
    """The files of a folder that have the three lists of COCO."""
    words = (b'"images"', b'"annotations"', b'"categories"', b'"keypoints"')
    found = [*sorted(folder.glob("annotations/*.json")), *sorted(folder.glob("*.json"))]
    return [path for path in found if all(word in path.read_bytes() for word in words)]


def _only_file(folder: Path) -> Path:
    found = coco_files(folder)
    if len(found) != 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in found) or "none"
        raise HandcraftError(
            f"Expected one COCO file of keypoints in {folder}, but found {names}; leave one there, or name it: "
            "CocoHands(folder, annotations=...)."
        )
    return found[0]


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
        lists = [content[name] for name in ("images", "annotations", "categories")]
    except FileNotFoundError as error:
        raise HandcraftError(f"Expected the COCO file {path}, but it is missing.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise HandcraftError(f"Expected {path} to be a COCO file, but got {error!r}; export it again.") from error
    if not all(isinstance(each, list) for each in lists):
        raise HandcraftError(f"Expected images, annotations and categories of {path} to be lists; export it again.")
    return content


def _order(path: Path, categories: list[dict[str, Any]]) -> list[int]:
    """Where each of our keypoints stands in the file, by name."""
    names = next((tuple(each["keypoints"]) for each in categories if each.get("keypoints")), KEYPOINTS)
    if names == _MMPOSE_KEYPOINTS:  # other words for our order
        return list(range(len(KEYPOINTS)))
    try:
        return reorder(target=KEYPOINTS, source=names)
    except ValueError as error:
        raise HandcraftError(
            f"Expected the 21 keypoints of a hand in {path}, but its category has {len(names)} called {names[0]}, "
            f"{names[1] if len(names) > 1 else ''}, ...; name them as handcraft.hand.skeleton.KEYPOINTS does."
        ) from error


def _flat(keypoints: list[Any]) -> list[float]:
    values = [value for row in keypoints for value in row] if isinstance(keypoints[0], list) else keypoints
    return [float(value) for value in values]


def _mask(hand: dict[str, Any], height: int, width: int) -> Bool[Tensor, "height width"] | None:
    outline = hand.get("segmentation")
    if isinstance(outline, dict):
        mask = mask_from_runs(outline["counts"], *outline["size"])
        return mask if tuple(mask.shape) == (height, width) else None
    if not outline:
        return None
    mask = mask_from_polygons([[float(value) for value in polygon] for polygon in outline], height, width)
    box_area = float(hand["bbox"][2] * hand["bbox"][3]) if hand.get("bbox") else 0.0
    return None if float(mask.sum()) >= 0.97 * box_area else mask
