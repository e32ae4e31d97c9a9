# SPDX-License-Identifier: Apache-2.0
"""Kernel distance: the squared maximum mean discrepancy under a cubic kernel, without bias at any number of images.

Unbiased means that two sets of one kind average to 0 whatever their size, so single figures may fall below 0. The
spread over subsets that other tools print beside it says how far subsets of that size scatter; it neither falls with
the number of images nor knows of other trained models, so it is no interval of a refiner.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric
from handcraft.measure.realism.distances import expect_pair
from handcraft.randomness import generator_for

KERNEL_DISTANCE = Metric("kernel distance", unit="kernel units", better="lower")

_ENTRIES_AT_ONCE = 2**22  # 32 MiB of float64, whatever the number of images


@dataclass(frozen=True)
class SubsetKernelDistance:
    """Kernel distance averaged over random subsets, as papers print it."""

    value: float
    subset_std: float
    """How far subsets of this size scatter: no interval, and no spread over trained models."""
    subsets: int
    size: int

    def to_json(self) -> dict[str, float | int]:
        """Plain numbers."""
        return dict(vars(self))


def kernel_distance(real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"]) -> float:
    """Unbiased squared MMD with ``k(a, b) = (a·b / features + 1)³`` (Binkowski et al., "Demystifying MMD GANs", 2018).

    >>> kernel_distance(torch.tensor([[1.0], [1.0]]), torch.tensor([[0.0], [0.0]]))  # 8 + 1 - 2 * 1
    7.0
    """
    expect_pair(real, made, at_least=2)
    real, made = real.double(), made.double()
    return _mean_apart(real) + _mean_apart(made) - 2 * _kernel_sum(real, made) / (len(real) * len(made))


def kernel_distance_over_subsets(
    real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"], *, subsets: int, size: int, seed: int
) -> SubsetKernelDistance:
    """The mean over random subsets, for comparing with printed figures; ``kernel_distance`` uses every image once.

    Raises:
        HandcraftError: subsets of fewer than 2 images or of more than there are, or none.

    >>> sets = torch.ones(4, 1), torch.zeros(4, 1)
    >>> kernel_distance_over_subsets(*sets, subsets=3, size=2, seed=0)
    SubsetKernelDistance(value=7.0, subset_std=0.0, subsets=3, size=2)
    """
    expect_pair(real, made, at_least=2)
    fewest = min(len(real), len(made))
    if subsets < 1 or not 2 <= size <= fewest:
        raise HandcraftError(
            f"Expected 1 or more `subsets` of 2 to {fewest} images, but got {subsets} of {size}; "
            f"take a `size` that both sets hold."
        )
    figures = []
    for subset in range(subsets):
        drawn = (torch.randperm(len(s), generator=generator_for(seed, i, subset)) for i, s in enumerate((real, made)))
        figures.append(kernel_distance(*(s[order[:size]] for s, order in zip((real, made), drawn, strict=True))))
    values = torch.tensor(figures, dtype=torch.float64)
    return SubsetKernelDistance(float(values.mean()), float(values.std(correction=0)), subsets, size)


def _kernel_sum(rows: Tensor, columns: Tensor) -> float:
    at_once = max(1, _ENTRIES_AT_ONCE // len(columns))
    return sum(float(_cubic(some @ columns.T, rows.shape[1]).sum()) for some in rows.split(at_once))


def _mean_apart(points: Tensor) -> float:
    """Mean kernel of two different images of one set: leaving out each one with itself is what removes the bias."""
    own = float(_cubic(points.square().sum(dim=1), points.shape[1]).sum())
    return (_kernel_sum(points, points) - own) / (len(points) * (len(points) - 1))


def _cubic(products: Tensor, features: int) -> Tensor:
    return (products / features + 1) ** 3
