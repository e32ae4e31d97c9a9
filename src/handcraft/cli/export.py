# SPDX-License-Identifier: Apache-2.0
"""``handcraft export``: write a data set in the layout another tool reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import Progress
from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.data import ShardDataset, open_dataset
from handcraft.data.exporters import export_coco, export_freihand, export_yolo

__all__ = ["ExportCommand", "main"]


@dataclass(frozen=True)
class ExportCommand:
    """What is exported, where to, and for whom."""

    source: Positional[Path]
    """Any data set handcraft reads; it is not changed."""
    out: Positional[Path]
    """Folder to write; new or empty."""
    to: Literal["freihand", "coco", "yolo"]
    """`freihand`: the layout of FreiHAND v2, left hands mirrored. `coco`: COCO keypoints with masks. `yolo`: YOLO pose,
    split by subject."""


def main(argv: list[str]) -> int:
    """Export, and tell how much was left out."""
    command = parse(
        ExportCommand,
        argv,
        prog="handcraft export",
        description="Write a data set in the layout of FreiHAND, COCO keypoints or YOLO pose. `open_dataset` and every "
        "verb read the result back.",
    )
    export = {"freihand": export_freihand, "coco": export_coco, "yolo": export_yolo}[command.to]
    reader = open_dataset(command.source)
    description = reader.manifest.description if isinstance(reader, ShardDataset) else {}
    with Progress(console=Console(stderr=True)) as progress:  # ends the bar before a mistake is told
        samples = progress.track(reader, total=len(reader), description="exporting")
        count = export(samples, command.out, licence=str(description.get("licence", "")))
    left_out = f"; {len(reader.skipped)} that could not be read were left out" if reader.skipped else ""
    print(f"Wrote {count} samples into {command.out} ({command.to}){left_out}")
    return 0
