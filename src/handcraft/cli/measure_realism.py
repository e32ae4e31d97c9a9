# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure realism``: how like photographs several sets of made images are, in a space the user picks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from tyro.conf import arg

from handcraft.cli.parse import parse, with_defaults
from handcraft.cli.prepared import Preparation, cut_as_in_data
from handcraft.data import PreprocessConfig
from handcraft.encode import SpaceChoice, feature_space
from handcraft.errors import HandcraftError
from handcraft.report import write_report
from handcraft.studies.realism import RealismConfig, realism_study
from handcraft.training import Device, make_accelerator

__all__ = ["RealismCommand", "main", "set_names"]

Space = Literal["hand-encoder", "pixels", "resnet34", "inception-v3", "dinov2"]
SPACES: dict[Space, SpaceChoice] = {
    "hand-encoder": "hand encoder",
    "pixels": "pixels",
    "resnet34": "resnet34",
    "inception-v3": "inception_v3",
    "dinov2": "dinov2_small",
}


@dataclass(frozen=True)
class RealismCommand:
    """What is compared with what, and where."""

    photos: Path
    """Photographs of hands: any folder of pictures or data set; labels are not used."""
    images: tuple[Path, ...]
    """Rendered or refined hands: one set or several, each a row of the table."""
    out: Path
    """Run folder to write; it ends up holding `report.html` and `results.json`."""
    space: Space = "hand-encoder"
    """Where images are compared. `hand-encoder` comes with handcraft; `resnet34`, `inception-v3` and `dinov2` are
    timm's and mean nothing without `--weights`."""
    weights: Path | None = None
    """File of the network's weights, or a hand encoder of your own; nothing is ever downloaded."""
    repeats: int = 5
    """Disjoint draws of images; the intervals are over them."""
    draw: int | None = None
    """Images in each draw of each set; the largest that there are enough images for if left out."""
    jpeg: int | None = None
    """Bring the crops of both sides to JPEG of this quality first, for photographs that are JPEG and images that are
    not."""
    seed: int = 0
    """Of the drawing."""
    device: Device = "auto"
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)


def main(argv: list[str]) -> int:
    """Measure, print the table and write the page."""
    crops = cut_as_in_data(argv, "--images", PreprocessConfig())
    command = parse(
        with_defaults(RealismCommand, preparation=crops),
        argv,
        prog="handcraft measure realism",
        description="Say how like photographs made images are: nearest-neighbour accuracy, Fréchet and kernel "
        "distance, precision, recall, density and coverage, over disjoint draws, beside photographs against "
        "photographs. Both sides are cut alike.",
    )
    names = set_names(command.images)
    space = feature_space(SPACES[command.space], command.weights, device=str(make_accelerator(command.device).device))
    results = realism_study(
        command.out,
        command.preparation.load(command.photos),
        {name: command.preparation.load(folder) for name, folder in zip(names, command.images, strict=True)},
        space,
        RealismConfig(command.repeats, command.draw, command.jpeg, command.seed),
        folders={"photographs": command.photos, **dict(zip(names, command.images, strict=True))},
    )
    page = write_report(command.out)
    _print_table(results)
    for limit in results["limits"]:
        if limit.endswith(("--jpeg 75.", "--size.")):
            print(f"\n{limit}")
    print(f"\n{results['verdict']}\n\nRead {page}")
    return 0


def set_names(folders: Sequence[Path]) -> list[str]:
    """What sets are called: their folders' names, with the folder above where two would be equal.

    Raises:
        HandcraftError: one folder twice.

    >>> set_names([Path("/a/renders"), Path("/b/refined")]), set_names([Path("/a/set"), Path("/b/set")])
    (['renders', 'refined'], ['a/set', 'b/set'])
    """
    for parts in (1, 2):
        names = ["/".join(folder.resolve().parts[-parts:]) for folder in folders]
        if len(set(names)) == len(names) and "photographs" not in names:
            return names
    raise HandcraftError(f"Expected `images` to be different folders, but got {', '.join(map(str, folders))}.")


def _print_table(results: dict[str, Any]) -> None:
    """A figure to a line, for there are more figures than sets."""
    table, rows = results["tables"][0], results["tables"][0]["rows"]
    shown = Table(title=f"{table['title']}: {results['preset']}", box=box.SIMPLE, pad_edge=False)
    shown.add_column("better")
    for row in rows:
        shown.add_column(row["name"], justify="right")
    for place, column in enumerate(table["columns"]):
        cells = [_said(row["cells"][place]) for row in rows]
        shown.add_row(f"{column['name']} ({column['better']})", *cells)
    Console().print(shown)


def _said(cell: dict[str, float | None]) -> str:
    if cell["low"] is None or cell["high"] is None:
        return f"{cell['value']:.3g}"
    return f"{cell['value']:.3g} [{cell['low']:.3g}, {cell['high']:.3g}]"
