# SPDX-License-Identifier: Apache-2.0
"""End-point error (EPE): how far predicted keypoints lie from their labels.

The summaries follow Zimmermann and Brox (ICCV 2017): mean or median over the images per keypoint, then the mean over
the keypoints. A keypoint counts where its confidence is above 0.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric
from handcraft.measure.weighted import weighted_mean, weighted_median

EPE_MEAN = Metric("EPE mean", unit="px", better="lower")
EPE_MEDIAN = Metric("EPE median", unit="px", better="lower")


def joint_error(
    predicted: Float[Tensor, "*batch keypoint axis"],
    true: Float[Tensor, "*batch keypoint axis"],
    confidence: Float[Tensor, "*batch keypoint"],
) -> Float[Tensor, "*batch keypoint"]:
    """Euclidean distance of each keypoint, in the unit of its arguments, in float64; NaN where confidence is 0.

    Raises:
        HandcraftError: a coordinate of a labelled keypoint is not finite.

    >>> predicted, true = torch.tensor([[3.0, 4.0], [7.0, 7.0]]), torch.tensor([[0.0, 0.0], [torch.nan, 0.0]])
    >>> joint_error(predicted, true, confidence=torch.tensor([1.0, 0.0])).tolist()
    [5.0, nan]
    """
    labelled = confidence > 0
    for name, points in (("predicted", predicted), ("true", true)):
        broken = int((labelled & ~points.isfinite().all(dim=-1)).sum())
        if broken:
            raise HandcraftError(
                f"Expected finite `{name}` keypoints wherever `confidence` is above 0, but {broken} are not; "
                "set their confidence to 0 or mend them."
            )
    offset = (predicted.double() - true.double()).where(labelled[..., None], 0.0)
    return offset.norm(dim=-1).where(labelled, torch.nan)


def image_errors(errors: Float[Tensor, "image keypoint"]) -> Float[Tensor, " image"]:
    """Mean error of each image over its labelled keypoints; NaN for an image without any.

    >>> image_errors(torch.tensor([[1.0, 3.0], [2.0, torch.nan]])).tolist()
    [2.0, 2.0]
    """
    return errors.nanmean(dim=1)


def epe_mean(errors: Float[Tensor, "image keypoint"]) -> float:
    """Mean end-point error: over images per keypoint, then over keypoints.

    >>> epe_mean(torch.tensor([[1.0, 5.0], [3.0, torch.nan]]))
    3.5
    """
    return float(weighted_mean(errors.double(), errors.new_ones(1, len(errors)).double()))


def epe_median(errors: Float[Tensor, "image keypoint"]) -> float:
    """Median end-point error: over images per keypoint, then the mean over keypoints.

    >>> epe_median(torch.tensor([[1.0, 5.0], [2.0, torch.nan], [9.0, 7.0]]))
    4.0
    """
    return float(weighted_median(errors.double(), errors.new_ones(1, len(errors)).double()))
