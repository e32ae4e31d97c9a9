# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure joints``: any 3D joints against any other, in every way the field forgives."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from rich import box
from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.data.readers.joint_files import BIGHAND_JOINTS, MANO_KEYPOINTS, JointSet, Unit, read_joint_file
from handcraft.errors import HandcraftError
from handcraft.files import write_text_atomically
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.measure.bootstrap import consecutive
from handcraft.measure.pose_scores import PoseProtocol, PoseScores, score_poses
from handcraft.measure.thresholds import FREIHAND_MM

__all__ = ["JointsCommand", "main"]

Order = Literal["handcraft", "bighand", "mano"]
ORDERS: dict[Order, tuple[str, ...]] = {"handcraft": KEYPOINTS, "bighand": BIGHAND_JOINTS, "mano": MANO_KEYPOINTS}


@dataclass(frozen=True)
class JointsCommand:
    """Whose joints, against which, and how both files say them."""

    predictions: Positional[Path]
    """.npy, .json or .csv with 21 x 3 numbers a hand, or BigHand2.2M's and HANDS17's .txt."""
    truth: Positional[Path]
    """The same hands in the same order; NaN where a joint is not labelled."""
    unit: Unit = "m"
    """Of the predictions' numbers."""
    order: Order = "handcraft"
    """Of the predictions' joints (FreiHAND, OpenPose and MediaPipe have handcraft's; HO-3D has MANO's)."""
    truth_unit: Unit | None = None
    """Of the truth's numbers; the predictions' if left out."""
    truth_order: Order | None = None
    """Of the truth's joints; the predictions' if left out."""
    root: str = "wrist"
    """Keypoint that root-relative errors are relative to; `middle_mcp` on STB and RHD."""
    bone: tuple[str, str] = ("wrist", "middle_mcp")
    """The two ends of the bone that gives the size; hand3d takes `middle_mcp middle_pip`."""
    block_hands: int = 1
    """Hands drawn together for the intervals: as many as stand in a row of one person or one stretch of video."""
    out: Path | None = None
    """File for the JSON object; it is printed if left out, a table otherwise."""
    seed: int = 0
    """Of the resampling behind the intervals."""


def main(argv: list[str]) -> int:
    """Print one JSON object, or write it and print a table."""
    command = parse(
        JointsCommand,
        argv,
        prog="handcraft measure joints",
        description="Score 3D joints: MPJPE absolute, root-relative, with size given, by centroid and "
        "Procrustes-aligned (PA-MPJPE), each with interval, median and areas under PCK over the field's grids. Prints "
        "one JSON object.",
    )
    protocol = PoseProtocol(command.root, command.bone)
    predicted = read_joint_file(command.predictions, order=ORDERS[command.order], unit=command.unit)
    true = read_joint_file(
        command.truth,
        order=ORDERS[command.truth_order or command.order],
        unit=command.truth_unit or command.unit,
    )
    _expect_pairs(command, predicted, true)
    clusters = consecutive(len(true), together=command.block_hands)
    scores = score_poses(predicted.joints_m, true.joints_m, clusters, seed=command.seed, protocol=protocol)
    told = json.dumps(_told(command, scores), indent=1, allow_nan=False)
    if command.out is None:
        print(told)
        return 0
    write_text_atomically(command.out, told + "\n")
    _print_table(command, scores)
    return 0


def _expect_pairs(command: JointsCommand, predicted: JointSet, true: JointSet) -> None:
    if len(predicted) != len(true):
        raise HandcraftError(
            f"Expected the same hands in both files, but {command.predictions} has {len(predicted)} and "
            f"{command.truth} {len(true)}; leave none out."
        )
    labelled = true.joints_m.isfinite().all(-1)
    broken = (labelled & ~predicted.joints_m.isfinite().all(-1)).any(1).nonzero()[:, 0].tolist()
    if broken:
        raise HandcraftError(
            f"Expected finite joints in {command.predictions} wherever the truth has some, but hand {broken[0]} (from "
            f"0) and {len(broken) - 1} more have others; give each one a guess, or take its truth out (NaN)."
        )
    for path, joints in ((command.predictions, predicted), (command.truth, true)):
        _expect_size(path, joints)


def _expect_size(path: Path, joints: JointSet) -> None:
    """Hands are some 20 cm across: a factor of ten beside it is a wrong unit, and millimetres would then mislead."""
    extents_m = joints.joints_m.nan_to_num(nan=torch.inf).amin(1), joints.joints_m.nan_to_num(nan=-torch.inf).amax(1)
    across_m = float((extents_m[1] - extents_m[0]).amax(-1).median())
    if across_m > 1.0 or 0 < across_m < 0.03:
        raise HandcraftError(
            f"Expected hands of some 0.2 m in {path}, but the middle one is {across_m:.4g} m across; say the file's "
            "unit: m, cm or mm."
        )


def _told(command: JointsCommand, scores: PoseScores) -> dict[str, Any]:
    return {
        "predictions": str(command.predictions),
        "truth": str(command.truth),
        "root": command.root,
        "bone": list(command.bone),
        "intervals": f"95 of 100, over blocks of {command.block_hands}",
        **scores.to_json(),
    }


def _print_table(command: JointsCommand, scores: PoseScores) -> None:
    title = f"{scores.hands} hands, root {command.root}, bone {' to '.join(command.bone)}"
    table = Table(title=title, box=box.SIMPLE, pad_edge=False)
    for heading in ("", "mean mm", "median", "AUC 0-50 mm, 100 steps"):
        table.add_column(heading, justify="right" if heading else "left")
    for metric, row in scores.by_metric.items():
        table.add_row(metric.name, str(row.mean), f"{row.median_mm:.2f}", f"{row.areas[FREIHAND_MM.area].value:.3f}")
    console = Console()
    console.print(table)
    console.print(f"Wrote {command.out}", soft_wrap=True, highlight=False)
