# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure freihand``: a submission scored as FreiHAND's challenge scored it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.data.readers.freihand_predictions import read_freihand_predictions, read_freihand_truth
from handcraft.errors import HandcraftError
from handcraft.files import write_text_atomically
from handcraft.measure.bootstrap import Estimate
from handcraft.measure.freihand_scores import FreihandScores, score_freihand

__all__ = ["FreihandCommand", "main"]


@dataclass(frozen=True)
class FreihandCommand:
    """Which submission, and where the truth lies."""

    predictions: Positional[Path]
    """The submission's pred.json: a list of joints and a list of vertices, metres."""
    truth: Positional[Path]
    """Folder with evaluation_xyz.json and evaluation_verts.json."""
    split: Literal["evaluation", "training"] = "evaluation"
    """Which of the folder's label files."""
    scores: Path | None = None
    """The scorer's scores.txt, written there too."""
    seed: int = 0
    """Of the resampling behind the intervals."""


def main(argv: list[str]) -> int:
    """Print one JSON object."""
    command = parse(
        FreihandCommand,
        argv,
        prog="handcraft measure freihand",
        description="Score a submission to FreiHAND's challenge: the figures of its scorer under its names (cm; "
        "its alignment may mirror a hand), and the aligned ones again without mirroring. Prints one JSON object.",
    )
    predicted = read_freihand_predictions(command.predictions)
    true = read_freihand_truth(command.truth, split=command.split)
    if len(predicted) != len(true):
        raise HandcraftError(
            f"Expected an entry for each of the {len(true)} photographs of {command.truth}, but {command.predictions} "
            f"has {len(predicted)}; the scorer wants all of them, in their order."
        )
    scores = score_freihand(predicted.joints_m, predicted.vertices_m, true.joints_m, true.vertices_m, seed=command.seed)
    if command.scores is not None:
        write_text_atomically(command.scores, scores.scores_txt())
    print(json.dumps(_told(scores), indent=1, allow_nan=False))
    return 0


def _told(scores: FreihandScores) -> dict[str, Any]:
    return {
        **{name: _rounded(estimate.value) for name, estimate in scores.figures.items()},
        "images": scores.frames,
        "intervals": {"of": "95 of 100, over photographs", **{n: _ends(e) for n, e in scores.figures.items()}},
        "without_reflection": {name: _rounded(estimate.value) for name, estimate in scores.without_reflection.items()},
        "mirrored_images": scores.mirrored,
    }


def _rounded(value: float) -> float:
    return round(value, 6)


def _ends(estimate: Estimate) -> list[float] | None:
    return [_rounded(estimate.low), _rounded(estimate.high)] if estimate.has_interval else None
