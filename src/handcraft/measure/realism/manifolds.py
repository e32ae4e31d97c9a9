# SPDX-License-Identifier: Apache-2.0
"""Are made images like real ones (precision, density), and are there as many kinds of them (recall, coverage)?

A refiner that paints every hand alike keeps a high precision and loses recall and coverage: the lost variety that one
distance hides. A set's manifold is the union of balls around its images that reach to their k-th nearest neighbour.
Recall grows balls around made images, so one that is off stretches it; coverage grows them around real ones only.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.measure.metric import Metric
from handcraft.measure.realism.distances import FeaturePair, neighbour_radii, squared_distances

PRECISION = Metric("precision", unit="", better="higher")
RECALL = Metric("recall", unit="", better="higher")
DENSITY = Metric("density", unit="times real", better="higher")
COVERAGE = Metric("coverage", unit="", better="higher")


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares of made images on the real manifold, and of real ones on the made manifold."""

    precision: float
    recall: float

    def to_json(self) -> dict[str, float]:
        """Plain numbers."""
        return dict(vars(self))


@dataclass(frozen=True)
class DensityCoverage:
    """How thickly made images stand around real ones (about 1 for real images), and the share of real ones reached."""

    density: float
    coverage: float

    def to_json(self) -> dict[str, float]:
        """Plain numbers."""
        return dict(vars(self))


def precision_recall(
    real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"], *, neighbours: int = 3
) -> PrecisionRecall:
    """Improved precision and recall (Kynkäänniemi et al., NeurIPS 2019); a ball holds its surface.

    Raises:
        HandcraftError: no more images than neighbours in a set, or features that do not fit.

    >>> real = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
    >>> precision_recall(real, torch.tensor([[0.5], [1.0], [1.5]]), neighbours=1)  # all on the real one, half reached
    PrecisionRecall(precision=1.0, recall=0.5)
    """
    pair = FeaturePair.checked(real, made)
    real_radii, made_radii = (neighbour_radii(rows, neighbours=neighbours) for rows in (pair.real, pair.made))
    on_real, on_made = [], []
    for _, distances in squared_distances(pair.made, pair.real):
        on_real.append((distances <= real_radii + pair.tolerance).any(dim=1))
    for _, distances in squared_distances(pair.real, pair.made):
        on_made.append((distances <= made_radii + pair.tolerance).any(dim=1))
    return PrecisionRecall(float(torch.cat(on_real).double().mean()), float(torch.cat(on_made).double().mean()))


def density_coverage(
    real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"], *, neighbours: int = 5
) -> DensityCoverage:
    """Density and coverage (Naeem et al., "Reliable fidelity and diversity metrics", ICML 2020).

    Real against real gives a density of about 1 and a coverage of ``1 - 2^-neighbours`` (0.97 for 5), for many
    images as many on both sides.

    Raises:
        HandcraftError: no more real images than neighbours, or features that do not fit.

    >>> real = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
    >>> density_coverage(real, torch.tensor([[0.5], [1.0], [1.5]]), neighbours=1).coverage
    0.5
    """
    pair = FeaturePair.checked(real, made)
    radii = neighbour_radii(pair.real, neighbours=neighbours)
    inside = torch.cat(
        [
            (distances <= radii[rows, None] + pair.tolerance).sum(dim=1)
            for rows, distances in squared_distances(pair.real, pair.made)
        ]
    )
    density = float(inside.sum()) / (neighbours * len(made))
    return DensityCoverage(density, float((inside > 0).double().mean()))
