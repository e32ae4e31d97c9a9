# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure --estimator``: an estimator on a labelled set, beside two baselines that see no image."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch
from jaxtyping import Float
from rich import box
from rich.console import Console
from rich.table import Table
from torch import Tensor
from tyro.conf import arg

from handcraft.cli.parse import parse, with_defaults
from handcraft.cli.prepared import Preparation, cut_as_in_run, read_mean_pose
from handcraft.data import TRUTH_COLOURS, PreparedSet, contact_sheet, overlay_skeleton, picture_from_image
from handcraft.errors import HandcraftError
from handcraft.estimate import load_estimator
from handcraft.files import atomic_path, write_json_atomically
from handcraft.measure import Estimate, ImageCentre, KeypointScores, difference_between, score_keypoints
from handcraft.training import provenance

__all__ = ["MeasureCommand", "main"]

PICTURES = 12
PICTURE_SCALE = 4

Locate = Callable[[Float[Tensor, "batch 3 height width"]], Float[Tensor, "batch 21 2"]]


@dataclass(frozen=True)
class MeasureCommand:
    """What is measured on what."""

    estimator: Path
    """Run folder of `handcraft estimate` or `handcraft estimate regressor`."""
    data: Path
    """Labelled data set: shards, FreiHAND, 11k Hands joints, or crops that `handcraft refine apply` wrote."""
    out: Path | None = None
    """Folder for results.json and pictures; measured/NAME in the estimator's run if left out."""
    seed: int = 0
    """Of the resampling behind the intervals."""
    preparation: Annotated[Preparation, arg(name="")] = field(default_factory=Preparation)

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.out or self.estimator / "measured" / self.data.resolve().name


def main(argv: list[str]) -> int:
    """Score, print the table, write ``results.json`` (``handcraft report`` reads it) and a picture."""
    command = parse(
        with_defaults(MeasureCommand, preparation=cut_as_in_run(argv, "--estimator")),
        argv,
        prog="handcraft measure",
        description="Score an estimator on labelled hands, beside two baselines that do not look at the image. Crops "
        "are cut as they were for training unless an option says otherwise. `handcraft measure realism` says how like "
        "photographs images are, `handcraft measure domains` trains a classifier to tell them apart. Files of joints "
        "are scored by `handcraft measure joints` (any 3D joints, every alignment), `handcraft measure nyu`, `icvl` "
        "and `msra` (published predictions on depth pictures) and `handcraft measure freihand` (its challenge's "
        "scorer); each has its own `--help`.",
    )
    test = command.preparation.load(command.data)
    if test.keypoints_px is None or test.confidence is None:
        raise HandcraftError(f"Expected {command.data} to have labelled keypoints, but it has none; name another set.")
    estimator = load_estimator(command.estimator)
    arms: dict[str, Locate] = {
        "image centre": ImageCentre(),
        "mean pose": read_mean_pose(command.estimator, test.size),
        "estimator": estimator,
    }
    images = test.float_images()
    predictions = {name: locate(images) for name, locate in arms.items()}
    scores = {
        name: score_keypoints(predicted_px, test.keypoints_px, test.confidence, test.subjects, seed=command.seed)
        for name, predicted_px in predictions.items()
    }
    _write_picture(command.folder / "pictures" / "estimates.png", test, predictions["estimator"])
    write_json_atomically(command.folder / "results.json", _results(command, test, estimator.config.seed, scores))
    _print_table(command, test, scores)
    return 0


def _print_table(command: MeasureCommand, test: PreparedSet, scores: dict[str, KeypointScores]) -> None:
    some = next(iter(scores.values()))
    kind = "photographs" if test.is_real else "rendered images, not photographs"
    title = f"{test.source}: {some.images} {kind} of {some.people} people, 95% intervals over people"
    table = Table(title=title, box=box.SIMPLE, pad_edge=False)
    for heading in ("", "mean error px", "median", "AUC 0-30 px", "AUC rel."):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, row in scores.items():
        median, relative = f"{row.epe_median.value:.2f}", f"{row.auc_relative.value:.3f}"
        table.add_row(name, _cell(row.epe_mean, 2), median, _cell(row.auc_30px, 3), relative)
    console = Console()
    console.print(table)
    console.print(f"{_frame(test)}. Wrote {command.folder / 'results.json'}", soft_wrap=True, highlight=False)


def _cell(estimate: Estimate, decimals: int) -> str:
    value, low, high = (f"{number:.{decimals}f}" for number in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]" if estimate.has_interval else value


def _results(
    command: MeasureCommand, test: PreparedSet, training_seed: int, scores: dict[str, KeypointScores]
) -> dict[str, Any]:
    difference = difference_between([scores["estimator"].errors], [scores["mean pose"].errors], seed=command.seed)
    return {
        "schema": 1,
        "title": f"{command.estimator.resolve().name} on {test.source}",
        "seeds": [training_seed],
        "config": {"estimator": str(command.estimator), "data": str(command.data), "seed": command.seed},
        "machine": provenance.machine(),
        "versions": provenance.versions(),
        "commit": provenance.git_commit(),
        "command": provenance.command_line(),
        "sets": {"test": _described(test, scores["estimator"].people)},
        "frame": _frame(test),
        "arms": [_arm(name, training_seed, row) for name, row in scores.items()],
        "differences": [{"arm": "estimator", "against": "mean pose", "epe_mean": difference.to_json()}],
        "pictures": [
            {
                "file": "pictures/estimates.png",
                "title": "Estimates",
                "caption": "Coloured: estimated. Pale: labelled. Spread evenly over the set, not chosen.",
                "group": "estimates",
            }
        ],
        "verdict": _verdict(scores, difference),
    }


def _described(test: PreparedSet, people: int) -> dict[str, Any]:
    return {
        "name": test.source,
        "count": len(test),
        "people": people,
        "is_real": test.is_real,
        "labelled": True,
        "skipped": test.skipped,
    }


def _arm(name: str, training_seed: int, scores: KeypointScores) -> dict[str, Any]:
    return {
        "name": name,
        "role": "arm" if name == "estimator" else "baseline",
        "runs": [{"seed": training_seed, "scores": scores.to_json()}],
        "epe_mean": scores.epe_mean.to_json(),
    }


def _frame(test: PreparedSet) -> str:
    return f"{test.size} px crops around the hand; one pixel is 1/{test.size} of the crop"


def _verdict(scores: dict[str, KeypointScores], difference: Estimate) -> str:
    ours, blind = scores["estimator"].epe_mean, scores["mean pose"].epe_mean
    if not difference.excludes(0.0):
        finding = "The data do not tell the estimator from the mean pose"
    else:
        finding = f"The estimator is {'better' if difference.value < 0 else 'worse'} than the mean pose"
    return f"{finding}: mean error {ours} px against {blind} px on {scores['estimator'].images} images."


def _write_picture(path: Path, test: PreparedSet, predicted_px: Float[Tensor, "image 21 2"]) -> None:
    assert test.keypoints_px is not None
    assert test.confidence is not None
    rows = torch.linspace(0, len(test) - 1, min(PICTURES, len(test))).round().long().tolist()
    tiles = []
    for row in rows:
        picture = picture_from_image(test.images[row].float() / 255, scale=PICTURE_SCALE)
        true_px, confidence = test.keypoints_px[row] * PICTURE_SCALE, test.confidence[row]
        labelled = overlay_skeleton(picture, true_px, confidence=confidence, colours=TRUTH_COLOURS)
        tiles.append(overlay_skeleton(labelled, predicted_px[row] * PICTURE_SCALE))
    with atomic_path(path) as beside:
        contact_sheet([tiles[first : first + 6] for first in range(0, len(tiles), 6)]).save(beside, format="PNG")
