# SPDX-License-Identifier: Apache-2.0
"""``handcraft study variety``: what each source of variety in the renders is worth to the hand network."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from handcraft.cli.parse import parse
from handcraft.cli.study_tables import print_study
from handcraft.cores import worker_count
from handcraft.errors import expect_at_least
from handcraft.report import write_report
from handcraft.studies.variety import ARMS, LAPTOP_VARIETY, SMOKE_VARIETY, VarietyConfig, run_variety

SCALES: dict[str, VarietyConfig] = {"smoke": SMOKE_VARIETY, "laptop": LAPTOP_VARIETY}


@dataclass(frozen=True)
class VarietyCommand:
    """Where the study goes, how large it is, and what it is tested on."""

    out: Path = Path("runs/variety")
    """Run folder to write; it ends up holding `report.html` and `results.json`."""
    scale: Literal["smoke", "laptop"] = "laptop"
    """`smoke`: about a minute, figures mean nothing. `laptop`: seven trainings, two to three hours on two cores."""
    test: Path | None = None
    """A labelled set of photographs to test on as well."""
    seeds: tuple[int, ...] = (0,)
    """Training seeds; every arm is trained once for each."""
    without: tuple[str, ...] = tuple(ARMS)
    """What is switched off in turn, each in a training of its own."""
    steps: int = 0
    """Steps of each training; 0 takes the scale's."""
    workers: int = 0
    """Rendering processes; 0 takes one per core."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""

    def __post_init__(self) -> None:
        expect_at_least(0, workers=self.workers, steps=self.steps)


def main(argv: list[str]) -> int:
    """Run the study, print its table and write its page."""
    command = parse(
        VarietyCommand,
        argv,
        prog="handcraft study variety",
        description="Train the hand network with everything the generator varies, then without forearm, camera "
        "effects, pose prior, occlusion, backdrops and photometric range, one at a time, and test all on the same "
        "hands.",
    )
    config = dataclasses.replace(SCALES[command.scale], seeds=command.seeds, without=command.without)
    if command.steps:
        loop = dataclasses.replace(config.hand.loop, steps=command.steps)
        config = dataclasses.replace(config, hand=dataclasses.replace(config.hand, loop=loop))
    workers = worker_count(command.workers)
    results = run_variety(command.out, config, photographs=command.test, workers=workers, resume=command.resume)
    page = write_report(command.out)
    print_study(results["study"])
    print(f"\n{results['verdict']}\n\nRead {page}")
    return 0
