# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate``: train a keypoint estimator; ``handcraft estimate segmenter``: train what cuts the hand out.

``handcraft estimate hand``, ``finder`` and ``regressor``, and all with ``--from``, are other modules' work; they are
reached from here.
"""

import importlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor
from tyro.conf import arg

from handcraft.cli.parse import parse, preset_from, with_defaults
from handcraft.cli.prepared import Preparation, cut_as_in_data, write_preparation
from handcraft.data import CropBox, PreprocessConfig, open_dataset
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.estimate import (
    KEYPOINTS_LAPTOP,
    KEYPOINTS_PAPER,
    KEYPOINTS_SMOKE,
    SEGMENTER_LAPTOP,
    SEGMENTER_PAPER,
    SEGMENTER_SMOKE,
    KeypointConfig,
    SegmenterConfig,
    train_estimator,
    train_segmenter,
)
from handcraft.measure import MeanPose

__all__ = ["EstimateCommand", "SegmenterCommand", "main", "pictures_with_masks"]

Preset = Literal["smoke", "laptop", "paper"]
KEYPOINT_PRESETS: dict[str, KeypointConfig] = {
    "smoke": KEYPOINTS_SMOKE,
    "laptop": KEYPOINTS_LAPTOP,
    "paper": KEYPOINTS_PAPER,
}
SEGMENTER_PRESETS: dict[str, SegmenterConfig] = {
    "smoke": SEGMENTER_SMOKE,
    "laptop": SEGMENTER_LAPTOP,
    "paper": SEGMENTER_PAPER,
}


@dataclass(frozen=True)
class EstimateCommand:
    """What a keypoint estimator is trained on, and how."""

    data: Path
    """Labelled hands: any data set handcraft reads, or crops that `handcraft refine apply` wrote."""
    out: Path
    """Run folder to write."""
    preset: Preset = "laptop"
    """What the other options default to."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)
    config: Annotated[KeypointConfig, arg(name="")] = KEYPOINTS_LAPTOP


@dataclass(frozen=True)
class SegmenterCommand:
    """What a segmenter is trained on, and how."""

    data: Path
    """Whole pictures with masks and backdrops, such as `handcraft render` writes."""
    out: Path
    """Run folder to write."""
    preset: Preset = "laptop"
    """What the other options default to."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    limit: int | None = None
    """Use the first so many samples only."""
    config: Annotated[SegmenterConfig, arg(name="")] = SEGMENTER_LAPTOP

    def __post_init__(self) -> None:
        if self.limit is not None:
            expect_at_least(1, limit=self.limit)


OTHERS = ("finder", "hand", "regressor")
"""What else is trained, each by a module of its own beside this one."""


def main(argv: list[str]) -> int:
    """Train what the first word names; a keypoint estimator without one."""
    match argv:
        case ["segmenter", *rest]:
            return _train_segmenter(rest)
        case [what, *rest] if what in OTHERS:
            return int(importlib.import_module(f"handcraft.cli.estimate_{what}").main(rest))
        case _ if any(word.partition("=")[0] == "--from" for word in argv):
            return int(importlib.import_module("handcraft.cli.estimate_from").main(argv))
        case _:
            return _train_keypoints(argv)


def _train_keypoints(argv: list[str]) -> int:
    preset = preset_from(argv, KEYPOINT_PRESETS, "laptop")
    crops = cut_as_in_data(argv, "--data", PreprocessConfig(size=preset.image_px))
    command = parse(
        with_defaults(EstimateCommand, preparation=crops, config=preset),
        argv,
        prog="handcraft estimate",
        description="Train a keypoint estimator on labelled hands. `handcraft estimate segmenter` trains what finds "
        "the hand in a picture, `handcraft estimate regressor` what finds pose and shape of a hand model; `handcraft "
        "estimate --from shipped` trains a hand network on for your own photographs.",
    )
    prepared = command.preparation.load(command.data)
    if prepared.keypoints_px is None or prepared.confidence is None:
        raise HandcraftError(f"Expected {command.data} to have labelled keypoints, but it has none; name another set.")
    train_estimator(prepared, command.config, command.out, resume=command.resume)
    write_preparation(command.out, command.preparation.crops, MeanPose.fit(prepared.keypoints_px, prepared.confidence))
    print(f"Wrote {command.out}. Score it: handcraft measure --estimator {command.out} --data DIR")
    return 0


def _train_segmenter(argv: list[str]) -> int:
    command = parse(
        with_defaults(SegmenterCommand, config=preset_from(argv, SEGMENTER_PRESETS, "laptop")),
        argv,
        prog="handcraft estimate segmenter",
        description="Train what finds the hand in a picture, on pictures with masks.",
    )
    images, masks = pictures_with_masks(command.data, size=2 * command.config.image_px, limit=command.limit)
    train_segmenter(images, masks, command.config, command.out, resume=command.resume)
    print(f"Wrote {command.out}. Use it: --segmenter {command.out}")
    return 0


def pictures_with_masks(
    folder: Path, *, size: int, limit: int | None = None
) -> tuple[UInt8[Tensor, "n 3 size size"], Bool[Tensor, "n size size"]]:
    """Whole pictures fitted into squares of ``size`` pixels, with their masks; memory holds the squares only.

    Raises:
        HandcraftError: no data set in ``folder``, or a picture without a mask.
    """
    images, masks = [], []
    for sample in itertools.islice(open_dataset(folder), limit):
        if sample.mask is None:
            raise HandcraftError(
                f"Expected {folder} to have masks, but {sample.key!r} has none; name another data set."
            )
        height, width = sample.mask.shape
        side = float(max(height, width))
        square = CropBox((width - side) / 2, (height - side) / 2, side)
        images.append((square.resample(sample.image, size).clamp(0, 1) * 255).round().to(torch.uint8))
        masks.append(square.resample(sample.mask[None].float(), size)[0] > 0.5)
    if not images:
        raise HandcraftError(f"Expected pictures with masks in {folder}, but it has none; name another data set.")
    return torch.stack(images), torch.stack(masks)
