# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure domains``: train a classifier of rendered and photographed hands; ask it about refined ones."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from tyro.conf import arg

from handcraft.cli.parse import parse, preset_from, with_defaults
from handcraft.cli.prepared import Preparation, cut_as_in_data
from handcraft.data import PreprocessConfig
from handcraft.encode import DOMAINS_LAPTOP, DOMAINS_PAPER, DOMAINS_SMOKE, DomainConfig
from handcraft.report import write_report
from handcraft.studies.domains import domains_study

__all__ = ["DomainsCommand", "main"]

PRESETS: dict[str, DomainConfig] = {"smoke": DOMAINS_SMOKE, "laptop": DOMAINS_LAPTOP, "paper": DOMAINS_PAPER}


@dataclass(frozen=True)
class DomainsCommand:
    """What is told apart, and by what."""

    synthetic: Path
    """Renders: any data set handcraft reads."""
    real: Path
    """Photographs of hands: any folder of pictures or data set."""
    out: Path
    """Run folder to write; it ends up holding `report.html`, `results.json` and the classifiers."""
    generated: Path | None = None
    """Refined renders, with the renders' subjects, such as `handcraft refine apply` writes."""
    preset: Literal["smoke", "laptop", "paper"] = "laptop"
    """What the options below default to. `laptop` trains a small transformer from scratch; `paper` fine-tunes ViT-B
    from your `--classifier.weights`, as seed 002."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)
    config: Annotated[DomainConfig, arg(name="classifier")] = DOMAINS_LAPTOP


def main(argv: list[str]) -> int:
    """Train, print the matrices and write the page."""
    crops = cut_as_in_data(argv, "--synthetic", PreprocessConfig())
    command = parse(
        with_defaults(DomainsCommand, preparation=crops, config=preset_from(argv, PRESETS, "laptop")),
        argv,
        prog="handcraft measure domains",
        description="Train a classifier to tell renders from photographs on some subjects and test it on others; ask "
        "it what it takes refined hands for. Sets are cut alike.",
    )
    folders = {"synthetic": command.synthetic, "real": command.real}
    if command.generated is not None:
        folders["generated"] = command.generated
    sets = {name: command.preparation.load(folder) for name, folder in folders.items()}
    results = domains_study(command.out, sets, command.config, resume=command.resume)
    page = write_report(command.out)
    for matrix in results["confusions"]:
        _print_matrix(matrix)
    print(f"\n{results['verdict']}\n\nRead {page}")
    return 0


def _print_matrix(matrix: dict[str, Any]) -> None:
    table = Table(title=f"{matrix['title']}: accuracy {matrix['accuracy']:.3f}", box=box.SIMPLE, pad_edge=False)
    table.add_column("true class")
    for heading in (*(f"as {name}" for name in matrix["names"]), "precision", "recall", "F1"):
        table.add_column(heading, justify="right")
    for place, name in enumerate(matrix["names"]):
        counts = [f"{count:,}" for count in matrix["counts_true_by_predicted"][place]]
        figures = [matrix[key][place] for key in ("precision", "recall", "f1")]
        table.add_row(name, *counts, *("–" if figure is None else f"{figure:.3f}" for figure in figures))
    Console().print(table)
