# SPDX-License-Identifier: Apache-2.0
"""One trial: a refiner is trained, renders are refined, an estimator is trained on them and scored.

A trial has a folder of its own. Its ``trial.json`` is written last; without it, the runs there go on.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet, contact_sheet, picture_from_image, whole_scale
from handcraft.errors import HandcraftError
from handcraft.estimate import predict, train_estimator
from handcraft.files import atomic_path, write_json_atomically
from handcraft.measure import KeypointScores, score_keypoints
from handcraft.refine import Refiner, refine_prepared, train_refiner
from handcraft.studies.tuning.config import TuningConfig
from handcraft.studies.tuning.space import Settings, with_settings
from handcraft.training import Device, DivergenceError

_SHOWN = 8


@dataclass(frozen=True)
class TuningSets:
    """What a search works on; all crops of one size."""

    rendered: PreparedSet
    """Renders with keypoints: refined by every trial, to train its estimator on."""
    photographs: PreparedSet
    """What refiners move renders towards; labels are not used."""
    validation: PreparedSet
    """Labelled images whose error decides. They are used up by that: a test set must show other people."""

    def __post_init__(self) -> None:
        """Refuse sets that cannot be trained or scored with."""
        for name in ("rendered", "validation"):
            given: PreparedSet = getattr(self, name)
            if given.keypoints_px is None or given.confidence is None or not (given.confidence > 0).any():
                raise HandcraftError(
                    f"Expected `{name}` to have labelled keypoints, but {given.source!r} has none; name a labelled set."
                )


@dataclass(frozen=True)
class Trial:
    """A finished trial."""

    number: int
    """1, 2, ... in the order of proposal."""
    settings: Settings
    error_px: float
    """Mean error on the validation set; infinite where training diverged."""
    note: str
    """Why it was given up; empty if it was not."""
    predicted_px: Float[Tensor, "image 21 2"] | None = None
    """Estimates on the validation set; None where it was given up."""


def trial_folder(run: Path, number: int) -> Path:
    """``trials/003``."""
    return run / "trials" / f"{number:03d}"


def run_trial(
    folder: Path, number: int, settings: Settings, config: TuningConfig, sets: TuningSets, device: Device
) -> Trial:
    """Train, refine, train, score; a trial that is finished is read, one that was killed goes on.

    Raises:
        HandcraftError: whatever training refuses, but a loss that is no number: that ends the trial only.
    """
    done = _finished(folder, number, settings)
    if done is not None:
        return done
    try:
        refiner = train_refiner(
            sets.rendered, sets.photographs, with_settings(config.refiner, settings), folder / "refine",
            resume=True, device=device,
        )  # fmt: skip
        estimated = scored_estimator(folder / "estimate", refine_prepared(refiner, sets.rendered), config, sets)
        trial = Trial(number, settings, scores_of(estimated, sets.validation).epe_mean.value, "", estimated)
        draw_trial(folder / "picture.png", refiner, sets)
    except DivergenceError as error:
        trial = Trial(number, settings, math.inf, " ".join(str(error).split()))
    write_json_atomically(folder / "trial.json", _as_json(trial))
    return trial


def scored_estimator(
    path: Path, training: PreparedSet, config: TuningConfig, sets: TuningSets
) -> Float[Tensor, "image 21 2"]:
    """What an estimator trained on ``training`` into ``path`` makes of the validation images, in pixels of the crop."""
    return predict(train_estimator(training, config.keypoints, path, resume=True), sets.validation).float().cpu()


def scores_of(predicted_px: Float[Tensor, "image 21 2"], validation: PreparedSet) -> KeypointScores:
    """Figures on the validation set, with intervals over people."""
    assert validation.keypoints_px is not None
    assert validation.confidence is not None
    return score_keypoints(predicted_px, validation.keypoints_px, validation.confidence, validation.subjects, seed=0)


def draw_trial(path: Path, refiner: Refiner, sets: TuningSets) -> None:
    """Renders, what the refiner makes of them, and photographs, which are other hands."""
    shown = sets.rendered.select(_evenly(len(sets.rendered)))
    photographs = sets.photographs.select(_evenly(len(sets.photographs)))
    rows = [shown, refine_prepared(refiner, shown), photographs]
    pictures = [
        [picture_from_image(image, scale=whole_scale(each.size)) for image in each.float_images()] for each in rows
    ]
    sheet = contact_sheet(pictures, row_titles=["renders", "refined", f"{photographs.source} (target)"])
    with atomic_path(path) as beside:
        sheet.save(beside, format="PNG", optimize=True)


def _evenly(count: int) -> list[int]:
    return [index * count // min(count, _SHOWN) for index in range(min(count, _SHOWN))]


def _as_json(trial: Trial) -> dict[str, Any]:
    predicted = None if trial.predicted_px is None else trial.predicted_px.tolist()
    error = None if math.isinf(trial.error_px) else trial.error_px
    return {"settings": trial.settings, "error_px": error, "note": trial.note, "predicted_px": predicted}


def _finished(folder: Path, number: int, settings: Settings) -> Trial | None:
    file = folder / "trial.json"
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        error = math.inf if found["error_px"] is None else float(found["error_px"])
        predicted = None if found["predicted_px"] is None else torch.tensor(found["predicted_px"])
        trial = Trial(number, found["settings"], error, found["note"], predicted)
    except (ValueError, KeyError, TypeError) as problem:
        raise HandcraftError(f"Expected {file} to be a trial's record, but {problem}; remove its folder.") from problem
    if trial.settings != settings:
        raise HandcraftError(
            f"Expected {file} to hold the settings {settings}, as the trials before it propose, but it holds "
            f"{trial.settings}; remove the folders from this trial on, or start in another --out."
        )
    return trial
