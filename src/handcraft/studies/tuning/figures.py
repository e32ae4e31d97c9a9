# SPDX-License-Identifier: Apache-2.0
"""A search to ``results.json``: every trial's settings and error, the best ones as arms beside the raw renders."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from handcraft.measure import EPE_MEAN, Estimate, KeypointScores, MeanPose, difference_between
from handcraft.studies.described import described_set
from handcraft.studies.tuning.config import TuningConfig
from handcraft.studies.tuning.trials import Trial, TuningSets, scores_of, trial_folder
from handcraft.training import RunFolder

RAW = "raw renders"
_SHOWN = 4
"""Best trials that become arms with all their figures; the table has every trial."""

_COLUMNS = ("epe_mean", "epe_median", "auc_30px", "auc_relative")


def figures(
    run: RunFolder,
    config: TuningConfig,
    sets: TuningSets,
    raw_px: Float[Tensor, "image 21 2"],
    trials: Sequence[Trial],
) -> dict[str, Any]:
    """What the page is made of; ``raw_px`` is what the estimator of the raw renders answers."""
    scores = _scores(sets, raw_px, trials)
    record, size = run.record, sets.validation.size
    session = record["sessions"][-1]
    ranked = sorted((trial for trial in trials if trial.predicted_px is not None), key=lambda trial: trial.error_px)
    shown = sorted({trial.number for trial in ranked[:_SHOWN]} | ({1} if trials[0].predicted_px is not None else set()))
    return {
        "schema": 1,
        "title": "Settings of a refiner, by the error of an estimator",
        "preset": f"{len(trials)} trials of {config.refiner.loop.steps} refiner and {config.keypoints.steps} "
        "estimator steps",
        "seeds": [config.refiner.seed],
        "seconds": round(record["seconds"], 1),
        "config": record["config"],
        **{name: session[name] for name in ("machine", "versions", "command")},
        "commit": session["git_commit"],
        "sets": _sets(sets),
        "frame": f"{size} px crops around the hand; one pixel is 1/{size} of the crop's side",
        "arms": [
            _arm("mean pose", "baseline", "answers the renders' mean pose", scores["mean pose"], config),
            _arm(RAW, "baseline", "trained on plain renders as they are", scores[RAW], config),
            *(_arm(name_of(number), "arm", _about(number), scores[name_of(number)], config) for number in shown),
        ],
        "differences": [
            {"arm": name_of(number), "against": RAW, "epe_mean": _against_raw(scores, number).to_json()}
            for number in shown
        ],
        "pictures": [
            {"file": f"{_folder(trial)}/picture.png", "title": f"What {name_of(trial.number)} makes of renders",
             "group": "look", "caption": f"Mean error of the estimator trained on them: {trial.error_px:.2f} px."}
            for trial in ranked
        ],
        "training": [
            {"name": f"{name_of(number)}: {stage}", "metrics": f"trials/{number:03d}/{stage}/metrics.jsonl"}
            for number in shown for stage in ("refine", "estimate")
        ],
        "verdict": verdict(trials, scores),
        "limits": _limits(sets),
        "tuning": _tuning(trials, ranked, scores),
    }  # fmt: skip


def name_of(number: int) -> str:
    """What a trial is called."""
    return f"trial {number}"


def verdict(trials: Sequence[Trial], scores: dict[str, KeypointScores]) -> str:
    """Which trial is best, and whether it beats the raw renders."""
    ranked = sorted(trials, key=lambda trial: trial.error_px)
    raw_px, best = scores[RAW].epe_mean.value, ranked[0]
    if math.isinf(best.error_px):
        return f"All {len(trials)} trials were given up, because their losses were no numbers; narrow the search."
    found = f"{best.error_px:.2f} px against {raw_px:.2f} px for raw renders"
    if best.error_px >= raw_px:
        return (
            f"No trial beats the raw renders: the best of {len(trials)}, {name_of(best.number)}, has {found}. "
            "Train on the raw renders, or search longer or elsewhere."
        )
    clearly = "clearly" if _against_raw(scores, best.number).excludes(0.0) else "not clearly"
    return (
        f"Of {len(trials)} trials {name_of(best.number)} has the lowest validation error, {found}: {clearly} different."
    )


def _scores(
    sets: TuningSets, raw_px: Float[Tensor, "image 21 2"], trials: Sequence[Trial]
) -> dict[str, KeypointScores]:
    assert sets.rendered.keypoints_px is not None
    assert sets.rendered.confidence is not None
    mean_pose = MeanPose.fit(sets.rendered.keypoints_px, sets.rendered.confidence)
    predictions = {"mean pose": mean_pose(sets.validation.float_images()), RAW: raw_px}
    predictions |= {name_of(each.number): each.predicted_px for each in trials if each.predicted_px is not None}
    return {name: scores_of(predicted_px, sets.validation) for name, predicted_px in predictions.items()}


def _arm(name: str, role: str, description: str, scores: KeypointScores, config: TuningConfig) -> dict[str, Any]:
    figures_json = scores.to_json()
    return {
        "name": name, "role": role, "description": description,
        "runs": [{"seed": config.keypoints.seed, "scores": figures_json}],
        **{column: figures_json[column] for column in _COLUMNS},
    }  # fmt: skip


def _about(number: int) -> str:
    return "refined with the preset's own settings" if number == 1 else "refined with proposed settings"


def _against_raw(scores: dict[str, KeypointScores], number: int) -> Estimate:
    return difference_between([scores[name_of(number)].errors], [scores[RAW].errors], EPE_MEAN, seed=0)


def _tuning(trials: Sequence[Trial], ranked: Sequence[Trial], scores: dict[str, KeypointScores]) -> dict[str, Any]:
    return {
        "baseline_px": scores[RAW].epe_mean.value,
        "best": ranked[0].number if ranked else None,
        "best_folder": f"{_folder(ranked[0])}/refine" if ranked else "",
        "trials": [
            {"number": trial.number, "settings": trial.settings, "note": trial.note,
             "error_px": None if trial.predicted_px is None else scores[name_of(trial.number)].epe_mean.to_json()}
            for trial in trials
        ],
    }  # fmt: skip


def _folder(trial: Trial) -> str:
    return trial_folder(Path(), trial.number).as_posix()


def _sets(sets: TuningSets) -> dict[str, Any]:
    return {
        "rendered": described_set(sets.rendered, labelled=True, note="what every trial refines"),
        "photographs": described_set(sets.photographs, labelled=False, note="what refiners move towards"),
        "validation": described_set(sets.validation, labelled=True, note="chooses the settings; no test set any more"),
    }


def _limits(sets: TuningSets) -> list[str]:
    limits = [
        "The best of many trials looks better on the validation set than it is: luck is chosen along with merit. "
        "Measure its settings on a test set of other people, which had no part in this search.",
        "Every trial was trained once, from one seed; differences smaller than those between seeds mean nothing.",
    ]
    if not sets.validation.is_real:
        limits.append("The validation set is no set of photographs: settings that suit it may not suit photographs.")
    return limits
