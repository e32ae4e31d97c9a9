# SPDX-License-Identifier: Apache-2.0
"""Which refined images to keep: those on which no judge sees worse than it sees on raw renders.

Judges are imperfect, so no fixed limit is fair. A refined image is placed among raw renders, whose labels are right by
construction: its share in a respect is the share of raw renders that do as badly there or worse, and its score the
least of its shares. With the image itself counted in, a raw render scores below a share ``t`` in one respect with a
chance of at most ``t`` (conformal p-values: Vovk et al., "Algorithmic learning in a random world", 2005), so
``tolerated`` is how many good images one is willing to lose to each respect. What rejecting buys is for a study to say.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from handcraft.errors import HandcraftError

RESPECTS = ("mask_iou", "moved_px", "real_distance")


@dataclass(frozen=True)
class ImageEvidence:
    """What the judges say of each image of a set; every number is finite."""

    mask_iou: Float[Tensor, " image"]
    """Of the judged silhouette with the labelled mask (``mask_iou``)."""
    moved_px: Float[Tensor, " image"]
    """Refined: how far the judged keypoints moved from the raw render's, on average over an image's labelled ones.
    Raw: how far they lie from the labels, for a shift below what the judge is usually wrong by shows nothing."""
    real_distance: Float[Tensor, " image"]
    """To the nearest photograph in a feature space (``realism.nearest_real_distances``)."""

    def __post_init__(self) -> None:
        """Refuse what has not one finite number per image in each respect."""
        for name in RESPECTS:
            values = getattr(self, name)
            if len(values) != len(self.mask_iou) or not bool(values.isfinite().all()):
                raise HandcraftError(
                    f"Expected `{name}` to be {len(self.mask_iou)} finite numbers, one per image, but got "
                    f"{len(values)}, {int((~values.isfinite()).sum())} of them not finite; leave out unlabelled images."
                )

    def badness(self, respect: str) -> Float[Tensor, " image"]:
        """The respect turned so that more is worse."""
        values = getattr(self, respect).double()
        return -values if respect == "mask_iou" else values


@dataclass(frozen=True)
class Selection:
    """Which images of a refined set are kept, and why the others are not."""

    scores: Float[Tensor, " image"]
    """In (0, 1], more is better; an image is kept from ``tolerated`` on."""
    kept: Int64[Tensor, " kept"]
    """Indices of the images to keep, rising."""
    reasons: dict[str, Int64[Tensor, " rejected"]]
    """For each respect the indices of the images that fail in it; one image may fail in several."""
    limits: dict[str, float]
    """The worst value that is still kept: a lowest ``mask_iou``, a greatest ``moved_px`` and ``real_distance``."""
    tolerated: float

    def to_json(self) -> dict[str, Any]:
        """Counts, limits and indices as plain values."""
        return {
            "tolerated": self.tolerated,
            "limits": self.limits,
            "images": len(self.scores),
            "kept": self.kept.tolist(),
            "reasons": {respect: indices.tolist() for respect, indices in self.reasons.items()},
        }


def keep_or_reject(refined: ImageEvidence, raw: ImageEvidence, *, tolerated: float = 0.05) -> Selection:
    """Score refined images against raw renders and keep those that do not stand out in any respect.

    Args:
        refined: of the images to choose from.
        raw: of raw renders by the same judges, of the same or of others of their kind.
        tolerated: the share of raw renders that each respect may reject.

    Raises:
        HandcraftError: too few raw renders for so small a share, or no share at all.

    >>> raw = ImageEvidence(torch.linspace(0.8, 1, 99), torch.linspace(0, 3, 99), torch.linspace(0.5, 4, 99))
    >>> refined = ImageEvidence(torch.tensor([0.9, 0.5]), torch.tensor([1.0, 9.0]), torch.tensor([1.0, 1.0]))
    >>> selection = keep_or_reject(refined, raw)
    >>> selection.kept.tolist(), [respect for respect, failed in selection.reasons.items() if len(failed)]
    ([0], ['mask_iou', 'moved_px'])
    """
    if not 0 < tolerated < 1:
        raise HandcraftError(f"Expected `tolerated` to be between 0 and 1, but got {tolerated}.")
    count = len(raw.mask_iou)
    needed = _worst_kept_rank(count, tolerated)
    if needed < 1:
        raise HandcraftError(
            f"Expected {math.floor(1 / tolerated + 1e-9)} or more raw renders for a `tolerated` share of "
            f"{tolerated:g}, but got {count}; judge more raw renders or tolerate more."
        )
    shares = {respect: _shares_as_bad(refined.badness(respect), raw.badness(respect)) for respect in RESPECTS}
    failed = {respect: _below(share, tolerated) for respect, share in shares.items()}
    worst = {respect: float(raw.badness(respect).sort(descending=True).values[needed - 1]) for respect in RESPECTS}
    return Selection(
        scores=torch.stack(list(shares.values())).amin(dim=0),
        kept=(~torch.stack(list(failed.values())).any(dim=0)).nonzero()[:, 0],
        reasons={respect: fails.nonzero()[:, 0] for respect, fails in failed.items()},
        limits=worst | {"mask_iou": -worst["mask_iou"]},
        tolerated=tolerated,
    )


def _shares_as_bad(refined: Float[Tensor, " image"], raw: Float[Tensor, " raw"]) -> Float[Tensor, " image"]:
    """Share of raw renders at least as bad, each image counted among them; an equal one is as bad."""
    better = torch.searchsorted(raw.sort().values, refined.contiguous())
    return (len(raw) - better + 1).double() / (len(raw) + 1)


def _below(shares: Float[Tensor, " image"], tolerated: float) -> Bool[Tensor, " image"]:
    return shares < tolerated - 1e-9


def _worst_kept_rank(raw: int, tolerated: float) -> int:
    """The place, counted from the worst, of the raw render that an image must not be worse than."""
    return math.ceil(tolerated * (raw + 1) - 1 - 1e-9 * (raw + 1))
