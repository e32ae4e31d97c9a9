# SPDX-License-Identifier: Apache-2.0
"""Confusion of a classifier's classes, and what follows from the counts: precision, recall, F1, accuracy.

Rows are the true class, columns the predicted one. Turned round, precision and recall change places: the text of seed
002 gives its real and generated hands the wrong way round (its Table III fits only with 647 generated hands called
real). Low figures of generated against real hands are what a refiner aims for, so no direction of these is better in
itself.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from handcraft.errors import HandcraftError


@dataclass(frozen=True)
class Confusion:
    """Counted answers, ``counts[true, predicted]``.

    >>> hands = Confusion(("rendered", "real"), torch.tensor([[3, 1], [0, 4]]))
    >>> hands.precision().tolist(), hands.recall().tolist(), hands.accuracy()
    ([1.0, 0.8], [0.75, 1.0], 0.875)
    """

    names: tuple[str, ...]
    counts: Int64[Tensor, "true predicted"]

    def __post_init__(self) -> None:
        """Refuse a table that does not fit its names, or that counts nothing."""
        classes = len(self.names)
        if self.counts.shape != (classes, classes) or bool((self.counts < 0).any()) or not bool(self.counts.any()):
            raise HandcraftError(
                f"Expected `counts` to be {classes} by {classes} counts for {', '.join(self.names)}, some above 0 and "
                f"none below, but got {self.counts.tolist()}."
            )

    def precision(self) -> Float[Tensor, " class"]:
        """Of the images called a class, the share that is of it; NaN for a class that was never answered."""
        return self._right() / self.counts.sum(dim=0)

    def recall(self) -> Float[Tensor, " class"]:
        """Of the images of a class, the share that was called so; NaN for a class without images."""
        return self._right() / self.counts.sum(dim=1)

    def f1(self) -> Float[Tensor, " class"]:
        """Harmonic mean of precision and recall, ``2 right / (answered + true)``; NaN for a class in neither."""
        return 2 * self._right() / (self.counts.sum(dim=0) + self.counts.sum(dim=1))

    def accuracy(self) -> float:
        """Share of images called by their own class."""
        return float(self._right().sum() / self.counts.sum())

    def shares(self) -> Float[Tensor, "true predicted"]:
        """Each row as shares of its class: what became of the images of one class."""
        return self.counts.double() / self.counts.sum(dim=1, keepdim=True)

    def to_json(self) -> dict[str, Any]:
        """Names, counts with true rows, and the figures per class; JSON has no NaN, so what is unknown is None."""
        figures = {"precision": self.precision(), "recall": self.recall(), "f1": self.f1()}
        return {
            "names": list(self.names),
            "counts_true_by_predicted": self.counts.tolist(),
            "accuracy": self.accuracy(),
        } | {
            name: [None if math.isnan(value) else value for value in values.tolist()]
            for name, values in figures.items()
        }

    def _right(self) -> Float[Tensor, " class"]:
        return self.counts.diagonal().double()


def confusion(true: Int64[Tensor, " image"], predicted: Int64[Tensor, " answer"], names: tuple[str, ...]) -> Confusion:
    """Count a classifier's answers.

    Args:
        true: the class of each image, as an index into ``names``.
        predicted: what the classifier called it.
        names: of the classes, in their order.

    Raises:
        HandcraftError: not one answer per image, or an index without a name.

    >>> confusion(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), ("rendered", "real")).counts.tolist()
    [[1, 1], [0, 1]]
    """
    if len(true) != len(predicted):
        raise HandcraftError(f"Expected one answer per image, but got {len(predicted)} for {len(true)} images.")
    classes = len(names)
    for name, indices in (("true", true), ("predicted", predicted)):
        unnamed = sorted(set(indices.tolist()) - set(range(classes)))
        if unnamed:
            raise HandcraftError(
                f"Expected `{name}` to be from 0 to {classes - 1} ({', '.join(names)}), but got {unnamed[0]}."
            )
    counts = torch.bincount(true.cpu() * classes + predicted.cpu(), minlength=classes**2)
    return Confusion(names, counts.reshape(classes, classes))
