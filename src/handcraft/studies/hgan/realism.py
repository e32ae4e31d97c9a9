# SPDX-License-Identifier: Apache-2.0
"""Table I: how near each model's test images come to photographs, over disjoint draws, beside real against real.

Every model's images are drawn alike and compared with the same photographs, so no difference between models is one of
the draw. What tools print behind a kernel distance is the spread over random subsets of one model's images: it has a
table of its own here, under its own name.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handcraft.encode import FeatureSpace
from handcraft.measure import Estimate, Metric
from handcraft.measure.realism import (
    INCEPTION,
    INCEPTION_SCORE,
    KERNEL,
    KERNEL_DISTANCE,
    Measure,
    SubsetKernelDistance,
    feature_measures,
    kernel_distance_over_subsets,
    largest_size,
    over_draws,
)
from handcraft.studies.hgan.models import Models
from handcraft.studies.hgan.published import TABLE_I
from handcraft.studies.realism import EncodedSet, Realism, encoded, measure_realism
from handcraft.studies.tables import Cell, Row, StudyTable

RAW = "raw renders"
SUBSET_MEAN = Metric("kernel distance over subsets", unit="kernel units", better="lower")
SUBSET_STD = Metric("its spread over subsets", unit="kernel units", better="lower")
_SMALLEST_SUBSET = 4


@dataclass(frozen=True)
class TableOne:
    """The raw renders and every training of every model against the test photographs."""

    realism: Realism
    """By ``run_name``."""
    subsets: Mapping[str, SubsetKernelDistance]
    subset_size: int
    seeds: Sequence[int]

    def runs(self, name: str) -> list[str]:
        """The names of the trainings of a model; renders have none."""
        return [RAW] if name == RAW else [run_name(name, seed) for seed in self.seeds]

    def estimate(self, name: str, metric: Metric) -> Estimate:
        """A figure of a model: over its draws, or over its trainings where there are several."""
        figures = [self.realism.figure(run, metric).made for run in self.runs(name)]
        return figures[0] if len(figures) == 1 else over_draws(tuple(each.value for each in figures))

    @property
    def metrics(self) -> list[Metric]:
        """What was measured over draws."""
        return self.realism.metrics

    @property
    def frechet(self) -> Metric:
        """The Fréchet distance that so many images allow."""
        return self.metrics[0]


def run_name(model: str, seed: int) -> str:
    """One training of a model."""
    return f"{model}, seed {seed}"


def measure_table_one(models: Models, space: FeatureSpace) -> TableOne:
    """Encode every set once and measure all of them on the same draws."""
    config, sets = models.config, models.sets
    made = {RAW: encoded(sets.test_renders, space)}
    for seed in config.hands.seeds:
        for name in TABLE_I:
            made[run_name(name, seed)] = encoded(models.refined(name, seed, "test_renders"), space)
    real = encoded(sets.test_photographs, space)
    size = min(config.draw_size, largest_size(len(real.features), len(sets.test_renders), repeats=config.draws))
    realism = measure_realism(
        real, made, space=space.name, repeats=config.draws, size=size, seed=config.hands.data_seed,
        measures=_measures(real, size),
    )  # fmt: skip
    subset_size = max(_SMALLEST_SUBSET, size * config.draws // 10)  # a tenth of the test, as the published code
    subsets = {
        name: kernel_distance_over_subsets(
            real.features, each.features, subsets=config.subsets, size=subset_size, seed=config.hands.data_seed
        )
        for name, each in made.items()
    }
    return TableOne(realism, subsets, subset_size, config.hands.seeds)


def _measures(real: EncodedSet, size: int) -> tuple[Measure, ...]:
    """The document's; the inception score only in a space with classes."""
    of_features = feature_measures(images=size, features=real.features.shape[1])
    frechet = next(each for each in of_features if each.metrics[0].name.startswith("Fréchet"))
    return (frechet, KERNEL) if real.probabilities is None else (frechet, KERNEL, INCEPTION)


def tables_one(measured: TableOne, models: Models) -> list[StudyTable]:
    """Table I, and its kernel distance the way it is printed there; the published figures in the same cells."""
    return [_over_draws(measured, models), _over_subsets(measured, models)]


def _over_draws(measured: TableOne, models: Models) -> StudyTable:
    realism, trainings = measured.realism, len(measured.seeds)
    rows = [_row(measured, RAW, "the test renders as they are; the document has no such row")]
    rows += [_row(measured, name, models.seen_through(name, measured.seeds[0])) for name in TABLE_I]
    over = "its draws, of one training" if trainings == 1 else f"{trainings} trainings"
    return StudyTable(
        name="Table I",
        title="How near the models come to photographs",
        columns=(measured.frechet, KERNEL_DISTANCE, INCEPTION_SCORE),
        rows=tuple(rows),
        source="seed 002, Table I: Inception-v3 features of 2,000 images, one training a model, no inception score",
        note=f"Space: {realism.space}. {realism.repeats} disjoint draws of {realism.size} test images, as many real "
        f"ones and as many others for the control. The interval of a model is over {over}.",
        caveats=(
            "2,000 images are fewer than Inception-v3's 2,048 features: the published Fréchet distances are too large "
            "by an amount nobody knows. Figures of different spaces do not compare: compare orders, not values.",
        ),
    )


def _row(measured: TableOne, name: str, note: str) -> Row:
    """Published figures have no raw renders and no inception score."""
    printed = TABLE_I.get(name)
    published = (None, None, None) if printed is None else (printed.frechet, printed.kernel, None)
    metrics = (measured.frechet, KERNEL_DISTANCE, INCEPTION_SCORE)
    return Row(name, tuple(_cell(measured, name, *pair) for pair in zip(metrics, published, strict=True)), note)


def _cell(measured: TableOne, name: str, metric: Metric, published: float | None) -> Cell:
    if metric not in measured.metrics:
        return Cell(published=published, note="this space has no classes")
    control = measured.realism.figure(RAW, metric).control.value
    return Cell(measured.estimate(name, metric), control=control, published=published)


def _over_subsets(measured: TableOne, models: Models) -> StudyTable:
    rows = []
    for name in (RAW, *TABLE_I):
        printed, found = TABLE_I.get(name), [measured.subsets[run] for run in measured.runs(name)]
        means = [
            sum(values) / len(found) for values in zip(*((each.value, each.subset_std) for each in found), strict=True)
        ]
        published = (None, None) if printed is None else (printed.kernel, printed.kernel_subset_std)
        rows.append(
            Row(
                name, tuple(Cell(_alone(ours), published=theirs) for ours, theirs in zip(means, published, strict=True))
            )
        )
    return StudyTable(
        name="Table I, its kernel distance as printed",
        title="Mean and spread over random subsets of one model's images",
        columns=(SUBSET_MEAN, SUBSET_STD),
        rows=tuple(rows),
        source="seed 002, Table I: subsets of 200 of the 2,000 test images",
        note=f"Space: {measured.realism.space}. {models.config.subsets} random subsets of {measured.subset_size} "
        "images.",
        caveats=(
            "The ± of the document is this spread: of subsets of the test images of one model. It is no interval, no "
            "spread over trained models, and larger than every difference between the published kernel distances "
            "(0.0479, 0.0480 and 0.0481 are ties).",
        ),
    )


def _alone(value: float) -> Estimate:
    """A figure whose spread is told elsewhere."""
    return Estimate(value, math.nan, math.nan)
