# SPDX-License-Identifier: Apache-2.0
"""Do methods differ, beyond what training one of them again would change? One-way analysis of variance over models.

The unit is a trained model. Measuring one model on five draws of images shows how far draws scatter; an F of thousands
from that (seed 000, 4.2) says that draws are large, not that a method is different. So every figure names its model,
figures of one model are averaged before anything is compared, and a method with a single model is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from scipy.special import fdtrc
from torch import Tensor

from handcraft.errors import HandcraftError


@dataclass(frozen=True)
class ModelFigure:
    """One figure of one trained model."""

    method: str
    model: str
    """Which training it was: its run folder or its seed. Figures of one model stand for one model."""
    value: float


@dataclass(frozen=True)
class Anova:
    """How the spread between methods compares with the spread within them."""

    f: float
    p: float
    """Chance of so large an F if all methods were one."""
    df_between: int
    df_within: int
    eta_squared: float
    """Share of all variation that the method explains: how large the difference is, where p says how sure."""
    models: dict[str, int]
    """Trained models of each method."""

    def to_json(self) -> dict[str, Any]:
        """Plain numbers."""
        return dict(vars(self))

    def __str__(self) -> str:
        """As papers print it."""
        return f"F({self.df_between}, {self.df_within}) = {self.f:.2f}, p = {self.p:.2g}, η² = {self.eta_squared:.2f}"


def one_way_anova(figures: Sequence[ModelFigure]) -> Anova:
    """Fisher's one-way analysis of variance: F of between to within mean squares, items being trained models.

    Args:
        figures: any number per model; several of one model (draws, test sets) are averaged first.

    Raises:
        HandcraftError: fewer than two methods, a method of one model, models without any spread, or a figure that is
            not finite.

    >>> pixels = [ModelFigure("pixels", f"seed {seed}", value) for seed, value in enumerate((1.0, 2.0, 3.0))]
    >>> features = [ModelFigure("features", f"seed {seed}", value) for seed, value in enumerate((5.0, 6.0, 7.0))]
    >>> print(one_way_anova(pixels + features))
    F(1, 4) = 24.00, p = 0.008, η² = 0.86
    """
    by_method = _model_means(figures)
    every = torch.cat(list(by_method.values()))
    between = sum(len(group) * float(group.mean() - every.mean()) ** 2 for group in by_method.values())
    within = sum(float((group - group.mean()).square().sum()) for group in by_method.values())
    if within <= 1e-24 * float(every.square().sum()):
        raise HandcraftError(
            "Expected models of one method to differ, but all have the same figure; train them from different seeds."
        )
    df_between, df_within = len(by_method) - 1, len(every) - len(by_method)
    f = (between / df_between) / (within / df_within)
    return Anova(
        f=f,
        p=float(fdtrc(df_between, df_within, f)),
        df_between=df_between,
        df_within=df_within,
        eta_squared=between / (between + within),
        models={method: len(group) for method, group in by_method.items()},
    )


def _model_means(figures: Sequence[ModelFigure]) -> dict[str, Float[Tensor, " model"]]:
    """One figure per trained model, by method, in the order they first come in."""
    values: dict[str, dict[str, list[float]]] = {}
    for figure in figures:
        values.setdefault(figure.method, {}).setdefault(figure.model, []).append(figure.value)
    means = {
        method: torch.tensor([sum(drawn) / len(drawn) for drawn in models.values()], dtype=torch.float64)
        for method, models in values.items()
    }
    if len(means) < 2:
        raise HandcraftError(f"Expected figures of two methods or more, but got {', '.join(means) or 'none'}.")
    for method, group in means.items():
        if len(group) < 2:
            drawn = sum(map(len, values[method].values()))
            raise HandcraftError(
                f"Expected two or more trained models of `{method}`, but got {drawn} figure(s) of 1 model; drawing "
                "images again for one model does not test the method: train it from other seeds."
            )
        if not bool(group.isfinite().all()):
            raise HandcraftError(f"Expected finite figures of `{method}`, but got {group.tolist()}; leave those out.")
    return means
