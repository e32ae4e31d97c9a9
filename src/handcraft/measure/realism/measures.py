# SPDX-License-Identifier: Apache-2.0
"""The measures of realism as values: what each reads, which figures it gives and which direction of them is better."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from handcraft.measure.metric import Metric
from handcraft.measure.realism.frechet import (
    FRECHET_DISTANCE,
    FRECHET_DISTANCE_AS_IN_THESIS,
    FRECHET_DISTANCE_SHRUNK,
    frechet_distance,
    frechet_distance_as_in_thesis,
    frechet_distance_shrunk,
)
from handcraft.measure.realism.inception import INCEPTION_SCORE, inception_score
from handcraft.measure.realism.kernel import KERNEL_DISTANCE, kernel_distance
from handcraft.measure.realism.manifolds import (
    COVERAGE,
    DENSITY,
    PRECISION,
    RECALL,
    density_coverage,
    precision_recall,
)
from handcraft.measure.realism.nearest_neighbour import (
    ACCURACY_1NN,
    ACCURACY_1NN_MADE,
    ACCURACY_1NN_REAL,
    nearest_neighbour_accuracy,
)


@dataclass(frozen=True)
class Measure:
    """From real and made images, as rows of features or of class probabilities, to one figure per metric.

    >>> import torch
    >>> real, made = torch.tensor([[0.0], [1.0], [2.5]]), torch.tensor([[10.0], [11.0], [12.5]])
    >>> NEAREST_NEIGHBOUR.metrics[0].name, NEAREST_NEIGHBOUR.of(real, made)[0]
    ('1-NN accuracy', 1.0)
    """

    metrics: tuple[Metric, ...]
    of: Callable[[Float[Tensor, "real column"], Float[Tensor, "made column"]], tuple[float, ...]]
    """Figures in the order of ``metrics``."""
    reads: Literal["features", "probabilities"] = "features"


def _nearest_neighbour(real: Tensor, made: Tensor) -> tuple[float, ...]:
    accuracy = nearest_neighbour_accuracy(real, made)
    return accuracy.all, accuracy.real, accuracy.made


def _precision_recall(real: Tensor, made: Tensor) -> tuple[float, ...]:
    shares = precision_recall(real, made)
    return shares.precision, shares.recall


def _density_coverage(real: Tensor, made: Tensor) -> tuple[float, ...]:
    shares = density_coverage(real, made)
    return shares.density, shares.coverage


NEAREST_NEIGHBOUR = Measure((ACCURACY_1NN, ACCURACY_1NN_REAL, ACCURACY_1NN_MADE), _nearest_neighbour)
FRECHET = Measure((FRECHET_DISTANCE,), lambda real, made: (frechet_distance(real, made),))
FRECHET_SHRUNK = Measure((FRECHET_DISTANCE_SHRUNK,), lambda real, made: (frechet_distance_shrunk(real, made),))
FRECHET_AS_IN_THESIS = Measure(
    (FRECHET_DISTANCE_AS_IN_THESIS,),
    lambda real, made: (frechet_distance_as_in_thesis(real, made),),
    reads="probabilities",
)
KERNEL = Measure((KERNEL_DISTANCE,), lambda real, made: (kernel_distance(real, made),))
PRECISION_RECALL = Measure((PRECISION, RECALL), _precision_recall)
DENSITY_COVERAGE = Measure((DENSITY, COVERAGE), _density_coverage)
INCEPTION = Measure((INCEPTION_SCORE,), lambda real, made: (inception_score(made),), reads="probabilities")
"""Of the made images; its control is the score of real ones."""


def feature_measures(*, images: int, features: int) -> tuple[Measure, ...]:
    """Every measure of features for draws of that many images; the Fréchet distance is the one that so many allow.

    >>> [metric.name for measure in feature_measures(images=500, features=512) for metric in measure.metrics][3]
    'Fréchet distance with shrunk covariances'
    """
    frechet = FRECHET if images > features else FRECHET_SHRUNK
    return NEAREST_NEIGHBOUR, frechet, KERNEL, PRECISION_RECALL, DENSITY_COVERAGE
