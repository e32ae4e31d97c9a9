# SPDX-License-Identifier: Apache-2.0
"""``handcraft refine``: train a refiner of any kind; ``apply`` uses it, ``silhouette`` trains what GeoConGAN needs."""

import sys
from dataclasses import dataclass, field, make_dataclass
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
from handcraft.data import PhotographFolder, PreprocessConfig, ShardDataset, open_dataset
from handcraft.errors import HandcraftError
from handcraft.refine import (
    GEOCONGAN,
    LAPTOP,
    LAPTOP_FEATURES,
    MSH_GAN4,
    MSH_GAN6,
    PAPER,
    PAPER_FEATURES,
    PAPER_FULL_RESOLUTION,
    PAPER_WASSERSTEIN,
    PIX_CYCLEGAN4,
    PIX_CYCLEGAN6,
    SANTA_LAPTOP,
    SANTA_PAPER,
    SILHOUETTE_LAPTOP,
    SILHOUETTE_PAPER,
    SILHOUETTE_SMOKE,
    SMOKE,
    STYLE_LAPTOP,
    VAEGAN_LAPTOP,
    VAEGAN_PAPER,
    Refiner,
    RefinerConfig,
    SilhouetteConfig,
    refine_pictures,
    refine_prepared,
    refine_shards,
    train_refiner,
    train_silhouette,
)
from handcraft.training import Device, make_accelerator

__all__ = ["ApplyCommand", "RefineCommand", "SilhouetteCommand", "main"]

Preset = Literal[
    "smoke", "laptop", "laptop-features", "style", "santa", "vaegan", "paper", "paper-features",
    "paper-full-resolution", "paper-wasserstein", "paper-vaegan", "paper-santa", "pixcyclegan4", "pixcyclegan6",
    "msh-gan4", "msh-gan6", "geocongan",
]  # fmt: skip
PRESETS: dict[str, RefinerConfig] = {
    "smoke": SMOKE,
    "laptop": LAPTOP,
    "laptop-features": LAPTOP_FEATURES,
    "style": STYLE_LAPTOP,
    "santa": SANTA_LAPTOP,
    "vaegan": VAEGAN_LAPTOP,
    "paper": PAPER,
    "paper-features": PAPER_FEATURES,
    "paper-full-resolution": PAPER_FULL_RESOLUTION,
    "paper-wasserstein": PAPER_WASSERSTEIN,
    "paper-vaegan": VAEGAN_PAPER,
    "paper-santa": SANTA_PAPER,
    "pixcyclegan4": PIX_CYCLEGAN4,
    "pixcyclegan6": PIX_CYCLEGAN6,
    "msh-gan4": MSH_GAN4,
    "msh-gan6": MSH_GAN6,
    "geocongan": GEOCONGAN,
}
SILHOUETTE_PRESETS = {"smoke": SILHOUETTE_SMOKE, "laptop": SILHOUETTE_LAPTOP, "paper": SILHOUETTE_PAPER}


@dataclass(frozen=True)
class RefineCommand:
    """What a refiner is trained on; how, is its configuration's to say (``_configured``)."""

    rendered: Path
    """Renders: any data set handcraft reads."""
    photos: Path
    """Photographs of hands: any folder of pictures or data set; labels are not used."""
    out: Path
    """Run folder to write."""
    preset: Preset = "laptop"
    """Which refiner, and what the options below default to. `smoke`: to see that it runs. `laptop`, `laptop-features`:
    CycleGANs compared on pixels and on features; `style`: one render, many hands; `santa`: one-sided, with a strength;
    `vaegan`. `paper...`: seed 000's figures; `pixcyclegan4` to `geocongan`: seed 002's."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    device: Device = "auto"
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)


@dataclass(frozen=True)
class SilhouetteCommand:
    """What a silhouette network is trained on, and how."""

    rendered: Path
    """Renders: any data set handcraft reads; their masks are learned."""
    photos: Path
    """Photographs of hands, learned with their masks, or with those a segmenter finds."""
    out: Path
    """Run folder to write."""
    preset: Literal["smoke", "laptop", "paper"] = "laptop"
    """What the other options default to."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    device: Device = "auto"
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)
    config: Annotated[SilhouetteConfig, arg(name="")] = SILHOUETTE_LAPTOP


@dataclass(frozen=True)
class ApplyCommand:
    """What is refined, with what."""

    refiner: Path
    """Run folder of `handcraft refine`."""
    data: Path
    """Renders: any data set handcraft reads, a folder of pictures, or one picture."""
    out: Path
    """Folder to write."""
    keep: Literal["crops", "pictures"] = "crops"
    """`crops` writes crops as the refiner saw them in training; `pictures` refines whole pictures: shards to shards,
    plain pictures to pictures of the same names and formats."""
    copies: int = 1
    """How often each hand is refined, each time otherwise; refiners of preset `style` only."""
    exemplar: Path | None = None
    """A photograph; every hand is painted in its style; refiners of preset `style` only. It is cropped as the data
    are, so it needs a mask (transparency) or a `--segmenter`, unless backgrounds are kept."""
    strength: float = 1.0
    """0 leaves renders as they are, 1 is the refiner's answer; refiners of preset `santa` only."""
    seed: int = 0
    """Of what is drawn, where one render has many answers."""
    device: Literal["cpu", "cuda"] = "cpu"
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)


def main(argv: list[str]) -> int:
    """Train, apply, or train a silhouette network."""
    match argv[:1]:
        case ["apply"]:
            return _apply(argv[1:])
        case ["silhouette"]:
            return _train_silhouette(argv[1:])
        case _:
            return _train(argv)


def _train(argv: list[str]) -> int:
    preset = preset_from(argv, PRESETS, "laptop")
    crops = cut_as_in_data(argv, "--rendered", PreprocessConfig())
    command = parse(
        _configured(with_defaults(RefineCommand, preparation=crops), preset),
        argv,
        prog="handcraft refine",
        description="Train a refiner that moves renders towards the look of photographs. `handcraft refine apply` "
        "uses the result; `handcraft refine silhouette` trains the silhouette network that `--preset geocongan` needs.",
    )
    rendered, photographs = (command.preparation.load(folder) for folder in (command.rendered, command.photos))
    config = command.config  # type: ignore[attr-defined]  # of _configured
    train_refiner(rendered, photographs, config, command.out, resume=command.resume, device=command.device)
    write_preparation(command.out, command.preparation.crops)
    print(f"Wrote {command.out}. Use it: handcraft refine apply --refiner {command.out} --data DIR --out DIR")
    return 0


def _configured(command: type[RefineCommand], preset: RefinerConfig) -> type[RefineCommand]:
    """The command with the options of the preset's own kind of refiner, as ``config``."""
    options = ("config", Annotated[type(preset), arg(name="")], field(default=preset))
    return make_dataclass(command.__name__, [options], bases=(command,), frozen=True)


def _train_silhouette(argv: list[str]) -> int:
    preset = preset_from(argv, SILHOUETTE_PRESETS, "laptop")
    crops = cut_as_in_data(argv, "--rendered", PreprocessConfig())
    command = parse(
        with_defaults(SilhouetteCommand, preparation=crops, config=preset),
        argv,
        prog="handcraft refine silhouette",
        description="Train the network that sees a hand's silhouette in renders and photographs. Use it: handcraft "
        "refine --preset geocongan --silhouette RUN",
    )
    sets = [command.preparation.load(folder) for folder in (command.rendered, command.photos)]
    train_silhouette(sets, command.config, command.out, resume=command.resume, device=command.device)
    write_preparation(command.out, command.preparation.crops)
    print(f"Wrote {command.out}. Use it: handcraft refine --preset geocongan --silhouette {command.out}")
    return 0


def _apply(argv: list[str]) -> int:
    command = parse(
        with_defaults(ApplyCommand, preparation=cut_as_in_run(argv, "--refiner")),
        argv,
        prog="handcraft refine apply",
        description="Refine a data set, a folder of pictures or one picture; names, keys and labels are kept. Crops "
        "are cut as they were for training unless an option says otherwise.",
    )
    refiner = Refiner.load(command.refiner, device=str(make_accelerator(command.device).device))
    if command.exemplar is not None:
        refiner = refiner.in_style_of(command.preparation.load_picture(command.exemplar))
    count = _apply_to_crops(command, refiner) if command.keep == "crops" else _apply_to_pictures(command, refiner)
    print(f"Refined {count} {command.keep} into {command.out}")
    return 0


def _apply_to_pictures(command: ApplyCommand, refiner: Refiner) -> int:
    reader = None if command.data.is_file() else open_dataset(command.data)
    if isinstance(reader, ShardDataset):
        return refine_shards(
            refiner, command.data, command.out, seed=command.seed, copies=command.copies, strength=command.strength
        )
    if reader is not None and not isinstance(reader, PhotographFolder):
        raise HandcraftError(
            f"Expected shards or plain pictures in {command.data} to keep pictures of, but it is in {reader.name}'s "
            "layout; use --keep crops, or name its folder of pictures."
        )
    if command.copies != 1:
        raise HandcraftError(f"Expected `copies` to be 1 for plain pictures, but got {command.copies}; use shards.")
    count, skipped = refine_pictures(refiner, command.data, command.out, seed=command.seed, strength=command.strength)
    for file in skipped:
        print(f"left out {file.path}: {file.reason}", file=sys.stderr)
    return count


def _apply_to_crops(command: ApplyCommand, refiner: Refiner) -> int:
    if command.out.resolve() == command.data.resolve():
        raise HandcraftError(f"Expected `out` to be another folder than `data`, but both are {command.out}.")
    if command.data.is_file():
        raise HandcraftError(
            f"Expected `data` to be a folder to cut crops of, but {command.data} is one file; refine a picture as it "
            "is with --keep pictures."
        )
    expect_unused(command.out)
    prepared = command.preparation.load(command.data)
    refined = refine_prepared(refiner, prepared, seed=command.seed, copies=command.copies, strength=command.strength)
    write_preparation(command.out, command.preparation.crops)
    refined.save(command.out / PREPARED)  # last: where this file is, the crops are ready
    return len(refined)
