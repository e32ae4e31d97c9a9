# SPDX-License-Identifier: Apache-2.0
"""``handcraft refine``: train a refiner; ``handcraft refine apply``: refine a data set with it, labels kept."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from handcraft.cli.parse import parse, preset_from, with_defaults
from handcraft.cli.prepared import (
    PREPARED,
    Preparation,
    cut_as_in_data,
    cut_as_in_run,
    expect_unused,
    write_preparation,
)
from handcraft.data import PreprocessConfig
from handcraft.errors import HandcraftError
from handcraft.refine import (
    LAPTOP,
    PAPER,
    PAPER_FEATURES,
    SMOKE,
    CycleGANConfig,
    Refiner,
    refine_prepared,
    refine_shards,
    train_refiner,
)
from handcraft.training import Device, make_accelerator

__all__ = ["ApplyCommand", "RefineCommand", "main"]

Preset = Literal["smoke", "laptop", "paper", "paper-features"]
PRESETS: dict[str, CycleGANConfig] = {
    "smoke": SMOKE,
    "laptop": LAPTOP,
    "paper": PAPER,
    "paper-features": PAPER_FEATURES,
}


@dataclass(frozen=True)
class RefineCommand:
    """What a refiner is trained on, and how."""

    rendered: Path
    """Renders: any data set handcraft reads."""
    photos: Path
    """Photographs of hands: any folder of pictures or data set; labels are not used."""
    out: Path
    """Run folder to write."""
    preset: Preset = "laptop"
    """What the other options default to."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    device: Device = "auto"
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)
    config: Annotated[CycleGANConfig, arg(name="")] = LAPTOP


@dataclass(frozen=True)
class ApplyCommand:
    """What is refined, with what."""

    refiner: Path
    """Run folder of `handcraft refine`."""
    data: Path
    """Renders: any data set handcraft reads."""
    out: Path
    """Folder to write."""
    keep: Literal["crops", "pictures"] = "crops"
    """`crops` writes crops as the refiner saw them in training; `pictures` refines whole pictures, shards to shards."""
    device: Literal["cpu", "cuda"] = "cpu"
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)


def main(argv: list[str]) -> int:
    """Train or apply."""
    return _apply(argv[1:]) if argv[:1] == ["apply"] else _train(argv)


def _train(argv: list[str]) -> int:
    preset = preset_from(argv, PRESETS, "laptop")
    crops = cut_as_in_data(argv, "--rendered", PreprocessConfig())
    command = parse(
        with_defaults(RefineCommand, preparation=crops, config=preset),
        argv,
        prog="handcraft refine",
        description="Train a CycleGAN that moves renders towards the look of photographs. `handcraft refine apply` "
        "uses the result.",
    )
    rendered, photographs = (command.preparation.load(folder) for folder in (command.rendered, command.photos))
    train_refiner(rendered, photographs, command.config, command.out, resume=command.resume, device=command.device)
    write_preparation(command.out, command.preparation.crops)
    print(f"Wrote {command.out}. Use it: handcraft refine apply --refiner {command.out} --data DIR --out DIR")
    return 0


def _apply(argv: list[str]) -> int:
    command = parse(
        with_defaults(ApplyCommand, preparation=cut_as_in_run(argv, "--refiner")),
        argv,
        prog="handcraft refine apply",
        description="Refine a data set; keys and labels are kept. Crops are cut as they were for training unless an "
        "option says otherwise.",
    )
    refiner = Refiner.load(command.refiner, device=str(make_accelerator(command.device).device))
    if command.keep == "pictures":
        count = refine_shards(refiner, command.data, command.out)
    else:
        count = _apply_to_crops(command, refiner)
    print(f"Refined {count} {command.keep} into {command.out}")
    return 0


def _apply_to_crops(command: ApplyCommand, refiner: Refiner) -> int:
    if command.out.resolve() == command.data.resolve():
        raise HandcraftError(f"Expected `out` to be another folder than `data`, but both are {command.out}.")
    expect_unused(command.out)
    refined = refine_prepared(refiner, command.preparation.load(command.data))
    write_preparation(command.out, command.preparation.crops)
    refined.save(command.out / PREPARED)  # last: where this file is, the crops are ready
    return len(refined)
