# SPDX-License-Identifier: Apache-2.0
"""Frames judged by their worst joint: the hardest curve of the depth benchmarks, where one lost finger loses the frame.

Taylor et al., "The Vitruvian Manifold" (CVPR 2012), brought it; NYU, ICVL and MSRA15 are reported by it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.measure.pck import PckCurve, pck


def worst_errors(errors: Float[Tensor, "image keypoint"]) -> Float[Tensor, " image"]:
    """The largest error of each image over its labelled keypoints; NaN for an image without any.

    >>> worst_errors(torch.tensor([[1.0, 3.0], [2.0, torch.nan], [torch.nan, torch.nan]])).tolist()
    [3.0, 2.0, nan]
    """
    worst = errors.masked_fill(errors.isnan(), -torch.inf).amax(dim=1)
    return worst.where(worst > -torch.inf, torch.nan)


def max_error_curve(errors: Float[Tensor, "image keypoint"], thresholds: Float[Tensor, " threshold"]) -> PckCurve:
    """Share of images none of whose keypoints is off by more than the threshold; images without labels are left out.

    >>> max_error_curve(torch.tensor([[1.0, 3.0], [2.0, 9.0]]), torch.tensor([2.0, 3.0, 9.0])).values.tolist()
    [0.0, 0.5, 1.0]
    """
    return pck(worst_errors(errors)[:, None], thresholds)
