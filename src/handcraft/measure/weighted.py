# SPDX-License-Identifier: Apache-2.0
"""Means and medians of images that count several times, for many countings at once: what a bootstrap asks for.

Values are a table of images by keypoints in which NaN stands for "not labelled". Each column is summarised by itself
over the images that have it, and the columns are then averaged: the convention of Zimmermann and Brox (ICCV 2017),
so a keypoint that is often hidden weighs as much as one that never is.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def weighted_mean(
    values: Float[Tensor, "image keypoint"], weights: Float[Tensor, "resample image"]
) -> Float[Tensor, " resample"]:
    """Mean over images per keypoint, then over keypoints, for every row of image weights.

    A keypoint that no counted image has is left out; a row without any keypoint gives NaN.

    >>> values = torch.tensor([[1.0, 5.0], [3.0, torch.nan]]).double()
    >>> weighted_mean(values, torch.tensor([[1.0, 1.0], [3.0, 1.0], [0.0, 2.0]]).double()).tolist()
    [3.5, 3.25, 3.0]
    """
    absent = values.isnan()
    totals = weights @ values.masked_fill(absent, 0.0)
    counts = weights @ (~absent).to(values.dtype)
    return (totals / counts).nanmean(dim=1)


def weighted_median(
    values: Float[Tensor, "image keypoint"], weights: Float[Tensor, "resample image"]
) -> Float[Tensor, " resample"]:
    """Median over images per keypoint, then the mean over keypoints, for every row of whole-numbered image weights.

    An image of weight 2 stands in the sorted row twice; an even row gives the mean of its two middle values.

    >>> values = torch.tensor([[1.0], [2.0], [9.0]]).double()
    >>> weighted_median(values, torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 3.0], [1.0, 1.0, 0.0]]).double()).tolist()
    [2.0, 9.0, 1.5]
    """
    return torch.stack([_column_median(column, weights) for column in values.T], dim=1).nanmean(dim=1)


def _column_median(
    column: Float[Tensor, " image"], weights: Float[Tensor, "resample image"]
) -> Float[Tensor, " resample"]:
    present = ~column.isnan()
    if not present.any():
        return torch.full_like(weights[:, 0], torch.nan)
    ascending, order = column[present].sort()
    # Each value fills as many places of the sorted row as its image weighs; this is the last of them, counted from 1.
    last_places = weights[:, present.nonzero()[:, 0][order]].cumsum(dim=1)
    total = last_places[:, -1:]
    middle_places = torch.cat([((total + 1) / 2).floor(), (total / 2).floor() + 1], dim=1)
    middle = torch.searchsorted(last_places, middle_places).clamp(max=len(ascending) - 1)
    return ascending[middle].mean(dim=1).where(total[:, 0] > 0, torch.nan)
