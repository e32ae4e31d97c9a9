# SPDX-License-Identifier: Apache-2.0
"""Predictions to ``results.json``: figures with intervals, label drift, what was real, a verdict from the numbers."""

from collections.abc import Sequence
from typing import Any

import torch

from handcraft.data import PreparedSet
from handcraft.estimate import Estimator
from handcraft.measure import (
    EPE_MEAN,
    KEYPOINT_METRICS,
    Estimate,
    KeypointErrors,
    KeypointScores,
    difference_between,
    label_drift,
    over_seeds,
    score_keypoints,
)
from handcraft.refine import refine_prepared
from handcraft.studies.described import described_set, provenance
from handcraft.studies.refinement.arms import Arm, Arms, folder_name
from handcraft.studies.refinement.config import StudyConfig
from handcraft.studies.refinement.realism import trade_off
from handcraft.studies.refinement.rejecting import rejecting_table, without_rejects
from handcraft.studies.refinement.sets import StudySets, segmenter_judge
from handcraft.training import RunFolder

_COLUMNS = ("epe_mean", "epe_median", "auc_30px", "auc_relative")
COMPARED_WITH = ("raw renders", "mean pose")
"""Every trained arm is set against these."""


def figures(
    run: RunFolder, config: StudyConfig, sets: StudySets, arms: Arms, rows: Sequence[Arm], judge: Estimator, *,
    title: str,
) -> dict[str, Any]:  # fmt: skip
    """``results.json`` without its pictures."""
    scores = {row.name: _scores(row, sets.test) for row in rows}
    errors = {name: [each.errors for each in runs] for name, runs in scores.items()}
    drift = [_drift(arms, sets, name, judge) for name in config.refiners]
    differences = _differences(rows, errors)
    tables = [trade_off(arms, sets, drift, errors)]
    if config.tolerated:
        selections = {name: arms.selection(name, config.seeds[0]) for name in config.refiners}
        tables.append(rejecting_table(selections, errors))
    record = run.record
    return {
        "schema": 1,
        "title": title,
        "preset": f"{len(sets.source)} renders, {_refiner_steps(config)} refiner steps, "
        f"{config.keypoints.steps} estimator steps",
        "seeds": list(config.seeds),
        "seconds": round(record["seconds"], 1),
        "config": record["config"],
        **provenance(record),
        "sets": _sets(sets),
        "frame": f"{config.crops.size} px crops around the hand; one pixel is 1/{config.crops.size} of the crop's side",
        "arms": [_row(row, config.seeds, scores[row.name], errors[row.name]) for row in rows],
        "differences": differences,
        "label_drift": drift,
        "tables_title": "Realism beside usefulness",
        "tables": tables,
        "pictures": [],
        "training": _training_logs(config, list(errors)),
        "verdict": verdict(list(config.refiners), errors),
        "limits": _limits(config, sets),
    }


def _scores(row: Arm, test: PreparedSet) -> list[KeypointScores]:
    assert test.keypoints_px is not None
    assert test.confidence is not None
    return [
        score_keypoints(predicted_px.float(), test.keypoints_px, test.confidence, test.subjects, seed=0)
        for predicted_px in row.predicted_px
    ]


def _row(row: Arm, seeds: Sequence[int], scores: list[KeypointScores], errors: list[KeypointErrors]) -> dict[str, Any]:
    return {
        "name": row.name,
        "role": row.role,
        "description": row.description,
        "training_images": row.training_images,
        # a baseline has no training seed and one run
        "runs": [{"seed": seed, "scores": each.to_json()} for seed, each in zip(seeds, scores, strict=False)],
        **{
            name: over_seeds(errors, metric, seed=0).to_json()
            for name, metric in zip(_COLUMNS, KEYPOINT_METRICS, strict=True)
        },
    }


def _differences(rows: Sequence[Arm], errors: dict[str, list[KeypointErrors]]) -> list[dict[str, Any]]:
    """Every trained arm against the raw renders and the mean pose, on the same images; negative is better."""
    return [
        {"arm": row.name, "against": against,
         "epe_mean": difference_between(errors[row.name], errors[against], EPE_MEAN, seed=0).to_json()}
        for against in COMPARED_WITH
        for row in rows
        if row.role != "baseline" and row.name != against
    ]  # fmt: skip


def _drift(arms: Arms, sets: StudySets, name: str, judge: Estimator) -> dict[str, Any]:
    """How far the first seed's refiner moved hands that it was not trained on."""
    refined = refine_prepared(arms.refiner(name, arms.config.seeds[0]), sets.drift)
    assert sets.drift.keypoints_px is not None
    measured = label_drift(
        sets.drift.float_images(), refined.float_images(), sets.drift.masks, sets.drift.keypoints_px,
        segment=segmenter_judge(arms.run / "segmenter"), locate=judge, clusters=sets.drift.subjects,
    )  # fmt: skip
    return {"refiner": name, **measured.to_json()}


def verdict(refiners: Sequence[str], errors: dict[str, list[KeypointErrors]]) -> str:
    """What the intervals allow to be said, in three sentences at most."""
    refined = {name: over_seeds(errors[name], EPE_MEAN, seed=0) for name in refiners}
    best = min(refined, key=lambda name: refined[name].value)
    against = {name: difference_between(errors[best], errors[name], EPE_MEAN, seed=0) for name in COMPARED_WITH}
    raw = over_seeds(errors["raw renders"], EPE_MEAN, seed=0)
    sentences = [
        f"Training on renders refined by the {best} {_compared(against['raw renders'])} raw renders "
        f"(mean error {refined[best].value:.1f} against {raw.value:.1f} px) "
        f"and {_compared(against['mean pose'])} the mean pose."
    ]
    plain = difference_between(errors[best], errors["normalised colours"], EPE_MEAN, seed=0)
    value = over_seeds(errors["normalised colours"], EPE_MEAN, seed=0).value
    sentences.append(f"Against merely normalising the colours ({value:.1f} px) it {_compared(plain, alone=True)}.")
    return " ".join(sentences)


def _compared(difference: Estimate, *, alone: bool = False) -> str:
    if not difference.excludes(0.0):
        return "makes no clear difference" if alone else "is not clearly different from"
    better = difference.value < 0
    if alone:
        return "is better" if better else "is worse"
    return "beats" if better else "does worse than"


def _refiner_steps(config: StudyConfig) -> str:
    """``550``, or ``550 to 1200``."""
    steps = sorted({each.loop.steps for each in config.refiners.values()})
    return " to ".join(str(count) for count in dict.fromkeys((steps[0], steps[-1])))


def _sets(sets: StudySets) -> dict[str, Any]:
    simulated = "a stand-in for photographs: rendered, with skin, lights, backdrops and a simulated camera"
    target_note = (
        "unlabelled photographs; hands found by the segmenter"
        if sets.target.is_real
        else (f"{simulated}; labels withheld from refiners and estimators; hands found by the segmenter")
    )
    test_note = (
        "labelled photographs; hands found by the segmenter"
        if sets.test.is_real
        else (f"{simulated}; other hands than the target's; hands found by the segmenter")
    )
    return {
        "source": described_set(
            sets.source, labelled=True, note="matte, flat skin, simple light; masks from the renderer"
        ),
        "target": described_set(sets.target, labelled=False, note=target_note),
        "test": described_set(sets.test, labelled=True, note=test_note),
    }  # fmt: skip


def _training_logs(config: StudyConfig, arms: Sequence[str]) -> list[dict[str, str]]:
    seed = config.seeds[0]
    logs = [{"name": name, "metrics": f"seed-{seed}/{folder_name('refine', name)}/metrics.jsonl"}
            for name in config.refiners]  # fmt: skip
    kept = [name for name in map(without_rejects, config.refiners) if name in arms]
    estimators = ("raw renders", "normalised colours", *config.refiners, *kept)
    logs += [
        {"name": f"estimator, {name}", "metrics": f"seed-{seed}/{folder_name('estimate', name)}/metrics.jsonl"}
        for name in estimators
    ]
    return [*logs, {"name": "segmenter", "metrics": "segmenter/metrics.jsonl"}]


def _limits(config: StudyConfig, sets: StudySets) -> list[str]:
    limits = [
        f"Refiners were trained for {_refiner_steps(config)} steps (seed 000: 30 epochs of 24,420 photographs, with "
        f"networks of width 64), estimators for {config.keypoints.steps}.",
        f"{len(config.seeds)} training seed(s); intervals are 95 % bootstrap intervals over people"
        + (" and seeds." if len(config.seeds) > 1 else " and say nothing about other seeds."),
        "Label drift is what a segmenter and an estimator see that were trained on renders; both err by themselves, "
        "which the columns before refining show.",
    ]
    if not sets.test.is_real:
        limits.append("The test images are simulated photographs: the figures say nothing about real cameras yet.")
    if sets.test.is_real and sets.target.is_real and sets.test.source != sets.target.source:
        limits.append(f"Target ({sets.target.source}) and test ({sets.test.source}) are different sets of photographs.")
    outside = _outside_share(sets.test)
    limits.append(
        f"{100 * outside:.1f} % of the labelled test keypoints lie outside their crop, where no arm can answer."
    )
    return limits


def _outside_share(prepared: PreparedSet) -> float:
    assert prepared.keypoints_px is not None
    assert prepared.confidence is not None
    outside = ((prepared.keypoints_px < 0) | (prepared.keypoints_px > prepared.size)).any(-1)
    labelled = prepared.confidence > 0
    return float(torch.where(labelled, outside, False).sum() / labelled.sum())
