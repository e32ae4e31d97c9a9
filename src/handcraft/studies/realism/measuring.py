# SPDX-License-Identifier: Apache-2.0
"""Every measure of realism of several made sets against one set of photographs, in one space, at one size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.encode import ClassSpace, FeatureSpace
from handcraft.errors import HandcraftError
from handcraft.measure import Metric, NearestTo
from handcraft.measure.realism import (
    FRECHET_AS_IN_THESIS,
    INCEPTION,
    Measure,
    RepeatedFigure,
    RepeatedMeasure,
    feature_measures,
    largest_size,
    repeated,
)

MOST_FEATURES_OF_A_COVARIANCE = 4096
"""A Fréchet distance of more features would need hours and gigabytes; spaces of so many go without."""

FEWEST_DRAWN = 6
"""Density and coverage look at five neighbours; figures of so few images mean little, as their intervals show."""


@dataclass(frozen=True)
class EncodedSet:
    """A set as a space sees it."""

    features: Float[Tensor, "image feature"]
    probabilities: Float[Tensor, "image class"] | None
    """None in a space without classes."""

    def rows(self, measure: Measure) -> Tensor | None:
        """What ``measure`` reads; None if this space does not have it."""
        return self.features if measure.reads == "features" else self.probabilities


def encoded(images: PreparedSet, space: FeatureSpace) -> EncodedSet:
    """The crops of ``images`` in ``space``."""
    floats = images.float_images()
    return EncodedSet(space.features(floats), space.probabilities(floats) if isinstance(space, ClassSpace) else None)


@dataclass(frozen=True)
class Realism:
    """The figures of every made set; all sets were measured on the same draws of photographs."""

    space: str
    size: int
    """Images in each draw of each set."""
    repeats: int
    measures: dict[str, tuple[RepeatedMeasure, ...]]
    """By made set."""

    def figures(self, name: str) -> list[RepeatedFigure]:
        """All figures of the set ``name``."""
        return [figure for measure in self.measures[name] for figure in measure.figures]

    def figure(self, name: str, metric: Metric) -> RepeatedFigure:
        """One figure of the set ``name``."""
        return next(figure for figure in self.figures(name) if figure.metric == metric)

    @property
    def metrics(self) -> list[Metric]:
        """What was measured, in order."""
        return [figure.metric for figure in self.figures(next(iter(self.measures)))]

    def tables(self) -> list[dict[str, Any]]:
        """The sets beside photographs against photographs, and what is left when that is taken off."""
        first, names = next(iter(self.measures)), list(self.measures)
        control = {"name": "photographs against other photographs", "role": "control",
                   "cells": [each.control.to_json() for each in self.figures(first)]}  # fmt: skip
        return [
            {
                "title": f"How like photographs, in the space {self.space}",
                "note": f"{self.repeats} disjoint draws of {self.size} images of each set, another {self.size} "
                "photographs standing where the made images stood for the control; brackets are Student's t intervals "
                "over draws. They hold for these images and these trained refiners, and for this size only.",
                "first": "Images",
                "columns": [metric.to_json() for metric in self.metrics],
                "rows": [
                    {"name": name, "cells": [each.made.to_json() for each in self.figures(name)]} for name in names
                ]
                + [control],
            },
            {
                "title": "The same minus what photographs get against other photographs",
                "note": "Draw by draw, against the same photographs. An interval without 0 tells the set from them.",
                "first": "Images",
                "columns": [difference_of(metric).to_json() for metric in self.metrics],
                "rows": [
                    {"name": name, "cells": [each.made_minus_control.to_json() for each in self.figures(name)]}
                    for name in names
                ],
            },
        ]

    def to_json(self) -> dict[str, Any]:
        """Every figure with its draws."""
        measures = {name: [each.to_json() for each in measures] for name, measures in self.measures.items()}
        return {"space": self.space, "size": self.size, "repeats": self.repeats, "measures": measures}


def difference_of(metric: Metric) -> Metric:
    """What a difference from the control is: a target of the figure is one of 0 of the difference."""
    better = NearestTo(0.0) if isinstance(metric.better, NearestTo) else metric.better
    return Metric(metric.name, metric.unit, better)


def measures_for(space: EncodedSet, size: int) -> tuple[Measure, ...]:
    """Every measure that a space allows: of classes only where it has some."""
    features = space.features.shape[1]
    measures = feature_measures(images=size, features=features)
    if features > MOST_FEATURES_OF_A_COVARIANCE:
        measures = tuple(each for each in measures if not each.metrics[0].name.startswith("Fréchet"))
    return measures if space.probabilities is None else (*measures, INCEPTION, FRECHET_AS_IN_THESIS)


def measure_realism(
    photographs: EncodedSet,
    made: Mapping[str, EncodedSet],
    *,
    space: str,
    repeats: int = 5,
    size: int | None = None,
    seed: int = 0,
    measures: Sequence[Measure] = (),
) -> Realism:
    """Measure every made set against the same draws of photographs.

    Args:
        photographs: twice as many as are drawn, for the control.
        made: the sets by their names, from the same space and prepared as the photographs were.
        space: its name.
        repeats: disjoint draws.
        size: images in each; the largest that all sets allow if left out.
        seed: of the drawing.
        measures: all that the space allows if left out.

    Raises:
        HandcraftError: no made set, or too few images for so many disjoint draws.
    """
    if not made:
        raise HandcraftError("Expected at least one set of made images, but got none; name some.")
    fewest = min(len(each.features) for each in made.values())
    drawn = largest_size(len(photographs.features), fewest, repeats=repeats) if size is None else size
    if drawn < FEWEST_DRAWN:
        raise HandcraftError(
            f"Expected {FEWEST_DRAWN} or more images in each of {repeats} disjoint draws ({2 * repeats * FEWEST_DRAWN} "
            f"photographs, {repeats * FEWEST_DRAWN} made images), but got {drawn} from {len(photographs.features)} "
            f"photographs and {fewest} made images; give more of them, or lower `repeats`."
        )
    figures: dict[str, tuple[RepeatedMeasure, ...]] = {}
    for name, each in made.items():
        figures[name] = tuple(
            repeated(measure, real, rows, space=space, repeats=repeats, size=drawn, seed=seed)
            for measure in measures or measures_for(photographs, drawn)
            if (real := photographs.rows(measure)) is not None and (rows := each.rows(measure)) is not None
        )
    return Realism(space, drawn, repeats, figures)
