# SPDX-License-Identifier: Apache-2.0
"""``handcraft demo``: renders, refines, estimates, measures and reports in one command."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from handcraft.cli.parse import parse
from handcraft.report.page import write_report
from handcraft.studies.refinement import LAPTOP_STUDY, LONG_STUDY, SMOKE_STUDY, STYLE_STUDY, run_study

PRESETS = {"smoke": SMOKE_STUDY, "laptop": LAPTOP_STUDY, "long": LONG_STUDY, "style": STYLE_STUDY}


@dataclass(frozen=True)
class DemoCommand:
    """The main job, end to end."""

    out: Path = Path("runs/demo")
    """Run folder to write; it ends up holding `report.html` and `results.json`."""
    photos: Path | None = None
    """Your own photographs of hands, to refine towards; without them, simulated photographs stand in."""
    test: Path | None = None
    """A labelled data set to test on; without one, simulated photographs stand in."""
    preset: Literal["smoke", "laptop", "long", "style"] = "laptop"
    """`smoke`: under a minute, figures mean nothing. `laptop`: under ten minutes on two cores. `long`: every
    refiner, about an hour of one core a seed. `style`: the one-to-many refiner alone, a quarter of an hour a seed."""
    seeds: tuple[int, ...] = (0,)
    """Training seeds; every arm is trained once for each."""
    workers: int = 0
    """Rendering processes; 0 takes one per core."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""


def main(argv: list[str]) -> int:
    """Run the study and write its report."""
    command = parse(
        DemoCommand,
        argv,
        prog="handcraft demo",
        description="Render hands, refine them towards photographs, train estimators on each, measure, write a page.",
    )
    config = dataclasses.replace(PRESETS[command.preset], seeds=command.seeds)
    results = run_study(
        command.out, config, title=_title(command), photos=command.photos, test=command.test,
        workers=command.workers, resume=command.resume,
    )  # fmt: skip
    page = write_report(command.out)
    _print_table(results)
    print(f"\n{results['verdict']}\n\nRead {page}")
    return 0


def _title(command: DemoCommand) -> str:
    target = "simulated photographs" if command.photos is None else "photographs"
    return f"From renders to {target}"


def _print_table(results: dict[str, Any]) -> None:
    test = results["sets"]["test"]
    kind = "photographs" if test["is_real"] else "simulated photographs, a stand-in"
    table = Table(title=f"Error on {test['count']} test images ({test['name']}: {kind}); {results['frame']}")
    for column in ("trained on", "mean error px", "median px", "AUC 0-30 px", "AUC relative"):
        table.add_column(column, justify="left" if column == "trained on" else "right", no_wrap=column == "trained on")
    for arm in results["arms"]:
        others = [f"{arm[name]['value']:.{digits}f}" for name, digits in
                  (("epe_median", 2), ("auc_30px", 3), ("auc_relative", 3))]  # fmt: skip
        style = {"baseline": "dim", "ceiling": "italic"}.get(arm["role"], "")
        table.add_row(arm["name"], _with_interval(arm["epe_mean"]), *others, style=style)
    Console().print(table)


def _with_interval(estimate: dict[str, float | None]) -> str:
    value = f"{estimate['value']:.2f}"
    has_interval = estimate["low"] is not None and estimate["high"] is not None
    return f"{value} [{estimate['low']:.2f}, {estimate['high']:.2f}]" if has_interval else value
