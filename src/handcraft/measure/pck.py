# SPDX-License-Identifier: Apache-2.0
"""PCK, the share of keypoints within a distance of their label, and the area under its curve.

Thresholds in pixels follow hand3d (Zimmermann and Brox, ICCV 2017): 20 from 0 to 30 px, trapezoids, a keypoint on the
threshold counts. An area in pixels means something only beside the size of the image, so the errors are also measured
relative to the hand: its size is the longer side of the box around the labelled keypoints, as in PCK@0.2 of COCO tools.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric

AUC_30PX = Metric("AUC 0-30 px", unit="", better="higher")
AUC_RELATIVE = Metric("AUC 0-0.5 hand sizes", unit="", better="higher")


def thresholds_px() -> Float[Tensor, " threshold"]:
    """The 20 thresholds of hand3d, 0 to 30 px.

    >>> thresholds_px()[[0, -1]].tolist()
    [0.0, 30.0]
    """
    return torch.linspace(0.0, 30.0, 20, dtype=torch.float64)


def thresholds_relative() -> Float[Tensor, " threshold"]:
    """21 thresholds from 0 to 0.5 hand sizes.

    >>> thresholds_relative()[[0, 1, -1]].tolist()
    [0.0, 0.025, 0.5]
    """
    return torch.linspace(0.0, 0.5, 21, dtype=torch.float64)


@dataclass(frozen=True)
class PckCurve:
    """PCK over rising thresholds.

    >>> PckCurve(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 0.5, 1.0])).auc()
    0.5
    """

    thresholds: Float[Tensor, " threshold"]
    values: Float[Tensor, " threshold"]

    def auc(self) -> float:
        """Area under the curve by trapezoids, divided by the length of the interval: 1 is perfect."""
        return float(torch.trapezoid(self.values, self.thresholds) / (self.thresholds[-1] - self.thresholds[0]))

    def to_json(self) -> dict[str, list[float | None]]:
        """Plain lists; a curve without any keypoint has None for its values."""
        values = [None if value != value else value for value in self.values.tolist()]
        return {"thresholds": self.thresholds.tolist(), "values": values}


def pck(errors: Float[Tensor, "image keypoint"], thresholds: Float[Tensor, " threshold"]) -> PckCurve:
    """Share of labelled keypoints with ``error <= threshold``: over images per keypoint, then over keypoints.

    Args:
        errors: in the unit of ``thresholds``; NaN where not labelled.
        thresholds: rising.

    >>> pck(torch.tensor([[1.0, 3.0], [2.0, torch.nan]]), torch.tensor([0.0, 1.0, 2.0, 3.0])).values.tolist()
    [0.0, 0.25, 0.5, 1.0]
    """
    thresholds = _rising(thresholds)
    reached = (errors.double()[..., None] <= thresholds).double().where(~errors.isnan()[..., None], torch.nan)
    return PckCurve(thresholds, reached.nanmean(dim=0).nanmean(dim=0))


def auc_shares(
    errors: Float[Tensor, "image keypoint"], thresholds: Float[Tensor, " threshold"]
) -> Float[Tensor, "image keypoint"]:
    """The AUC each keypoint would have alone; averaged like errors they give ``pck(errors, thresholds).auc()``.

    PCK is a mean of steps and the area is linear, so the area of a mean is the mean of areas. This makes the AUC a mean
    over images, which a bootstrap resamples as fast as an error. NaN stays NaN.

    >>> auc_shares(torch.tensor([[0.0, 1.0, 1.5, 9.0]]), torch.tensor([0.0, 1.0, 2.0])).tolist()
    [[1.0, 0.75, 0.25, 0.0]]
    """
    thresholds = _rising(thresholds)
    steps = torch.ones(len(thresholds) + 1, len(thresholds), dtype=torch.float64).triu()  # row i is reached from i on
    areas = torch.trapezoid(steps, thresholds) / (thresholds[-1] - thresholds[0])
    return areas[torch.searchsorted(thresholds, errors.double())].where(~errors.isnan(), torch.nan)


def hand_sizes(
    true: Float[Tensor, "image keypoint axis"], confidence: Float[Tensor, "image keypoint"]
) -> Float[Tensor, " image"]:
    """The longer side of the box around the labelled keypoints, in float64; NaN where they span nothing.

    >>> true = torch.tensor([[[1.0, 1.0], [4.0, 9.0], [99.0, torch.nan]]])
    >>> hand_sizes(true, confidence=torch.tensor([[1.0, 0.5, 0.0]])).tolist()
    [8.0]
    """
    labelled = (confidence > 0)[..., None]
    highest = true.double().where(labelled, -torch.inf).amax(dim=1)
    lowest = true.double().where(labelled, torch.inf).amin(dim=1)
    sizes = (highest - lowest).amax(dim=1)
    return sizes.where(sizes > 0, torch.nan)


def _rising(thresholds: Float[Tensor, " threshold"]) -> Float[Tensor, " threshold"]:
    if len(thresholds) < 2 or not bool((thresholds.diff() > 0).all()):
        raise HandcraftError(f"Expected `thresholds` to be two or more rising values, but got {thresholds.tolist()}.")
    return thresholds.double().contiguous()
