# SPDX-License-Identifier: Apache-2.0
"""From a folder a user names to the crops a network sees, and what each run remembers of how they were cut.

A network is only right about crops cut as those it was trained on, so a run folder keeps ``preparation.json`` and every
later stage takes its defaults from there.
"""

import dataclasses
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from jaxtyping import Float
from torch import Tensor
from tyro.conf import arg

from handcraft.cli.parse import chosen
from handcraft.data import HandSample, PreparedSet, PreprocessConfig, open_dataset, open_picture, prepare
from handcraft.data.preprocess import Segment
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.estimate import Segmenter
from handcraft.files import write_json_atomically
from handcraft.measure import MeanPose

__all__ = [
    "PREPARED",
    "Preparation",
    "cut_as_in_data",
    "cut_as_in_run",
    "expect_unused",
    "read_mean_pose",
    "read_preparation",
    "whole_picture",
    "write_preparation",
]

PREPARED = "prepared.safetensors"
"""A folder with this file holds crops that are ready, with their labels: what ``handcraft refine apply`` writes."""

_PREPARATION = "preparation.json"
_SHOWN = 10  # files that cannot be read, by name; the rest is only counted


@dataclass(frozen=True)
class Preparation:
    """How the crops are cut out of a data set's pictures."""

    crops: Annotated[PreprocessConfig, arg(name="")] = dataclasses.field(default_factory=PreprocessConfig)
    segmenter: Path | None = None
    """Run folder of a segmenter (`handcraft estimate segmenter`); it finds the hand where a picture has no mask."""
    limit: int | None = None
    """Use the first so many samples only."""

    def __post_init__(self) -> None:
        if self.limit is not None:
            expect_at_least(1, limit=self.limit)

    def load(self, folder: Path) -> PreparedSet:
        """The crops of a data set, or those that lie ready in ``folder``; says on stderr what was left out.

        Raises:
            HandcraftError: no data set there, no hand in it, pictures without masks and nothing to find the hand, or
                ready crops that were cut otherwise.
        """
        if (folder / PREPARED).exists():
            return self._load_ready(folder)
        reader = open_dataset(folder)
        prepared = prepare(itertools.islice(reader, self.limit), self.crops, segment=self._segment(folder))
        for file in reader.skipped[:_SHOWN]:
            print(f"left out {file.path}: {file.reason}", file=sys.stderr)
        print(
            f"{folder}: {len(prepared)} crops; left out {len(reader.skipped)} files that cannot be read and "
            f"{prepared.skipped} pictures without a hand",
            file=sys.stderr,
        )
        return prepared

    def load_picture(self, file: Path) -> Float[Tensor, "3 size size"]:
        """The crop of one photograph in [0, 1], cut as those of a data set are.

        Raises:
            HandcraftError: no picture there, no hand in it, or no mask and nothing to find the hand.
        """
        picture = open_picture(file)
        sample = HandSample(
            key="picture", image=picture.image, source=file.name, is_real=True, subject="", mask=picture.mask
        )
        return prepare([sample], self.crops, segment=self._segment(file)).float_images()[0]

    def _load_ready(self, folder: Path) -> PreparedSet:
        if (cut := read_preparation(folder)) != self.crops:
            raise HandcraftError(f"Expected crops cut with {self.crops}, but those in {folder} were cut with {cut}.")
        prepared = PreparedSet.load(folder / PREPARED)
        return prepared.select(range(min(len(prepared), self.limit or len(prepared))))

    def _segment(self, folder: Path) -> Segment:
        if self.segmenter is not None:
            return Segmenter.load(self.segmenter)
        if self.crops.background == "kept":
            return whole_picture(self.crops.crop_scale)

        def refuse(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
            raise HandcraftError(
                f"Expected masks of the hands in {folder}, but a picture there has none; name a trained segmenter "
                "with --segmenter RUN, or take pictures as they are with --background kept."
            )

        return refuse


def whole_picture(crop_scale: float) -> Segment:
    """Stands in for a segmenter where nothing finds the hand: the crop becomes the square of the picture's area.

    The mask is a rectangle in the middle, ``1 / crop_scale`` of each side, and tells nothing about the hand.
    """

    def middle(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
        height, width = images.shape[-2:]
        mask = images.new_zeros(len(images), height, width)
        top, left = (round(side * (1 - 1 / crop_scale) / 2) if crop_scale > 1 else 0 for side in (height, width))
        mask[:, top : height - top, left : width - left] = 1.0
        return mask

    return middle


def cut_as_in_run(argv: Sequence[str], option: str) -> Preparation:
    """Crops cut as for the run that ``option`` names in ``argv``; the usual ones while only help is asked for."""
    run = chosen(argv, option)
    return Preparation(read_preparation(Path(run))) if run and not {"-h", "--help"} & set(argv) else Preparation()


def cut_as_in_data(argv: Sequence[str], option: str, otherwise: PreprocessConfig) -> Preparation:
    """Crops cut as those that lie ready in the folder ``option`` names in ``argv``, if some do."""
    folder = Path(chosen(argv, option))
    return Preparation(read_preparation(folder) if (folder / PREPARED).exists() else otherwise)


def expect_unused(out: Path) -> None:
    """Refuse to put crops into a folder that holds anything but what a kill of the same command left behind.

    Raises:
        HandcraftError: a file, or a folder with something in it.
    """
    if out.exists() and not out.is_dir():
        raise HandcraftError(f"Expected {out} to be a folder, but it is a file; choose another folder.")
    leftovers = (_PREPARATION, ".part")
    if out.is_dir() and any(not item.name.endswith(leftovers) for item in out.iterdir()):
        raise HandcraftError(f"Expected {out} to be a new or empty folder, but it has files; choose another folder.")


def write_preparation(run: Path, crops: PreprocessConfig, mean_pose: MeanPose | None = None) -> None:
    """Let ``run`` remember how the crops of its network were cut, and the mean pose in them, in crop sides."""
    pose = None if mean_pose is None else (mean_pose.keypoints_px / crops.size).tolist()
    write_json_atomically(run / _PREPARATION, {"crops": dataclasses.asdict(crops), "mean_pose": pose})


def read_preparation(run: Path) -> PreprocessConfig:
    """How the crops of the network in ``run`` (or the crops that lie there) were cut.

    Raises:
        HandcraftError: a run that did not finish, or a file that is not what it should be.
    """
    try:
        return PreprocessConfig(**_remembered(run)["crops"])
    except (TypeError, KeyError) as error:
        raise HandcraftError(f"Expected {run / _PREPARATION} to tell how crops were cut, but got {error}.") from error


def read_mean_pose(run: Path, size: int) -> MeanPose:
    """The mean pose of what an estimator was trained on, in pixels of a crop of ``size`` pixels.

    Raises:
        HandcraftError: a run without one, because it is no estimator's or did not finish.
    """
    pose = torch.tensor(_remembered(run).get("mean_pose") or [])
    if pose.shape != (21, 2):
        raise HandcraftError(f"Expected {run} to be an estimator's run, but it remembers no mean pose; name another.")
    return MeanPose(pose * size)


def _remembered(run: Path) -> dict[str, Any]:
    file = run / _PREPARATION
    try:
        remembered = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise HandcraftError(
            f"Expected {run} to be a finished run, but it has no {_PREPARATION}; "
            "finish it with --resume or name another."
        ) from None
    except ValueError as error:
        raise HandcraftError(f"Expected {file} to be JSON, but it is not: {error}; finish the run again.") from error
    if not isinstance(remembered, dict):
        raise HandcraftError(f"Expected {file} to hold one JSON object, but it does not; finish the run again.")
    return remembered
