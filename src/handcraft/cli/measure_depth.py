# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure nyu``, ``icvl`` and ``msra``: a method's published predictions of a depth benchmark, scored."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.data.depth_sets import ICVL, MSRA15, NYU, DepthSet
from handcraft.data.readers.depth_joints import Coordinates, read_depth_joints
from handcraft.errors import HandcraftError
from handcraft.measure.bootstrap import Estimate, consecutive
from handcraft.measure.depth_scores import DepthScores, score_depth_joints

__all__ = ["DEPTH_SETS", "DepthCommand", "main"]

DEPTH_SETS: dict[str, DepthSet] = {"nyu": NYU, "icvl": ICVL, "msra": MSRA15}
SHOWN_EVERY_MM = 10


@dataclass(frozen=True)
class DepthCommand:
    """Whose joints, against which."""

    predictions: Positional[Path]
    """Text file with a frame a line: u v d (pixels, pixels, millimetres) of the joints that count; or .npy, .mat."""
    truth: Positional[Path]
    """The same of the labels; or NYU's own joint_data.mat, of which camera 1 is taken."""
    coordinates: Coordinates = "uvd"
    """Of the predictions; `xyz` are millimetres in the set's camera frame."""
    truth_coordinates: Coordinates = "uvd"
    """Of the truth."""
    block_frames: int = 100
    """Frames drawn together for the intervals: neighbours in a video are nearly one picture."""
    seed: int = 0
    """Of the resampling behind the intervals."""


def main(argv: list[str]) -> int:
    """Print one JSON object; the first word says which set."""
    word, *options = argv
    depth_set = DEPTH_SETS[word]
    command = parse(
        DepthCommand,
        options,
        prog=f"handcraft measure {word}",
        description=f"Score predicted joints on {depth_set.name}, as its published figures are: mean 3D error, "
        "in-plane error, share of frames by their worst joint. Prints one JSON object.",
    )
    predicted_m = read_depth_joints(command.predictions, depth_set, coordinates=command.coordinates)
    true_m = read_depth_joints(command.truth, depth_set, coordinates=command.truth_coordinates)
    if len(predicted_m) != len(true_m):
        raise HandcraftError(
            f"Expected the same frames in both files, but {command.predictions} has {len(predicted_m)} and "
            f"{command.truth} {len(true_m)}; {depth_set.name}'s test set has {depth_set.test_frames}."
        )
    clusters = consecutive(len(true_m), together=command.block_frames)
    scores = score_depth_joints(predicted_m, true_m, clusters, seed=command.seed)
    print(json.dumps(_told(command, depth_set, scores), indent=1, allow_nan=False))
    return 0


def _told(command: DepthCommand, depth_set: DepthSet, scores: DepthScores) -> dict[str, Any]:
    names, values = depth_set.joints, scores.by_joint_mm.tolist()
    every = slice(0, None, SHOWN_EVERY_MM)
    return {
        "set": depth_set.name,
        "predictions": str(command.predictions),
        "truth": str(command.truth),
        "images": len(scores.errors_mm),
        "joints": len(names),
        "mean_error_mm": round(scores.mean_error.value, 4),
        "in_plane_error_mm": round(scores.in_plane_error.value, 4),
        "intervals": {
            "of": f"95 of 100, over blocks of {command.block_frames} consecutive frames",
            "mean_error_mm": _ends(scores.mean_error),
            "in_plane_error_mm": _ends(scores.in_plane_error),
        },
        "mean_error_by_joint_mm": {name: round(value, 4) for name, value in zip(names, values, strict=True)},
        "share_of_images_by_worst_joint": {
            "within_mm": scores.within.thresholds[every].tolist(),
            "share": [round(share, 4) for share in scores.within.values[every].tolist()],
        },
    }


def _ends(estimate: Estimate) -> list[float] | None:
    return [round(estimate.low, 4), round(estimate.high, 4)] if estimate.has_interval else None
