# SPDX-License-Identifier: Apache-2.0
"""Percentile bootstrap intervals over clusters of images, for one arm, for two arms on the same images, over seeds.

Photographs of one person are alike, so people are drawn, not photographs: a person drawn twice brings all their images
twice. A statistic is a function of image weights; one table of weights serves every statistic and both arms of a
comparison, which is what pairs them. Method: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 13.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.weighted import weighted_mean
from handcraft.randomness import generator_for

Statistic = Callable[[Float[Tensor, "resample image"]], Float[Tensor, " resample"]]
"""From whole-numbered image weights, one row per resample, to one figure per row."""

_WEIGHTS_AT_ONCE = 2**22  # 32 MiB of float64, whatever the number of images


@dataclass(frozen=True)
class BootstrapConfig:
    """How many resamples, and how much of them the interval holds.

    >>> BootstrapConfig(confidence_level=95.0)
    Traceback (most recent call last):
    handcraft.errors.HandcraftError: Expected `confidence_level` to be between 0 and 1, but got 95.0.
    """

    resamples: int = 1000
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what cannot be an interval."""
        if self.resamples < 1:
            raise HandcraftError(f"Expected `resamples` to be at least 1, but got {self.resamples}.")
        if not 0 < self.confidence_level < 1:
            raise HandcraftError(f"Expected `confidence_level` to be between 0 and 1, but got {self.confidence_level}.")


DEFAULT_BOOTSTRAP = BootstrapConfig()


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval. Both ends are NaN where one cluster leaves the spread unknown.

    >>> print(Estimate(14.43, 13.91, 14.95))
    14.43 [13.91, 14.95]
    >>> Estimate(14.43, math.nan, math.nan).to_json()
    {'value': 14.43, 'low': None, 'high': None}
    """

    value: float
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        """Whether the spread is known."""
        return not math.isnan(self.low)

    def excludes(self, value: float) -> bool:
        """Whether the interval is known and lies wholly on one side of ``value``."""
        return self.has_interval and not self.low <= value <= self.high

    def to_json(self) -> dict[str, float | None]:
        """Plain numbers; JSON has no NaN, so what is unknown is None."""
        return {name: None if math.isnan(number) else number for name, number in vars(self).items()}

    def __str__(self) -> str:
        """Two decimals, the interval in brackets."""
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]" if self.has_interval else f"{self.value:.2f}"


def mean_of(values: Float[Tensor, " image"] | Float[Tensor, "image keypoint"]) -> Statistic:
    """The mean as a statistic; of a table, the mean over images per keypoint and then over keypoints. NaN is absent.

    >>> mean_of(torch.tensor([1.0, 3.0]))(torch.tensor([[1.0, 1.0], [0.0, 2.0]]).double()).tolist()
    [2.0, 3.0]
    """
    table = values.double().reshape(len(values), -1)
    return lambda weights: weighted_mean(table, weights)


def bootstrap(
    runs: Sequence[Statistic], clusters: Sequence[str], *, seed: int, config: BootstrapConfig = DEFAULT_BOOTSTRAP
) -> Estimate:
    """The mean of a figure over training runs, and its interval over clusters and runs drawn together.

    Args:
        runs: one statistic per training seed, all of the same images. A single run gives an interval over clusters
            alone, which says nothing about other seeds. Intervals over two or three seeds are somewhat too narrow, as
            is every bootstrap of so few.
        clusters: whose picture each image is: the person, or the image itself when nobody knows.
        seed: of the drawing. The same seed and clusters give the same draws for every statistic.
        config: number of resamples and level of the interval.

    A single cluster shows no spread between people: the interval is then unknown (NaN, ``has_interval`` False), not
    zero wide. Resamples in which the statistic has nothing to count are left out.

    >>> errors = mean_of(torch.arange(100.0))
    >>> print(bootstrap([errors], [str(image) for image in range(100)], seed=0))
    49.50 [44.15, 55.08]
    >>> print(bootstrap([errors], ["one person"] * 100, seed=0))
    49.50
    """
    if not runs or not clusters:
        raise HandcraftError(f"Expected `runs` and `clusters` to hold something, but got {len(runs)}, {len(clusters)}.")
    everything = torch.ones(1, len(clusters), dtype=torch.float64)
    value = sum(float(run(everything)) for run in runs) / len(runs)
    if len(set(clusters)) == 1:
        return Estimate(value, math.nan, math.nan)
    by_run = torch.cat(
        [
            torch.stack([run(weights) for run in runs], dim=1)
            for weights in _image_weights(clusters, config.resamples, generator_for(seed, 0))
        ]
    )
    figures = (by_run * _drawn_counts(config.resamples, len(runs), generator_for(seed, 1))).sum(dim=1) / len(runs)
    outside = (1 - config.confidence_level) / 2
    low, high = figures.nanquantile(torch.tensor([outside, 1 - outside], dtype=torch.float64)).tolist()
    return Estimate(value, low, high)


def paired_difference(
    arm: Sequence[Statistic],
    against: Sequence[Statistic],
    clusters: Sequence[str],
    *,
    seed: int,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> Estimate:
    """``arm`` minus ``against`` on the same images, with the interval of the difference.

    Both arms see the same draws, so what makes an image hard for both cancels. Runs are paired in their order (the
    same training seed on both sides); an arm that needs no training is given once and stands against every run.

    Raises:
        HandcraftError: differing numbers of runs, neither of them one.

    >>> hard = torch.arange(100.0)
    >>> clusters = [str(image) for image in range(100)]
    >>> print(paired_difference([mean_of(hard - 2)], [mean_of(hard)], clusters, seed=0))
    -2.00 [-2.00, -2.00]
    """
    pairs = max(len(arm), len(against))
    if {len(arm), len(against)} - {1, pairs}:
        raise HandcraftError(
            f"Expected `arm` and `against` to have as many runs as each other, or one, but got {len(arm)} and "
            f"{len(against)}."
        )
    left, right = (list(runs) * pairs if len(runs) == 1 else list(runs) for runs in (arm, against))
    return bootstrap(
        [_difference(ours, theirs) for ours, theirs in zip(left, right, strict=True)],
        clusters,
        seed=seed,
        config=config,
    )


def consecutive(count: int, *, together: int) -> list[str]:
    """Clusters of neighbouring images, for video whose people are not told: ``together`` at a time, the last one less.

    Neighbouring frames are nearly one picture, so drawing them one by one gives an interval far too narrow.

    >>> consecutive(5, together=2)
    ['0', '0', '1', '1', '2']
    """
    if together < 1:
        raise HandcraftError(f"Expected `together` to be at least 1, but got {together}.")
    return [str(image // together) for image in range(count)]


def _difference(arm: Statistic, against: Statistic) -> Statistic:
    return lambda weights: arm(weights) - against(weights)


def _drawn_counts(resamples: int, count: int, generator: torch.Generator) -> Float[Tensor, "resample drawn"]:
    """How often each of ``count`` things comes up when ``count`` are drawn with replacement."""
    drawn = torch.randint(count, (resamples, count), generator=generator)
    counts = torch.zeros(resamples, count, dtype=torch.float64)
    return counts.scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.float64))


def _image_weights(
    clusters: Sequence[str], resamples: int, generator: torch.Generator
) -> Iterator[Float[Tensor, "resample image"]]:
    """Weights of all resamples, a few rows at a time so that memory does not grow with the number of images."""
    index_by_name = {name: index for index, name in enumerate(dict.fromkeys(clusters))}
    cluster_of_image = torch.tensor([index_by_name[name] for name in clusters])
    rows = max(1, _WEIGHTS_AT_ONCE // len(clusters))
    for start in range(0, resamples, rows):
        counts = _drawn_counts(min(rows, resamples - start), len(index_by_name), generator)
        yield counts[:, cluster_of_image]
