# SPDX-License-Identifier: Apache-2.0
"""Fréchet distance: how far apart two sets of features lie if both are taken for Gaussian clouds.

With no more images than features a covariance is singular and the distance too large by an amount that depends on the
number of images; such sets are refused, or measured with shrunk covariances under a name that says so. Even beyond
that the distance falls with the number of images: compare figures of one size only, and with real against real.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric
from handcraft.measure.realism.distances import expect_pair
from handcraft.measure.realism.inception import expect_probabilities

FRECHET_DISTANCE = Metric("Fréchet distance", unit="squared feature units", better="lower")
FRECHET_DISTANCE_SHRUNK = Metric(
    "Fréchet distance with shrunk covariances", unit="squared feature units", better="lower"
)
FRECHET_DISTANCE_AS_IN_THESIS = Metric(
    "root of the Fréchet distance of softmax vectors, as in seed 000", unit="feature units", better="lower"
)


def frechet_distance(real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"]) -> float:
    """``|m - n|² + tr(S + T - 2 (S T)^½)`` of means and unbiased covariances (Heusel et al., NeurIPS 2017; squared).

    Raises:
        HandcraftError: no more images than features on either side, or features that do not fit.

    >>> real = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> round(frechet_distance(real, real + torch.tensor([3.0, 4.0])), 6)
    25.0
    """
    expect_pair(real, made, at_least=2)
    fewest = min(len(real), len(made))
    if fewest <= real.shape[1]:
        raise HandcraftError(
            f"Expected more images than features for a Fréchet distance, but got {fewest} images of {real.shape[1]} "
            "features; give more images, a smaller feature space, or use `frechet_distance_shrunk`."
        )
    return _distance(_Cloud.of(real), _Cloud.of(made))


def frechet_distance_shrunk(real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"]) -> float:
    """The same with covariances shrunk towards equal variances (Ledoit and Wolf, 2004), for any number of images.

    Shrinking makes a cloud rounder than it is, so this is another figure and does not compare with the plain one.

    >>> real = torch.tensor([[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]])
    >>> round(frechet_distance_shrunk(real, real + torch.tensor([3.0, 4.0, 0.0])), 6)
    25.0
    """
    expect_pair(real, made, at_least=2)
    return _distance(_Cloud.shrunk(real), _Cloud.shrunk(made))


def frechet_distance_as_in_thesis(
    real_probabilities: Float[Tensor, "real class"], made_probabilities: Float[Tensor, "made class"]
) -> float:
    """What seed 000 plots in fig. 4.4: the square root of the distance, on softmax vectors. For its table only.

    Its eq. 4.2 prints the means' distance without the square; the figures were made with it.

    >>> certain = torch.eye(2)[torch.tensor([0, 1, 0, 1])]
    >>> round(frechet_distance_as_in_thesis(certain, certain), 6)
    0.0
    """
    expect_pair(real_probabilities, made_probabilities, at_least=2)
    expect_probabilities(real_probabilities, "real_probabilities")
    expect_probabilities(made_probabilities, "made_probabilities")
    return _distance(_Cloud.of(real_probabilities), _Cloud.of(made_probabilities)) ** 0.5


@dataclass(frozen=True)
class _Cloud:
    """A mean and a factor of the covariance, ``factor.T @ factor``."""

    mean: Float[Tensor, " feature"]
    factor: Float[Tensor, "rank feature"]

    @classmethod
    def of(cls, features: Tensor) -> "_Cloud":
        features = features.double()
        mean = features.mean(dim=0)
        return cls(mean, torch.linalg.qr((features - mean) / (len(features) - 1) ** 0.5, mode="r").R)

    @classmethod
    def shrunk(cls, features: Tensor) -> "_Cloud":
        features = features.double()
        mean = features.mean(dim=0)
        values, axes = torch.linalg.eigh(shrunk_covariance(features))
        return cls(mean, values.clamp_min(0).sqrt()[:, None] * axes.T)


def _distance(first: _Cloud, second: _Cloud) -> float:
    """The roots of the eigenvalues of S T are the singular values of ``F G.T``, whatever the factors F and G."""
    means = (first.mean - second.mean).square().sum()
    traces = first.factor.square().sum() + second.factor.square().sum()
    overlap = torch.linalg.svdvals(first.factor @ second.factor.T).sum()
    return float((means + traces - 2 * overlap).clamp_min(0))


def shrunk_covariance(features: Float[Tensor, "image feature"]) -> Float[Tensor, "feature feature"]:
    """The covariance that Ledoit and Wolf (2004) expect to err least: part sample, part equal variances.

    >>> few = torch.tensor([[3.0, 0.0], [-1.0, 0.0], [1.0, 3.0]])  # deviations that may as well be equal
    >>> shrunk_covariance(few).round(decimals=4).tolist()
    [[2.3333, 0.0], [0.0, 2.3333]]
    """
    count, size = features.shape
    centred = features.double() - features.double().mean(dim=0)
    sample = centred.T @ centred / count
    level = sample.trace() / size
    spread = sample.square().sum() - size * level**2
    noise = (centred.square().sum(dim=1).square().sum() / count - sample.square().sum()) / count
    weight = float((noise / spread).clamp(0, 1)) if spread > 0 else 1.0
    return (1 - weight) * sample + weight * level * torch.eye(size, dtype=torch.float64, device=features.device)
