# SPDX-License-Identifier: Apache-2.0
"""``handcraft study murphy``: the tables and figures of seed 000."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from handcraft.cli.parse import parse
from handcraft.cli.study_tables import print_study
from handcraft.errors import HandcraftError
from handcraft.report import write_report
from handcraft.studies.murphy import LAPTOP_MURPHY, PAPER_MURPHY, SMOKE_MURPHY, MurphyConfig, MurphyData, run_murphy

SCALES: dict[str, MurphyConfig] = {"smoke": SMOKE_MURPHY, "laptop": LAPTOP_MURPHY, "paper": PAPER_MURPHY}


@dataclass(frozen=True)
class MurphyCommand:
    """Where the study goes, how large it is, and on what."""

    out: Path = Path("runs/murphy")
    """Run folder to write; it ends up holding `report.html` and `results.json`."""
    scale: Literal["smoke", "laptop", "paper"] = "laptop"
    """`smoke`: under a minute, figures mean nothing. `laptop`: about half an hour of one core. `paper`: the document's
    data, crops, networks and lengths, for a GPU."""
    photos: Path | None = None
    """Your own photographs of hands, to refine towards; without them, simulated photographs stand in."""
    test: Path | None = None
    """A labelled data set to test on; without one, simulated photographs stand in."""
    rhd: Path | None = None
    """The document's renders, RHD_published_v2; needed for `paper`."""
    freihand: Path | None = None
    """The document's photographs, FreiHAND_pub_v2; needed for `paper`."""
    resnet34: Path | None = None
    """A file of ResNet-34's ImageNet weights, for the document's own feature spaces; the hand encoder stands in
    without."""
    seeds: tuple[int, ...] | None = None
    """Training seeds; every arm is trained once for each. An analysis of variance needs two; the scale's without."""
    workers: int = 0
    """Rendering processes; 0 takes one per core."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""


def main(argv: list[str]) -> int:
    """Run the study, print its tables and write its page."""
    command = parse(
        MurphyCommand,
        argv,
        prog="handcraft study murphy",
        description="Make the tables and figures of seed 000 again: Table 4.1 (estimators trained on refined renders) "
        "and Figures 4.1 to 4.6 (realism), each published figure beside ours.",
    )
    data = MurphyData(command.photos, command.test, command.rhd, command.freihand)
    if command.scale == "paper" and command.rhd is None:
        raise HandcraftError(
            "Expected `--rhd` and `--freihand` for the scale paper, but got none; name both folders or choose a "
            "smaller scale."
        )
    results = run_murphy(command.out, _config(command), data, workers=command.workers, resume=command.resume)
    page = write_report(command.out)
    print_study(results["study"])
    print(f"\n{results['verdict']}\n\nRead {page}")
    return 0


def _config(command: MurphyCommand) -> MurphyConfig:
    config = dataclasses.replace(SCALES[command.scale], weights=command.resnet34)
    if command.seeds is None:
        return config
    return dataclasses.replace(config, hands=dataclasses.replace(config.hands, seeds=command.seeds))
