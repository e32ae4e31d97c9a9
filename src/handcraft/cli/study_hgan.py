# SPDX-License-Identifier: Apache-2.0
"""``handcraft study hgan``: the tables and figures of seed 002."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from handcraft.cli.parse import parse
from handcraft.cli.study_tables import print_study
from handcraft.report import write_report
from handcraft.studies.hgan import LAPTOP_HGAN, PAPER_HGAN, SMOKE_HGAN, HganConfig, HganInputs, run_hgan

SCALES: dict[str, HganConfig] = {"smoke": SMOKE_HGAN, "laptop": LAPTOP_HGAN, "paper": PAPER_HGAN}


@dataclass(frozen=True)
class HganCommand:
    """Where the study goes, how large it is, and on what."""

    out: Path = Path("runs/hgan")
    """Run folder to write; it ends up holding `report.html` and `results.json`."""
    scale: Literal["smoke", "laptop", "paper"] = "laptop"
    """`smoke`: under a minute, figures mean nothing. `laptop`: about 25 minutes of one core. `paper`: the document's
    data, crops, networks and lengths, for a GPU."""
    photos: Path | None = None
    """Your own photographs of hands, to go towards; without them, simulated photographs stand in."""
    synthhands: Path | None = None
    """The document's renders, SynthHands_Release; needed for `paper`."""
    realhands: Path | None = None
    """The document's photographs, RealHands; needed for `paper`."""
    vgg16: Path | None = None
    """A file of VGG-16's ImageNet weights for the perceptual discriminators; the hand encoder stands in without."""
    inception: Path | None = None
    """A file of Inception-v3's ImageNet weights for Table I; the hand encoder stands in without."""
    vit: Path | None = None
    """A file of ViT-B/16's ImageNet weights for Tables II and III; handcraft's small transformer stands in without."""
    seeds: tuple[int, ...] | None = None
    """Training seeds; every model is trained once for each. One, as in the document, without."""
    workers: int = 0
    """Rendering processes; 0 takes one per core."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""


def main(argv: list[str]) -> int:
    """Run the study, print its tables and write its page."""
    command = parse(
        HganCommand,
        argv,
        prog="handcraft study hgan",
        description="Make the tables and figures of seed 002 again: Table I (realism of five models), Tables II and "
        "III and Figure 7 (domain classifiers), Figure 5 (pictures), each published figure beside ours, and how far "
        "each model moved the hands.",
    )
    inputs = HganInputs(
        command.photos, command.synthhands, command.realhands, command.vgg16, command.inception, command.vit
    )
    results = run_hgan(command.out, _config(command), inputs, workers=command.workers, resume=command.resume)
    page = write_report(command.out)
    print_study(results["study"])
    print(f"\n{results['verdict']}\n\nRead {page}")
    return 0


def _config(command: HganCommand) -> HganConfig:
    config = SCALES[command.scale]
    if command.seeds is None:
        return config
    return dataclasses.replace(config, hands=dataclasses.replace(config.hands, seeds=command.seeds))
