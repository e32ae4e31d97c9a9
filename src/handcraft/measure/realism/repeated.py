# SPDX-License-Identifier: Apache-2.0
"""A measure of realism with its interval and its control: over disjoint draws, and the same figure of real images.

Each repeat takes images that no other repeat has seen: ``size`` made ones, ``size`` real ones to compare them with, and
``size`` further real ones that stand where the made ones stood (the control). Draws that overlap are not independent,
and a control whose halves share images is wrong by as much as they share (seed 000 has 0.30 where 0.5 is chance).
The interval is over draws of images: it holds for this one trained refiner and says nothing of another training.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from scipy.special import stdtrit
from torch import Tensor

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.measure.bootstrap import Estimate
from handcraft.measure.metric import Metric
from handcraft.measure.realism.distances import expect_pair
from handcraft.measure.realism.measures import Measure
from handcraft.randomness import generator_for

CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class RepeatedFigure:
    """One figure of a measure over all repeats."""

    metric: Metric
    made: Estimate
    """Of the made images against real ones."""
    control: Estimate
    """Of real images against other real ones, as many: what a perfect refiner would get here."""
    made_minus_control: Estimate
    """Repeat by repeat, against the same real images."""
    made_draws: tuple[float, ...]
    control_draws: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """The metric, three estimates, and the figure of every draw."""
        estimates = {name: getattr(self, name).to_json() for name in ("made", "control", "made_minus_control")}
        draws = {"made_draws": list(self.made_draws), "control_draws": list(self.control_draws)}
        return {"metric": self.metric.to_json()} | estimates | draws


@dataclass(frozen=True)
class RepeatedMeasure:
    """The figures of a measure, and everything without which they cannot be read."""

    figures: tuple[RepeatedFigure, ...]
    space: str
    """The name of the feature space: figures of two spaces do not compare."""
    size: int
    """Images in each draw of each set."""
    repeats: int
    seed: int
    real_images: int
    made_images: int

    def to_json(self) -> dict[str, Any]:
        """Plain values; what the interval is over is said in words."""
        return vars(self) | {
            "figures": [figure.to_json() for figure in self.figures],
            "interval": f"{CONFIDENCE_LEVEL:.0%} by Student's t over disjoint draws of images, one trained refiner",
        }

    def __str__(self) -> str:
        """One line per figure, each with its direction, its control and its size."""
        return "\n".join(
            f"{figure.metric.name} ({figure.metric.direction}): {_said(figure.made)}, real against real "
            f"{_said(figure.control)}, {self.repeats} disjoint draws of {self.size} images in {self.space}"
            for figure in self.figures
        )


def repeated(
    measure: Measure,
    real: Float[Tensor, "real column"],
    made: Float[Tensor, "made column"],
    *,
    space: str,
    repeats: int,
    size: int,
    seed: int,
) -> RepeatedMeasure:
    """Measure disjoint draws of real and made images, and real against real beside them.

    Args:
        measure: one of ``handcraft.measure.realism``'s.
        real: one row per photograph, of what ``measure.reads``. Near duplicates (frames of one film) make the control
            too good: give one frame of each.
        made: one row per rendered or refined image, from the same space.
        space: the name of that space, kept with the figures.
        repeats: disjoint draws; a single one leaves the spread unknown, and the interval of two is very wide.
        size: images in each draw. Most figures depend on it, so compare figures of one size only.
        seed: of the drawing. Several made sets of one render, measured with one seed, are compared on the same draws.

    Raises:
        HandcraftError: too few images for so many disjoint draws of that size, or what the measure refuses.

    >>> from handcraft.measure.realism import NEAREST_NEIGHBOUR
    >>> real, made = torch.arange(40.0)[:, None], 100 + torch.arange(20.0)[:, None]
    >>> figure = repeated(NEAREST_NEIGHBOUR, real, made, space="pixels", repeats=2, size=10, seed=0).figures[0]
    >>> figure.made_draws, len(figure.control_draws)
    ((1.0, 1.0), 2)
    """
    expect_pair(real, made, at_least=1)
    expect_at_least(1, repeats=repeats)
    largest = largest_size(len(real), len(made), repeats=repeats)
    if not 1 <= size <= largest:
        raise HandcraftError(
            f"Expected `size` to be from 1 to {largest}, but got {size}: {repeats} disjoint draws with their controls "
            f"need {2 * repeats * size} real and {repeats * size} made images, and there are {len(real)} and "
            f"{len(made)}; lower `size` or `repeats`, or give more images."
        )
    real_draws = _disjoint_draws(real, 2 * repeats, size, generator_for(seed, 0))
    made_draws = _disjoint_draws(made, repeats, size, generator_for(seed, 1))
    references, controls = real_draws[:repeats], real_draws[repeats:]
    of_made = [measure.of(*draws) for draws in zip(references, made_draws, strict=True)]
    of_real = [measure.of(*draws) for draws in zip(references, controls, strict=True)]
    return RepeatedMeasure(
        figures=tuple(map(_figure, measure.metrics, zip(*of_made, strict=True), zip(*of_real, strict=True))),
        space=space,
        size=size,
        repeats=repeats,
        seed=seed,
        real_images=len(real),
        made_images=len(made),
    )


def largest_size(real_images: int, made_images: int, *, repeats: int) -> int:
    """How many images each of so many disjoint draws can have: real ones are needed twice, for the control.

    >>> largest_size(32_560, 41_258, repeats=5)
    3256
    """
    return min(real_images // (2 * repeats), made_images // repeats)


def over_draws(draws: tuple[float, ...]) -> Estimate:
    """Mean and Student's t interval of independent figures; one alone leaves the spread unknown.

    >>> print(over_draws((1.0, 2.0, 3.0)))
    2.00 [-0.48, 4.48]
    """
    values = torch.tensor(draws, dtype=torch.float64)
    mean = float(values.mean())
    if len(draws) < 2:
        return Estimate(mean, math.nan, math.nan)
    quantile = float(stdtrit(len(draws) - 1, (1 + CONFIDENCE_LEVEL) / 2))
    half = quantile * float(values.std()) / math.sqrt(len(draws))
    return Estimate(mean, mean - half, mean + half)


def _said(estimate: Estimate) -> str:
    """Significant digits, for kernel distances are thousandths where Fréchet distances are hundreds."""
    interval = f" [{estimate.low:.3g}, {estimate.high:.3g}]" if estimate.has_interval else ""
    return f"{estimate.value:.3g}{interval}"


def _disjoint_draws(rows: Tensor, draws: int, size: int, generator: torch.Generator) -> list[Tensor]:
    order = torch.randperm(len(rows), generator=generator)
    return [rows[order[start : start + size]] for start in range(0, draws * size, size)]


def _figure(metric: Metric, of_made: tuple[float, ...], of_real: tuple[float, ...]) -> RepeatedFigure:
    differences = tuple(made - control for made, control in zip(of_made, of_real, strict=True))
    return RepeatedFigure(metric, over_draws(of_made), over_draws(of_real), over_draws(differences), of_made, of_real)
