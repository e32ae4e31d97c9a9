# SPDX-License-Identifier: Apache-2.0
"""FreiHAND (Zimmermann et al., ICCV 2019), version 2: photographs of right hands with 3D joints."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.data.exporters.freihand import exported_origin
from handcraft.data.pixels import read_photograph
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError

Version = Literal["gs", "hom", "sample", "auto"]

VERSIONS: tuple[Version, ...] = ("gs", "hom", "sample", "auto")
"""Backgrounds of a training frame, in the order of the file numbers: green screen, homogenised, two recoloured."""

MURPHY_TRAINING_FRAMES, MURPHY_TEST_FRAMES = range(24_420), range(24_420, 32_560)
"""Seed 000's split of the training frames, by their number, of the version ``gs`` only. People are not published, so
one person's frames may be on both sides."""


class FreiHAND:
    """The folder ``FreiHAND_pub_v2``.

    - Layout: ``{training,evaluation}/rgb/%08d.jpg``, ``training/mask/%08d.jpg``, ``*_xyz.json`` and ``*_K.json``.
    - Source and licence: lmb.informatik.uni-freiburg.de/projects/freihand; research only, no commercial use.
    - Counts: 32,560 training frames, each in 4 versions (file number = frame + 32,560 * version); 3,960 evaluation
      photographs. All 224 x 224 px. A folder with only some of the photographs is read as far as it goes.
    - Joints: metres, OpenCV camera, in our order; pixels are ``K xyz / z``. Every published principal point is
      (112, 112), the centre of the picture when the first pixel's centre is at (0.5, 0.5), so K is taken as it is.
    - Masks: one per training frame, shared by its versions; none for evaluation. They take in some of the forearm.
    - Sides: all right (left hands were mirrored by the authors). Subjects are not published: all versions of a frame
      share one, so that a split never parts them.
    - A folder that handcraft exported says so in ``handcraft.json``: source, is_real and subjects come from there.
    - The joints of the evaluation photographs came later; without ``evaluation_xyz.json`` they have no labels.

    Args:
        folder: holds the JSON files.
        split: which photographs.
        versions: the backgrounds to take of a training frame.
        frames: the frames to take, by number; all if None.

    Raises:
        HandcraftError: label files or photographs that are missing, damaged or do not fit each other, or none left of
            those asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        split: Literal["training", "evaluation"] = "training",
        versions: tuple[Version, ...] = VERSIONS,
        frames: range | None = None,
    ) -> None:
        self.folder, self.split = Path(folder), split
        origin = exported_origin(self.folder)
        self.name, self.is_real = origin.get("source", "FreiHAND"), origin.get("is_real", True)
        self._subjects = [frame["subject"] for frame in origin.get("frames", [])]
        self.skipped: list[SkippedFile] = []
        self._labels = _read_labels(self.folder, split)
        self._file_numbers = _file_numbers(self.folder / split / "rgb")
        limit = len(self._labels) * (len(VERSIONS) if split == "training" else 1)
        if self._file_numbers[-1] >= limit:
            raise HandcraftError(
                f"Expected photographs numbered below {limit} in {self.folder / split / 'rgb'}, "
                f"but got {self._file_numbers[-1]:08d}; take labels and photographs of one release."
            )
        self._file_numbers = [
            number
            for number in self._file_numbers
            if (frames is None or number % len(self._labels) in frames)
            and VERSIONS[number // len(self._labels)] in (versions if split == "training" else VERSIONS)
        ]
        if not self._file_numbers:
            raise HandcraftError(
                f"Expected photographs of {' '.join(versions)} and {frames} in {self.folder / split / 'rgb'}, but it "
                "has others only; ask for other ones."
            )

    def __len__(self) -> int:
        return len(self._file_numbers)

    def __iter__(self) -> Iterator[HandSample]:
        self.skipped = []
        for number in self._file_numbers:
            path = self.folder / self.split / "rgb" / f"{number:08d}.jpg"
            try:
                yield self._sample(number, read_photograph(path))
            except HandcraftError as error:
                self.skipped.append(SkippedFile(path.relative_to(self.folder).as_posix(), str(error)))

    def _sample(self, number: int, image: Float[Tensor, "3 height width"]) -> HandSample:
        version, frame = divmod(number, len(self._labels))
        suffix = f"-{VERSIONS[version]}" if self.split == "training" else ""
        return HandSample(
            key=f"{self.split}-{frame:08d}{suffix}",
            image=image,
            source=self.name,
            is_real=self.is_real,
            subject=self._subjects[frame] if self._subjects else f"{self.split}-{frame:08d}",
            side="right",
            mask=self._mask(frame, image) if self.split == "training" else None,
            keypoints_px=self._labels.keypoints_px(frame),
            joints_m=self._labels.joints_m[frame] if self._labels.joints_m is not None else None,
            intrinsics=self._labels.intrinsics[frame],
        )

    def _mask(self, frame: int, image: Float[Tensor, "3 height width"]) -> Bool[Tensor, "height width"]:
        mask = read_photograph(self.folder / "training" / "mask" / f"{frame:08d}.jpg")[0] > 0.5
        if mask.shape != image.shape[1:]:
            sizes = f"{tuple(image.shape[1:])}, but its mask has {tuple(mask.shape)}"
            raise HandcraftError(f"Expected photograph and mask of frame {frame:08d} to have one size {sizes}.")
        return mask


@dataclass(frozen=True)
class _Labels:
    intrinsics: Float[Tensor, "frame 3 3"]
    joints_m: Float[Tensor, "frame 21 3"] | None

    def __len__(self) -> int:
        return len(self.intrinsics)

    def keypoints_px(self, frame: int) -> Float[Tensor, "21 2"] | None:
        if self.joints_m is None:
            return None
        homogeneous = self.joints_m[frame].double() @ self.intrinsics[frame].double().T
        return (homogeneous[:, :2] / homogeneous[:, 2:]).float()


def _read_labels(folder: Path, split: str) -> _Labels:
    intrinsics = _numbers(folder / f"{split}_K.json", (3, 3))
    joints_file = folder / f"{split}_xyz.json"
    if split == "evaluation" and not joints_file.exists():
        return _Labels(intrinsics, None)
    joints_m = _numbers(joints_file, (21, 3))
    if len(joints_m) != len(intrinsics):
        raise HandcraftError(f"Expected {joints_file} to have {len(intrinsics)} entries, but got {len(joints_m)}.")
    return _Labels(intrinsics, joints_m)


def _numbers(path: Path, shape: tuple[int, int]) -> Float[Tensor, "frame rows columns"]:
    try:
        values = torch.tensor(json.loads(path.read_bytes()), dtype=torch.float32)
    except FileNotFoundError as error:
        raise HandcraftError(f"Expected {path}, but it is missing; name the folder of FreiHAND_pub_v2.") from error
    except (ValueError, TypeError) as error:
        raise HandcraftError(f"Expected {path} to hold numbers, but got {error}; unpack the set again.") from error
    if values.shape[1:] != shape or len(values) == 0:
        raise HandcraftError(f"Expected {path} to be a list of {shape} matrices, but got {tuple(values.shape)}.")
    return values


def _file_numbers(folder: Path) -> list[int]:
    """The photographs that are there, by number; a listing costs less than asking for 130,240 files."""
    names = [path.stem for path in folder.iterdir() if path.suffix == ".jpg"] if folder.is_dir() else []
    numbers = sorted(int(name) for name in names if len(name) == 8 and name.isdecimal())
    if not numbers:
        raise HandcraftError(f"Expected photographs like 00000000.jpg in {folder}, but found none.")
    return numbers
