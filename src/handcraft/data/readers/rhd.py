# SPDX-License-Identifier: Apache-2.0
"""RHD, the Rendered Hand Pose data set (Zimmermann and Brox, ICCV 2017), version 2: people in front of pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Tensor

from handcraft.data.pixels import read_photograph
from handcraft.data.readers.pickled_arrays import read_pickled_arrays
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample
from handcraft.data.variance_crop import clearer_side
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import FINGERS, KEYPOINTS, Side, reorder

Split = Literal["training", "evaluation"]

RHD_JOINTS = (
    "wrist", *(f"thumb_{joint}" for joint in ("tip", "ip", "mcp", "cmc")),
    *(f"{finger}_{joint}" for finger in FINGERS[1:] for joint in ("tip", "dip", "pip", "mcp")),
)  # fmt: skip
"""One hand's joints in the order of the file: every finger from its tip to the palm."""

SIDES: tuple[Side, ...] = ("left", "right")
"""The order of the two hands in the file."""

_PARTS: dict[Side, tuple[int, int]] = {"left": (2, 17), "right": (18, 255)}
_DEPTH_RANGE_M = 5.0


class RHD:
    """The folder ``RHD_published_v2``.

    - Layout: ``training/{color,mask,depth}/%05d.png`` and ``training/anno_training.pickle``; so for ``evaluation``.
    - Source and licence: lmb.informatik.uni-freiburg.de/resources/datasets/RenderedHandposeDataset; research only.
    - Counts: 41,258 pictures for training, 2,728 for evaluation, 320 x 320 px. A folder with only some of the pictures
      is read as far as it goes.
    - Joints: 42, the left hand's first, metres, OpenCV camera; pixels are ``K xyz / z`` (within 0.1 px, checked on
      frames of the set) and the published principal point is (160, 160), the centre of the picture when the first
      pixel's centre is at (0.5, 0.5), so both are taken as they are. Joints out of the picture are labelled too.
    - ``visible`` is the file's own flag.
    - Masks: of one hand, from part numbers: 0 background, 1 the rest of the person, 2 to 17 the left hand, 18 and above
      the right hand. Which part each number is has not been published in words, so ``parts`` stays absent.
    - Depth: 16 bits in two channels over 5 m; 0 where the mask says background, which is a flat picture. A folder
      without ``depth`` gives none.
    - Subjects are not published: every picture is its own, both of its hands share it.
    - Defects: hands may be a few pixels large, cut off or absent; a picture without a hand is left out and listed.

    Args:
        folder: holds ``training`` or ``evaluation``.
        split: which pictures.
        hands: ``clearer`` gives one sample a picture, of the hand whose mask has the larger variance (seed 000);
            ``each`` one of every hand with a visible keypoint, with ``-left`` or ``-right`` in its key.

    Raises:
        HandcraftError: labels or pictures that are missing, damaged or do not fit each other.
    """

    def __init__(
        self, folder: Path, *, split: Split = "training", hands: Literal["clearer", "each"] = "clearer"
    ) -> None:
        self.folder, self.split, self.hands = Path(folder), split, hands
        self.name, self.is_real = "RHD", False
        self.skipped: list[SkippedFile] = []
        path = self.folder / split / f"anno_{split}.pickle"
        self._labels = _read_labels(path)
        self._numbers = _file_numbers(self.folder / split / "color")
        strangers = [number for number in self._numbers if number not in self._labels.row_of]
        if strangers:
            raise HandcraftError(
                f"Expected labels of {strangers[0]:05d}.png in {path}, but it has none; take labels and pictures of "
                "one release."
            )
        self._has_depth = (self.folder / split / "depth").is_dir()

    def __len__(self) -> int:
        if self.hands == "clearer":
            return len(self._numbers)
        return sum(len(self._labels.visible_sides(number)) for number in self._numbers)

    def __iter__(self) -> Iterator[HandSample]:
        self.skipped = []
        for number in self._numbers:
            try:
                yield from self._samples(number)
            except HandcraftError as error:
                self._skip(number, str(error))

    def _skip(self, number: int, reason: str) -> None:
        self.skipped.append(SkippedFile(f"{self.split}/color/{number:05d}.png", reason))

    def _samples(self, number: int) -> Iterator[HandSample]:
        image = read_photograph(self._path("color", number))
        stored = self._stored("mask", number, image)
        masks = {side: _hand_mask(stored, side) for side in SIDES}
        depth_m = _depth_m(self._stored("depth", number, image), stored) if self._has_depth else None
        sides: tuple[Side, ...] = self._labels.visible_sides(number)
        if self.hands == "clearer":
            sides = (clearer_side(masks["left"], masks["right"]),)
        for side in sides:
            if masks[side].any():
                yield self._sample(number, side, image, masks[side], depth_m)
            else:
                self._skip(number, f"no pixel of the {side} hand is in the mask")

    def _sample(
        self,
        number: int,
        side: Side,
        image: Float[Tensor, "3 height width"],
        mask: Bool[Tensor, "height width"],
        depth_m: Float[Tensor, "height width"] | None,
    ) -> HandSample:
        subject = f"{self.split}-{number:05d}"
        row, hand = self._labels.row_of[number], SIDES.index(side)
        return HandSample(
            key=f"{subject}-{side}" if self.hands == "each" else subject,
            image=image,
            source=self.name,
            is_real=False,
            subject=subject,
            side=side,
            mask=mask,
            keypoints_px=self._labels.keypoints_px[row, hand],
            visible=self._labels.visible[row, hand],
            joints_m=self._labels.joints_m[row, hand],
            intrinsics=self._labels.intrinsics[row],
            depth_m=depth_m,
        )

    def _path(self, kind: str, number: int) -> Path:
        return self.folder / self.split / kind / f"{number:05d}.png"

    def _stored(
        self, kind: str, number: int, image: Float[Tensor, "3 height width"]
    ) -> UInt8[Tensor, "height width _"]:
        """The numbers of a label picture as they are stored, with its channels last."""
        path = self._path(kind, number)
        try:
            with Image.open(path) as opened:
                stored = torch.from_numpy(np.atleast_3d(np.array(opened)))
        except Exception as error:  # Pillow's decoders raise nearly every type of error on damaged files
            raise HandcraftError(f"Expected the {kind} {path}, but it cannot be read: {error}.") from error
        if stored.dtype != torch.uint8 or stored.shape[:2] != image.shape[1:]:
            sizes = f"{tuple(image.shape[1:])} pixels of 8 bits, but got {tuple(stored.shape[:2])} of {stored.dtype}"
            raise HandcraftError(f"Expected {kind}/{path.name} to have the picture's {sizes}.")
        return stored


@dataclass(frozen=True)
class _Labels:
    row_of: dict[int, int]
    keypoints_px: Float[Tensor, "picture 2 21 2"]
    visible: Bool[Tensor, "picture 2 21"]
    joints_m: Float[Tensor, "picture 2 21 3"]
    intrinsics: Float[Tensor, "picture 3 3"]

    def visible_sides(self, number: int) -> tuple[Side, ...]:
        seen = self.visible[self.row_of[number]].any(dim=1).tolist()
        return tuple(side for side, is_seen in zip(SIDES, seen, strict=True) if is_seen)


def _read_labels(path: Path) -> _Labels:
    content = read_pickled_arrays(path)
    if not isinstance(content, dict) or not content:
        raise HandcraftError(
            f"Expected {path} to be a dictionary of labels, but got {type(content).__name__} or nothing."
        )
    order = reorder(target=KEYPOINTS, source=RHD_JOINTS)
    if not all(isinstance(number, int | np.integer) for number in content):
        raise HandcraftError(f"Expected {path} to number its pictures, but it has other keys; unpack the set again.")
    numbers = sorted(content)
    stacked = [
        torch.from_numpy(np.stack([_array(path, number, content[number], name, shape) for number in numbers]))
        for name, shape in (("uv_vis", (42, 3)), ("xyz", (42, 3)), ("K", (3, 3)))
    ]
    seen, joints = (values.unflatten(1, (2, 21))[:, :, order] for values in stacked[:2])
    return _Labels(
        row_of={int(number): row for row, number in enumerate(numbers)},
        keypoints_px=seen[..., :2].contiguous(),
        visible=seen[..., 2] > 0.5,
        joints_m=joints,
        intrinsics=stacked[2],
    )


def _array(path: Path, number: Any, entry: Any, name: str, shape: tuple[int, int]) -> np.ndarray:  # noqa: ANN401 (a file's)
    try:
        values = np.asarray(entry[name], dtype=np.float32)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise HandcraftError(
            f"Expected {name} of picture {number} in {path} to be numbers, but got {error!r}."
        ) from error
    if values.shape != shape or not np.isfinite(values).all():
        raise HandcraftError(f"Expected {name} of picture {number} in {path} to be {shape} finite numbers.")
    return values


def _file_numbers(folder: Path) -> list[int]:
    names = [path.stem for path in folder.iterdir() if path.suffix == ".png"] if folder.is_dir() else []
    numbers = sorted(int(name) for name in names if len(name) == 5 and name.isdecimal())
    if not numbers:
        raise HandcraftError(f"Expected pictures like 00000.png in {folder}, but found none.")
    return numbers


def _hand_mask(stored: UInt8[Tensor, "height width _"], side: Side) -> Bool[Tensor, "height width"]:
    first, last = _PARTS[side]
    return (stored[..., 0] >= first) & (stored[..., 0] <= last)


def _depth_m(packed: UInt8[Tensor, "height width _"], stored: UInt8[Tensor, "height width _"]) -> Tensor:
    """Metres from the high byte in red and the low byte in green; 0 on the background."""
    if packed.shape[2] < 2:
        raise HandcraftError("Expected a depth picture of colour channels, but got one channel; unpack the set again.")
    whole = packed[..., 0].float() * 256 + packed[..., 1].float()
    return torch.where(stored[..., 0] > 0, whole * (_DEPTH_RANGE_M / 65535), 0.0)
