# SPDX-License-Identifier: Apache-2.0
"""Mask IoU: how well a predicted silhouette covers the labelled one."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.measure.metric import Metric

MASK_IOU = Metric("mask IoU", unit="", better="higher")


def mask_iou(
    predicted: Bool[Tensor, "image height width"], true: Bool[Tensor, "image height width"]
) -> Float[Tensor, " image"]:
    """Intersection over union of each image's masks, in float64; two empty masks agree and give 1.

    >>> predicted = torch.tensor([[[True, True, False]], [[False, False, False]]])
    >>> mask_iou(predicted, torch.tensor([[[True, False, False]], [[False, False, False]]])).tolist()
    [0.5, 1.0]
    """
    intersection = (predicted & true).sum(dim=(1, 2), dtype=torch.float64)
    union = (predicted | true).sum(dim=(1, 2), dtype=torch.float64)
    return (intersection / union).where(union > 0, 1.0)
