# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate regressor``: train what finds pose, shape and camera of a hand model in crops (seed 001)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from handcraft.cli.parse import chosen, parse, preset_from, with_defaults
from handcraft.cli.prepared import Preparation, cut_as_in_data, write_preparation
from handcraft.data import KOMOROWICZ, PreparedSet, PreprocessConfig, komorowicz_split, split_by_subject
from handcraft.errors import HandcraftError
from handcraft.estimate.regressor import REGRESSOR_LAPTOP, REGRESSOR_PRESETS, RegressorConfig, train_regressor
from handcraft.measure import MeanPose

__all__ = ["RegressorCommand", "main"]

OURS = ("smoke", "laptop")
SHARES = (0.8, 0.2)
"""Of people to train on and to validate on, where no other set is named."""


@dataclass(frozen=True)
class RegressorCommand:
    """What a regressor is trained on, and how."""

    data: Path
    """Labelled hands: any data set handcraft reads, or crops that `handcraft refine apply` wrote."""
    out: Path
    """Run folder to write."""
    preset: Literal[
        "smoke", "laptop", "resnet-without-shape", "resnet-pretrained", "resnet-frozen", "resnet-random",
        "densenet-pretrained", "densenet-frozen", "inception-frozen",
    ] = "laptop"  # fmt: skip
    """What the other options default to. All but the first two are seed 001's (table 6.2): they want your `--mano` file
    (or `--hand anny`) and, but for resnet-random, your file of the encoder's `--weights`."""
    validation: Path | None = None
    """Labelled hands to validate on, all of them; a part of `--data` if left out."""
    split: Literal["subject", "thesis"] = "subject"
    """Which part: `subject` a fifth of the people; `thesis` seed 001's own pictures of the 11k Hands, one person of
    which is trained on as well."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)
    config: Annotated[RegressorConfig, arg(name="")] = REGRESSOR_LAPTOP


def main(argv: list[str]) -> int:
    """Train, and remember how the crops were cut."""
    preset = preset_from(argv, REGRESSOR_PRESETS, "laptop")
    crops = cut_as_in_data(argv, "--data", _usual_crops(argv, preset))
    command = parse(
        with_defaults(RegressorCommand, preparation=crops, config=preset),
        argv,
        prog="handcraft estimate regressor",
        description="Train a regressor that finds pose, shape and camera of a hand model, and so keypoints, 3D joints "
        "and a mesh, on hands with labelled keypoints.",
    )
    training, validation = _parts(command)
    assert training.keypoints_px is not None
    assert training.confidence is not None
    train_regressor(training, command.config, command.out, validation=validation, resume=command.resume)
    mean_pose = MeanPose.fit(training.keypoints_px, training.confidence)
    write_preparation(command.out, command.preparation.crops, mean_pose)
    print(f"Wrote {command.out}. Score it: handcraft measure --estimator {command.out} --data DIR")
    return 0


def _usual_crops(argv: Sequence[str], preset: RegressorConfig) -> PreprocessConfig:
    is_ours = chosen(argv, "--preset") in ("", *OURS)
    return replace(PreprocessConfig() if is_ours else KOMOROWICZ, size=preset.image_px)


def _parts(command: RegressorCommand) -> tuple[PreparedSet, PreparedSet]:
    """Crops to train on and crops to validate on."""
    prepared = _labelled(command, command.data)
    if command.validation is not None:
        return prepared, _labelled(command, command.validation)
    if command.split == "thesis":
        parts = komorowicz_split(prepared.keys)
    else:
        parts = split_by_subject(prepared.subjects, SHARES, command.config.seed)
    training, validation = (prepared.select(part) for part in parts)
    return training, validation


def _labelled(command: RegressorCommand, folder: Path) -> PreparedSet:
    prepared = command.preparation.load(folder)
    if prepared.keypoints_px is None or prepared.confidence is None:
        raise HandcraftError(f"Expected {folder} to have labelled keypoints, but it has none; name another set.")
    return prepared
