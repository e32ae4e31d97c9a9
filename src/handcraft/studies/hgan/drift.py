# SPDX-License-Identifier: Apache-2.0
"""What the document lacks: how far each model moved the hands whose labels are kept."""

import math
from collections.abc import Sequence
from typing import Any

from handcraft.measure import DISPLACEMENT, Estimate, Metric, label_drift
from handcraft.studies.hgan.models import Models
from handcraft.studies.hgan.published import TABLE_I
from handcraft.studies.refinement.sets import segmenter_judge
from handcraft.studies.tables import Cell, Row, StudyTable

_COLUMNS = {
    "displacement_px": DISPLACEMENT,
    "error_change_px": Metric("change of the judge's error", unit="px", better="lower"),
    "mask_iou_change": Metric("change of the silhouette's overlap", unit="", better="higher"),
}


def measure_drift(models: Models, seed: int) -> list[dict[str, Any]]:
    """An entry of ``results.json`` for each model, on the test renders."""
    sets, judge = models.sets, models.judge()
    before = sets.test_renders
    assert before.keypoints_px is not None
    entries = []
    for name in TABLE_I:
        measured = label_drift(
            before.float_images(), models.refined(name, seed, "test_renders").float_images(), before.masks,
            before.keypoints_px, confidence=before.confidence, segment=segmenter_judge(models.run / "segmenter"),
            locate=judge, clusters=before.subjects,
        )  # fmt: skip
        entries.append({"refiner": name, **measured.to_json()})
    return entries


def drift_table(entries: Sequence[dict[str, Any]], *, size_px: int) -> StudyTable:
    """The same as rows: what moved, and what both judges make of it against the labels."""
    return StudyTable(
        name="Label drift",
        title="How far the models moved hands whose labels are kept",
        columns=tuple(_COLUMNS.values()),
        rows=tuple(
            Row(entry["refiner"], tuple(Cell(_estimate(entry[column])) for column in _COLUMNS)) for entry in entries
        ),
        source="nothing; the document does not measure it",
        note=f"Test renders of {size_px} px, before and after, seen by an estimator and a segmenter that know nothing "
        "of the models. Brackets are bootstrap intervals over hands.",
    )


def _estimate(figure: dict[str, float | None]) -> Estimate:
    value, low, high = (
        math.nan if (number := figure[name]) is None else number for name in ("value", "low", "high")
    )  # fmt: skip
    return Estimate(value, low, high)
