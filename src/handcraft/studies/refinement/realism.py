# SPDX-License-Identifier: Apache-2.0
"""Realism, label drift and the estimator's error of each refiner in one table: a prettier image may train worse.

In seed 000 the set with the worst distance from photographs trained the best estimator. Whoever chooses a refiner by
realism alone should see here what that choice costs.
"""

from collections.abc import Sequence
from typing import Any

from handcraft.data import PreparedSet
from handcraft.encode import FeatureSpace, feature_space
from handcraft.measure import DISPLACEMENT, EPE_MEAN, MASK_IOU, KeypointErrors, Metric, difference_between, over_seeds
from handcraft.measure.realism import (
    ACCURACY_1NN,
    COVERAGE,
    DENSITY_COVERAGE,
    FRECHET_DISTANCE_SHRUNK,
    FRECHET_SHRUNK,
    NEAREST_NEIGHBOUR,
    PRECISION_RECALL,
    RECALL,
    largest_size,
)
from handcraft.refine import refine_prepared
from handcraft.studies.described import evenly
from handcraft.studies.realism.measuring import Realism, encoded, measure_realism
from handcraft.studies.refinement.arms import Arms
from handcraft.studies.refinement.sets import StudySets

RAW = "raw renders"
REPEATS = 5
MOST_DRAWN, ENOUGH_DRAWN, FEWEST_DRAWN = 100, 20, 6
"""Images in a draw: more tell finer differences, and the study must stay short."""

SHOWN = (ACCURACY_1NN, FRECHET_DISTANCE_SHRUNK, RECALL, COVERAGE)
AGAINST_RAW = Metric("mean error minus that of raw renders", unit="px", better="lower")


def realism_of_refiners(arms: Arms, sets: StudySets, space: FeatureSpace) -> Realism | None:
    """How like the target raw renders and the first seed's refined ones are; None where there are too few images."""
    drawn = draws(len(sets.target), len(sets.source))
    if drawn is None:
        return None
    repeats, size = drawn
    photographs = sets.target.select(evenly(len(sets.target), 2 * repeats * size))
    renders = sets.source.select(evenly(len(sets.source), repeats * size))
    seed = arms.config.seeds[0]
    made: dict[str, PreparedSet] = {RAW: renders}
    made |= {name: refine_prepared(arms.refiner(name, seed), renders) for name in arms.config.refiners}
    return measure_realism(
        encoded(photographs, space), {name: encoded(each, space) for name, each in made.items()},
        space=space.name, repeats=repeats, size=size, seed=arms.config.data_seed,
        measures=(NEAREST_NEIGHBOUR, FRECHET_SHRUNK, PRECISION_RECALL, DENSITY_COVERAGE),
    )  # fmt: skip


def draws(photographs: int, made: int) -> tuple[int, int] | None:
    """Repeats and images in each: rather fewer repeats than draws too small to show anything.

    >>> draws(1800, 3000), draws(200, 3000), draws(30, 48), draws(11, 48)
    ((5, 100), (5, 20), (2, 7), None)
    """
    for enough in (ENOUGH_DRAWN, FEWEST_DRAWN):
        for repeats in range(REPEATS, 0, -1):
            size = min(MOST_DRAWN, largest_size(photographs, made, repeats=repeats))
            if size >= enough:
                return repeats, size
    return None


def trade_off(
    arms: Arms, sets: StudySets, drift: Sequence[dict[str, Any]], errors: dict[str, list[KeypointErrors]]
) -> dict[str, Any]:
    """The table, as ``tables`` of ``results.json`` holds it: raw renders, each refiner, photographs themselves."""
    realism = realism_of_refiners(arms, sets, feature_space())
    rows = [_raw_row(realism, drift, errors)]
    for each in drift:
        name = each["refiner"]
        difference = difference_between(errors[name], errors[RAW], EPE_MEAN, seed=0)
        cells = [each["displacement_px"], each["mask_iou_after"], _error(errors[name]), difference.to_json()]
        rows.append({"name": name, "cells": _realism_cells(realism, name) + cells})
    if realism is not None:
        control = [realism.figure(RAW, metric).control.to_json() for metric in SHOWN]
        rows.append({"name": f"{sets.target.source} against others of them", "role": "control",
                     "cells": [*control, None, None, None, None]})  # fmt: skip
    return {
        "title": "How like photographs, how far the hand moved, and what an estimator learns from it",
        "note": f"{finding(realism, errors)} {_measured_on(realism, sets)}",
        "first": "Training images",
        "columns": [metric.to_json() for metric in (*SHOWN, DISPLACEMENT, MASK_IOU, EPE_MEAN, AGAINST_RAW)],
        "rows": rows,
    }


def finding(realism: Realism | None, errors: dict[str, list[KeypointErrors]]) -> str:
    """Whether the images most like photographs trained the best estimator."""
    if realism is None:
        return "There are too few images for measures of realism."
    names = list(realism.measures)
    likest = min(names, key=lambda name: abs(realism.figure(name, ACCURACY_1NN).made.value - 0.5))
    values = {name: over_seeds(errors[name], EPE_MEAN, seed=0).value for name in names}
    best = min(values, key=lambda name: values[name])
    if likest == best:
        return f"Here the images most like photographs ({likest}, by 1-NN accuracy) also train the best estimator."
    difference = difference_between(errors[likest], errors[best], EPE_MEAN, seed=0)
    sure = "" if difference.excludes(0.0) else ", though the intervals do not tell the two apart"
    return (
        f"The images most like photographs ({likest}, by 1-NN accuracy) do not train the best estimator: it errs by "
        f"{values[likest]:.2f} px, the one trained on {best} by {values[best]:.2f} px{sure}."
    )


def _raw_row(
    realism: Realism | None, drift: Sequence[dict[str, Any]], errors: dict[str, list[KeypointErrors]]
) -> dict[str, Any]:
    """Raw renders are where their labels say: what their silhouettes differ by is the judge's own error."""
    unmoved = {"value": 0.0, "low": None, "high": None}
    cells = [unmoved, drift[0]["mask_iou_before"], _error(errors[RAW]), None]
    return {"name": RAW, "cells": _realism_cells(realism, RAW) + cells}


def _realism_cells(realism: Realism | None, name: str) -> list[dict[str, float | None] | None]:
    return [None if realism is None else realism.figure(name, metric).made.to_json() for metric in SHOWN]


def _error(runs: list[KeypointErrors]) -> dict[str, float | None]:
    return over_seeds(runs, EPE_MEAN, seed=0).to_json()


def _measured_on(realism: Realism | None, sets: StudySets) -> str:
    drifted = f"Drift: as two judges see it on {len(sets.drift)} renders that no refiner was trained on."
    if realism is None:
        return drifted
    return (
        f"Realism: {realism.repeats} disjoint draws of {realism.size} images against {sets.target.source}, in the "
        f"space {realism.space}, the first seed's refiner; brackets are intervals over draws. {drifted}"
    )
