# SPDX-License-Identifier: Apache-2.0
"""``handcraft tune``: search a refiner's settings by the error of the estimator trained on what it makes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from tyro.conf import arg

from handcraft.cli.parse import parse, preset_from, with_defaults
from handcraft.cli.prepared import Preparation, cut_as_in_data, write_preparation
from handcraft.data import PreprocessConfig
from handcraft.report import write_report
from handcraft.studies.tuning import (
    LAPTOP_TUNING,
    PAPER_TUNING,
    SMOKE_TUNING,
    SearchSpace,
    TuningConfig,
    TuningSets,
    tune,
)
from handcraft.training import Device

__all__ = ["TuneCommand", "main"]

PRESETS: dict[str, TuningConfig] = {"smoke": SMOKE_TUNING, "laptop": LAPTOP_TUNING, "paper": PAPER_TUNING}

_HEADINGS = {
    "cycle_weight": "cycle\nweight",
    "learning_rate": "rate",
    "identity_weight": "identity\nweight",
    "cycle": "cycle\non",
    "feature_level": "level",
    "discriminator_width": "width",
    "ema_decay": "ema",
}
"""Of settings whose own names are too long for a terminal; the page has them in full."""


@dataclass(frozen=True)
class TuneCommand:
    """What is searched, and on what."""

    rendered: Path
    """Renders with keypoints: any data set handcraft reads."""
    photos: Path
    """Photographs of hands: any folder of pictures or data set; labels are not used."""
    validation: Path
    """A small labelled data set whose error decides. Not the test set: the search uses it up, so the final figure must
    come from other people's hands."""
    out: Path
    """Run folder to write; it ends up holding `report.html`, `results.json` and every trial's refiner."""
    preset: Literal["smoke", "laptop", "paper"] = "laptop"
    """Sizes and lengths of a trial, and how many there are."""
    trials: int | None = None
    """Trials in all, those before a resumption included; the preset's number without it."""
    seed: int = 0
    """What proposals are drawn with."""
    resume: bool = False
    """Go on with the search in `--out`, if there is one; `--trials` may be larger then."""
    device: Device = "auto"
    space: SearchSpace = field(default_factory=SearchSpace)
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)


def main(argv: list[str]) -> int:
    """Search, print the trials and write the page."""
    preset = preset_from(argv, PRESETS, "laptop")
    usual = PreprocessConfig(size=preset.keypoints.image_px)
    crops = cut_as_in_data(argv, "--rendered", usual)
    command = parse(
        with_defaults(TuneCommand, preparation=crops),
        argv,
        prog="handcraft tune",
        description="Search the settings of a refiner. Every trial trains a refiner and an estimator on what it makes; "
        "the estimator's mean error on the labelled validation set decides.",
    )
    sets = TuningSets(
        *(command.preparation.load(each) for each in (command.rendered, command.photos, command.validation))
    )
    results = tune(command.out, sets, _config(command), resume=command.resume, device=command.device)
    tuning = results["tuning"]
    for trial in tuning["trials"]:
        if trial["error_px"] is not None:
            write_preparation(command.out / "trials" / f"{trial['number']:03d}" / "refine", command.preparation.crops)
    page = write_report(command.out)
    Console().print(trials_table(tuning))
    print(f"\n{results['verdict']}\n\nRead {page}")
    if tuning["best"] is not None:
        best = command.out / tuning["best_folder"]
        print(f"Use the best: handcraft refine apply --refiner {best} --data DIR --out DIR")
    return 0


def _config(command: TuneCommand) -> TuningConfig:
    preset = PRESETS[command.preset]
    trials = preset.trials if command.trials is None else command.trials
    return TuningConfig(
        preset.refiner, preset.keypoints, command.space, trials, random_trials=preset.random_trials, seed=command.seed
    )


def trials_table(tuning: dict[str, Any]) -> Table:
    """Every trial in the order of the search, the best in bold; whole in a terminal of 80 columns."""
    title = f"Mean error on the validation set; raw renders {tuning['baseline_px']:.2f} px"
    table = Table(title=title, box=box.SIMPLE, pad_edge=False)
    for heading in ("trial", "px", *(_HEADINGS.get(name, name) for name in tuning["trials"][0]["settings"])):
        table.add_column(heading, justify="right", overflow="fold")
    for trial in tuning["trials"]:
        error = "given\nup" if trial["error_px"] is None else f"{trial['error_px']['value']:.2f}"
        cells = [_short(name, value) for name, value in trial["settings"].items()]
        style = "bold" if trial["number"] == tuning["best"] else ""
        table.add_row(str(trial["number"]), error, *cells, style=style)
    return table


def _short(name: str, value: str | int | float) -> str:
    if isinstance(value, float):
        return f"{value:.2g}" if name == "learning_rate" else f"{value:.3g}"
    return str(value).removeprefix("discriminator_")
