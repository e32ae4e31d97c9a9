# SPDX-License-Identifier: Apache-2.0
"""Table 4.1 and Figures 4.1 to 4.4 as rows: what was measured here beside what was published."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from handcraft.measure import AUC_30PX, AUC_RELATIVE, EPE_MEAN, EPE_MEDIAN, Estimate, Metric, ModelFigure
from handcraft.measure.realism import ACCURACY_1NN, RepeatedFigure, over_draws
from handcraft.studies.murphy import published
from handcraft.studies.murphy.published import METHODS, REALISM, REFINERS, TABLE_4_1, RealismFigures
from handcraft.studies.murphy.realism import ModelRealism
from handcraft.studies.over_models import compared_over_models
from handcraft.studies.tables import Cell, Row, StudyTable

Read = Callable[[ModelRealism], RepeatedFigure]
Printed = Callable[[RealismFigures], float | None]

_POSE_COLUMNS = {"epe_median": EPE_MEDIAN, "epe_mean": EPE_MEAN, "auc_30px": AUC_30PX, "auc_relative": AUC_RELATIVE}
_PRINTED_AS = {"epe_median": "epe_median_px", "epe_mean": "epe_mean_px", "auc_30px": "auc_30px"}


def pose_table(arms: Sequence[dict[str, Any]], *, note: str) -> StudyTable:
    """Table 4.1 with the baselines and the ceiling that it lacks; ``arms`` are those of ``results.json``."""
    runs = [
        ModelFigure(arm["name"], f"seed {run['seed']}", run["scores"]["epe_mean"]["value"])
        for arm in arms
        if arm["name"] in METHODS
        for run in arm["runs"]
    ]
    return StudyTable(
        name="Table 4.1",
        title="Estimators trained on each set, tested on photographs",
        columns=tuple(_POSE_COLUMNS.values()),
        rows=tuple(_pose_row(arm) for arm in arms),
        source=published.TABLE_SOURCE,
        note=note,
        caveats=(
            published.NEAR_CHANCE, published.NO_ADVERSARIAL_GRADIENT, published.TEST_COLOURS, published.MEDIAN
        ),
        tests=(compared_over_models("Mean error by training set", runs),),
    )  # fmt: skip


def _pose_row(arm: dict[str, Any]) -> Row:
    printed = TABLE_4_1.get(arm["name"])
    cells = tuple(
        Cell(
            _estimate(arm[name]),
            published=getattr(printed, _PRINTED_AS[name]) if printed and name in _PRINTED_AS else None,
            note=_each([(f"seed {run['seed']}", run["scores"][name]["value"]) for run in arm["runs"]]),
        )
        for name in _POSE_COLUMNS
    )
    known = METHODS.get(arm["name"])
    return Row(
        arm["name"], cells, note=f"“{known}” in the document" if known else f"not in the document: {arm['description']}"
    )


def realism_tables(measured: Sequence[ModelRealism], *, note: str) -> list[StudyTable]:
    """Figures 4.1 to 4.4."""
    first = measured[0]
    return [
        _realism_table(
            "Figure 4.1", "Can the nearest neighbour tell the set from photographs, by pixels and early features?",
            measured, [_accuracy("pixels"), _accuracy("conv")], note,
            (published.SPACE_NAMES, published.OVERLAPPING_CONTROL, published.REDRAWS),
        ),
        _realism_table(
            "Figure 4.2", "Can it by a classifier's answers?",
            measured, [_accuracy("softmax"), _accuracy("logits")], note,
            (published.SPACE_NAMES, published.OVERLAPPING_CONTROL, published.REDRAWS),
        ),
        _realism_table(
            "Figure 4.3", "How sure and how varied is a classifier?",
            measured, [(first.inception.metric, lambda one: one.inception, lambda it: it.inception)], note,
            (published.INCEPTION_OF_BACKGROUNDS, published.REDRAWS),
        ),
        _realism_table(
            "Figure 4.4", "How far is the set from photographs?",
            measured,
            [(first.root_frechet.metric, lambda one: one.root_frechet, lambda it: it.root_frechet),
             (_in(first.frechet.metric, "conv"), lambda one: one.frechet, lambda it: None)], note,
            (published.ROOT_FRECHET, published.REDRAWS),
        ),
    ]  # fmt: skip


def _accuracy(view: str) -> tuple[Metric, Read, Printed]:
    return (
        _in(ACCURACY_1NN, view),
        lambda one: one.nearest_neighbour[view],
        lambda printed: printed.nearest_neighbour[view],
    )


def _in(metric: Metric, view: str) -> Metric:
    return Metric(f"{metric.name}, {view}", metric.unit, metric.better)


def _realism_table(
    name: str, title: str, measured: Sequence[ModelRealism], columns: Sequence[tuple[Metric, Read, Printed]],
    note: str, caveats: tuple[str, ...],
) -> StudyTable:  # fmt: skip
    rows = [
        Row(
            method,
            tuple(_cell([read(one) for one in models], [one.model for one in models], printed(REALISM[method]))
                  for _, read, printed in columns),
            note=f"“{METHODS[method]}” in the document",
        )
        for method, models in _by_method(measured).items()
    ]  # fmt: skip
    control = Row(
        "photographs",
        tuple(Cell(read(measured[0]).control, published=printed(published.CONTROL)) for _, read, printed in columns),
        note="against other photographs",
    )
    return StudyTable(
        name, title, tuple(metric for metric, _, _ in columns), (*rows, control), source=published.SCORES_SOURCE,
        note=note, caveats=(*caveats, published.NO_ADVERSARIAL_GRADIENT),
        tests=tuple(_tested(metric, read, measured) for metric, read, _ in columns),
    )  # fmt: skip


def _by_method(measured: Sequence[ModelRealism]) -> dict[str, list[ModelRealism]]:
    return {method: [one for one in measured if one.method == method] for method in METHODS}


def _cell(figures: Sequence[RepeatedFigure], models: Sequence[str], printed: float | None) -> Cell:
    """Draw by draw the mean over models, which were measured on the same draws of photographs."""
    draws = zip(*(figure.made_draws for figure in figures), strict=True)
    return Cell(
        over_draws(tuple(sum(draw) / len(draw) for draw in draws)),
        control=figures[0].control.value,
        published=printed,
        note=_each([(model, figure.made.value) for model, figure in zip(models, figures, strict=True)]),
    )


def _tested(metric: Metric, read: Read, measured: Sequence[ModelRealism]) -> str:
    figures = [
        ModelFigure(one.method, one.model, draw)
        for one in measured
        if one.method in REFINERS
        for draw in read(one).made_draws
    ]
    return compared_over_models(f"{metric.name} by refiner", figures)


def _each(values: Sequence[tuple[str, float]]) -> str:
    """The models one by one, where there are several."""
    return "; ".join(f"{name} {value:.3g}" for name, value in values) if len(values) > 1 else ""


def _estimate(stored: dict[str, float | None]) -> Estimate:
    low, high = (math.nan if stored[end] is None else float(stored[end] or 0.0) for end in ("low", "high"))
    return Estimate(float(stored["value"] or 0.0), low, high)
