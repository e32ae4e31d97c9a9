# SPDX-License-Identifier: Apache-2.0
"""How like photographs are made images? Features in, numbers out, each with its interval, its control and its size.

Features come from the space a user picks (``handcraft.encode``); nothing here knows of images or networks. No figure
here says whether made images are good training images: in seed 000 the set with the worst distance trained the best
estimator. Crop, resize and save real and made images alike: what is JPEG on one side only is told apart by that.

>>> import torch
>>> real, made = torch.rand(120, 4), torch.rand(60, 4) + 0.5
>>> result = repeated(NEAREST_NEIGHBOUR, real, made, space="an example", repeats=3, size=20, seed=0)
>>> [figure.metric.direction for figure in result.figures][0], result.size
('nearest to 0.5 is better', 20)
"""

from handcraft.measure.realism.embedding import NEIGHBOURS, Embedding, embed_in_plane, principal_plane
from handcraft.measure.realism.frechet import (
    FRECHET_DISTANCE,
    FRECHET_DISTANCE_AS_IN_THESIS,
    FRECHET_DISTANCE_SHRUNK,
    frechet_distance,
    frechet_distance_as_in_thesis,
    frechet_distance_shrunk,
    shrunk_covariance,
)
from handcraft.measure.realism.inception import INCEPTION_SCORE, inception_score
from handcraft.measure.realism.kernel import (
    KERNEL_DISTANCE,
    SubsetKernelDistance,
    kernel_distance,
    kernel_distance_over_subsets,
)
from handcraft.measure.realism.manifolds import (
    COVERAGE,
    DENSITY,
    PRECISION,
    RECALL,
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    precision_recall,
)
from handcraft.measure.realism.measures import (
    DENSITY_COVERAGE,
    FRECHET,
    FRECHET_AS_IN_THESIS,
    FRECHET_SHRUNK,
    INCEPTION,
    KERNEL,
    NEAREST_NEIGHBOUR,
    PRECISION_RECALL,
    Measure,
    feature_measures,
)
from handcraft.measure.realism.nearest_neighbour import (
    ACCURACY_1NN,
    ACCURACY_1NN_MADE,
    ACCURACY_1NN_REAL,
    NearestNeighbourAccuracy,
    nearest_neighbour_accuracy,
)
from handcraft.measure.realism.nearest_real import nearest_real_distances
from handcraft.measure.realism.repeated import (
    RepeatedFigure,
    RepeatedMeasure,
    largest_size,
    over_draws,
    repeated,
)

__all__ = [
    "ACCURACY_1NN",
    "ACCURACY_1NN_MADE",
    "ACCURACY_1NN_REAL",
    "COVERAGE",
    "DENSITY",
    "DENSITY_COVERAGE",
    "FRECHET",
    "FRECHET_AS_IN_THESIS",
    "FRECHET_DISTANCE",
    "FRECHET_DISTANCE_AS_IN_THESIS",
    "FRECHET_DISTANCE_SHRUNK",
    "FRECHET_SHRUNK",
    "INCEPTION",
    "INCEPTION_SCORE",
    "KERNEL",
    "KERNEL_DISTANCE",
    "NEAREST_NEIGHBOUR",
    "NEIGHBOURS",
    "PRECISION",
    "PRECISION_RECALL",
    "RECALL",
    "DensityCoverage",
    "Embedding",
    "Measure",
    "NearestNeighbourAccuracy",
    "PrecisionRecall",
    "RepeatedFigure",
    "RepeatedMeasure",
    "SubsetKernelDistance",
    "density_coverage",
    "embed_in_plane",
    "feature_measures",
    "frechet_distance",
    "frechet_distance_as_in_thesis",
    "frechet_distance_shrunk",
    "inception_score",
    "kernel_distance",
    "kernel_distance_over_subsets",
    "largest_size",
    "nearest_neighbour_accuracy",
    "nearest_real_distances",
    "over_draws",
    "precision_recall",
    "principal_plane",
    "repeated",
    "shrunk_covariance",
]
