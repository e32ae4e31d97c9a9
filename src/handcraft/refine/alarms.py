# SPDX-License-Identifier: Apache-2.0
"""Three ways for a refiner to fail while its losses look fine, watched while it trains.

- ``collapse``: discriminators are always right, so generators learn next to nothing from them.
- ``identity``: the refiner hands renders back as they are.
- ``variety``: it paints every hand alike, where photographs differ; an estimator lives on their differences.

Each is 1 while it lasts and 0 else, among a step's losses, and judged over about 20 steps: one easy batch is no alarm.
"""

from collections.abc import Collection
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_MEMORY = 0.95
_COLLAPSE_ACCURACY = 0.99
_SMALLEST_CHANGE = 0.01  # of [0, 1], inside the hand; 2.5 of 255 shades
_SMALLEST_VARIETY = 0.3
_SPREAD_FLOOR = 0.005  # of [0, 1]: below, two sets of hands are equally alike

Images = Float[Tensor, "batch 3 height width"]
Masks = Bool[Tensor, "batch height width"]


class Alarms:
    """Watches a training, step by step; its state belongs in the checkpoint."""

    def __init__(self) -> None:
        self.accuracy, self.change, self.variety = 0.5, 1.0, 1.0
        self.refined, self.target = RecentSpread(), RecentSpread()

    @torch.no_grad()
    def watch(
        self,
        *,
        original: Images,
        refined: Images,
        masks: Masks,
        target: Images,
        target_masks: Masks,
        accuracies: Collection[float] = (),
    ) -> dict[str, float]:
        """Count one step in and tell how things stand.

        Args:
            original: renders in [0, 1].
            refined: what became of them.
            masks: the hands in both.
            target: photographs in [0, 1]; as many as there are.
            target_masks: the hands in them.
            accuracies: shares that discriminators judged rightly; none where they may always be right (Wasserstein).

        Returns:
            ``change``, the mean change of a value inside the hand; ``variety``, how far hands' mean colours spread
            relative to photographed ones; and the three warnings.
        """
        colours = mean_colours(refined, masks)
        change = (mean_colours((refined - original).abs(), masks)).mean().item()
        self.change = _recent(self.change, change)
        self.refined.add(colours)
        self.target.add(mean_colours(target, target_masks))
        self.variety = _recent(
            self.variety, (self.refined.spread + _SPREAD_FLOOR) / (self.target.spread + _SPREAD_FLOOR)
        )
        if accuracies:
            self.accuracy = _recent(self.accuracy, sum(accuracies) / len(accuracies))
        return {
            "change": change,
            "variety": self.variety,
            "collapse_warning": float(self.accuracy > _COLLAPSE_ACCURACY),
            "identity_warning": float(self.change < _SMALLEST_CHANGE),
            "variety_warning": float(self.variety < _SMALLEST_VARIETY),
        }

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        recent = {"accuracy": self.accuracy, "change": self.change, "variety": self.variety}
        return recent | {"refined": self.refined.state_dict(), "target": self.target.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on watching."""
        self.accuracy, self.change, self.variety = state["accuracy"], state["change"], state["variety"]
        self.refined.load_state_dict(state["refined"])
        self.target.load_state_dict(state["target"])


class RecentSpread:
    """How far the colours of recent images lie from their mean: works for batches of any size, of one too."""

    def __init__(self) -> None:
        self.count = 0.0
        self.sums, self.squares = [0.0] * 3, [0.0] * 3

    def add(self, colours: Float[Tensor, "image 3"]) -> None:
        """Count a batch's colours in."""
        self.count = _MEMORY * self.count + len(colours)
        self.sums = _faded(self.sums, colours.sum(dim=0))
        self.squares = _faded(self.squares, (colours**2).sum(dim=0))

    @property
    def spread(self) -> float:
        """The root of the mean squared distance from the mean colour."""
        pairs = zip(self.sums, self.squares, strict=True)
        variances = [squares / self.count - (total / self.count) ** 2 for total, squares in pairs]
        return max(sum(variances), 0.0) ** 0.5

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {"count": self.count, "sums": self.sums, "squares": self.squares}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` gave."""
        self.count, self.sums, self.squares = state["count"], state["sums"], state["squares"]


def mean_colours(images: Images, masks: Masks) -> Float[Tensor, "batch 3"]:
    """Of each image inside its mask; an empty mask gives black."""
    inside = masks[:, None].to(images)
    return (images * inside).sum(dim=(2, 3)) / inside.sum(dim=(2, 3)).clamp(min=1)


def _recent(before: float, now: float) -> float:
    return _MEMORY * before + (1 - _MEMORY) * now


def _faded(before: list[float], added: Tensor) -> list[float]:
    return [_MEMORY * old + new for old, new in zip(before, added.tolist(), strict=True)]
