# SPDX-License-Identifier: Apache-2.0
"""Whether methods differ, in a sentence: an analysis of variance where trained models allow one, why not elsewhere."""

from collections.abc import Sequence

from handcraft.errors import HandcraftError
from handcraft.measure import ModelFigure, one_way_anova


def compared_over_models(what: str, figures: Sequence[ModelFigure]) -> str:
    """One-way analysis of variance of ``what`` over independently trained models, or why there is none.

    >>> figures = [ModelFigure("pixels", "seed 0", 1.0), ModelFigure("features", "seed 0", 2.0)]
    >>> compared_over_models("1-NN accuracy", figures).startswith("1-NN accuracy: no analysis of variance.")
    True
    """
    if len({figure.value for figure in figures}) == 1:
        return f"{what}: no analysis of variance, for every model has the same figure, {figures[0].value:.3g}."
    try:
        found = one_way_anova(figures)
    except HandcraftError as error:
        return f"{what}: no analysis of variance. {error}"
    models = ", ".join(f"{name} {count}" for name, count in found.models.items())
    return f"{what}: one-way analysis of variance over independently trained models ({models}): {found}."
