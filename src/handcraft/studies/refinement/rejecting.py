# SPDX-License-Identifier: Apache-2.0
"""Which refined renders to learn from: those on which no judge sees worse than on raw ones; what that choice buys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from handcraft.data import PreparedSet, contact_sheet, picture_from_image, whole_scale
from handcraft.data.preprocess import Segment
from handcraft.encode import FeatureSpace
from handcraft.measure import (
    EPE_MEAN,
    ImageEvidence,
    KeypointErrors,
    Metric,
    Selection,
    difference_between,
    image_errors,
    joint_error,
    keep_or_reject,
    mask_iou,
    over_seeds,
)
from handcraft.measure.realism import nearest_real_distances
from handcraft.studies.described import evenly

RAW_JUDGED, PHOTOGRAPHS_SEEN = 1000, 1000
"""As many tell what judges see on raw renders, and where photographs lie."""
FEWEST_KEPT = 16
"""No estimator is trained on fewer."""
SHOWN = 8
_BATCH = 256
REASONS = {
    "mask_iou": "the silhouette left the mask",
    "moved_px": "keypoints moved",
    "real_distance": "far from every photograph",
}
REJECTED = Metric("rejected", unit="", better="lower")
KEPT_MINUS_ALL = Metric("kept minus all", unit="px", better="lower")


@dataclass(frozen=True)
class Judges:
    """Those who look at refined images; none of them knows the refiner."""

    segment: Segment
    locate: Callable[[Float[Tensor, "batch 3 height width"]], Float[Tensor, "batch 21 2"]]
    space: FeatureSpace


def without_rejects(name: str) -> str:
    """The arm that learns from a refiner's kept images only."""
    return f"{name} without rejects"


def selected(
    refined: PreparedSet, raw: PreparedSet, photographs: PreparedSet, judges: Judges, *, tolerated: float
) -> Selection:
    """Which of ``refined``, made of ``raw`` one by one, to keep.

    Args:
        refined: with the labels of ``raw``.
        raw: the same renders as they were.
        photographs: what refined images should lie as near to as photographs lie to each other.
        judges: trained on other hands.
        tolerated: the share of raw renders that each respect may reject.
    """
    real = judges.space.features(photographs.select(evenly(len(photographs), PHOTOGRAPHS_SEEN)).float_images())
    usual = raw.select(evenly(len(raw), RAW_JUDGED))
    located = _batched(judges.locate, raw.float_images())
    return keep_or_reject(
        _evidence(refined, located, real, judges),
        _evidence(usual, _labels(usual), real, judges),
        tolerated=tolerated,
    )


def _evidence(shown: PreparedSet, reference_px: Tensor, real: Tensor, judges: Judges) -> ImageEvidence:
    """What judges say of ``shown``; keypoints are compared with ``reference_px``."""
    assert shown.confidence is not None
    images = shown.float_images()
    moved_px = joint_error(_batched(judges.locate, images), reference_px, shown.confidence)
    return ImageEvidence(
        mask_iou=mask_iou(_batched(judges.segment, images) >= 0.5, shown.masks),
        moved_px=image_errors(moved_px),
        real_distance=nearest_real_distances(real, judges.space.features(images)),
    )


def _labels(shown: PreparedSet) -> Float[Tensor, "image 21 2"]:
    assert shown.keypoints_px is not None
    return shown.keypoints_px


@torch.no_grad()
def _batched(judge: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    return torch.cat([judge(batch).cpu() for batch in images.split(_BATCH)])


def rejecting_table(
    selections: Mapping[str, Mapping[str, Any]], errors: Mapping[str, list[KeypointErrors]]
) -> dict[str, Any]:
    """What rejecting buys, as ``tables`` of ``results.json`` holds it; ``selections`` are of the first seed."""
    rows = []
    for name, selection in selections.items():
        shares = [len(indices) / selection["images"] for indices in selection["reasons"].values()]
        cells: list[dict[str, float | None] | None] = [
            {"value": share} for share in (1 - len(selection["kept"]) / selection["images"], *shares)
        ]
        cells += [over_seeds(errors[name], EPE_MEAN, seed=0).to_json()]
        if without_rejects(name) in errors:
            kept = errors[without_rejects(name)]
            difference = difference_between(kept, errors[name], EPE_MEAN, seed=0)
            cells += [over_seeds(kept, EPE_MEAN, seed=0).to_json(), difference.to_json()]
        else:
            cells += [None, None]
        rows.append({"name": name, "cells": cells})
    columns = [
        REJECTED.to_json(),
        *({"name": f"because {reason}", "unit": "", "better": ""} for reason in REASONS.values()),
        EPE_MEAN.to_json() | {"name": "mean error, trained on all"},
        EPE_MEAN.to_json() | {"name": "mean error, trained on the kept"},
        KEPT_MINUS_ALL.to_json(),
    ]
    tolerated = next(iter(selections.values()))["tolerated"]
    return {
        "title": "What rejecting buys",
        "note": f"A refined render is rejected if in some respect {tolerated:.0%} of raw renders or fewer look as bad. "
        "Shares are of the first seed's images, and one image may be rejected for several reasons. Both estimators "
        "train for as many steps.",
        "first": "Refiner",
        "columns": columns,
        "rows": rows,
    }


def rejected_sheet(refined: PreparedSet, selection: Mapping[str, Any]) -> Image.Image:
    """Kept images, and rejected ones by reason, picked evenly."""
    rows, titles = [], []
    groups: list[tuple[str, Sequence[int]]] = [("kept", selection["kept"])]
    groups += [(f"rejected: {REASONS[respect]}", indices) for respect, indices in selection["reasons"].items()]
    for title, indices in groups:
        if indices:
            chosen = refined.select([indices[place] for place in evenly(len(indices), SHOWN)])
            scale = whole_scale(refined.size)
            rows.append([picture_from_image(image, scale=scale) for image in chosen.float_images()])
            titles.append(f"{title} ({len(indices)} of {len(refined)})")
    return contact_sheet(rows, row_titles=titles)
