# SPDX-License-Identifier: Apache-2.0
"""What a finder is to find in a picture, and what it found."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class SceneLabels:
    """The hands of composed pictures; a picture has as many slots as the one with the most hands may have."""

    boxes_px: Float[Tensor, "scene slot 4"]
    """Left, top, right, bottom of the 21 keypoints, in pixels of the square; may stick out of it."""
    turns_rad: Float[Tensor, "scene slot"]
    """By how much the hand is turned from pointing up (wrist to middle knuckle), clockwise as seen."""
    turn_weights: Float[Tensor, "scene slot"]
    """0 to 1: a hand that points at the camera has no turn to speak of."""
    there: Bool[Tensor, "scene slot"]
    """A hand that is to be found."""
    ignored: Bool[Tensor, "scene slot"]
    """A hand that is mostly hidden or outside: neither finding nor missing it is a mistake."""


@dataclass(frozen=True)
class Found:
    """The hands that a finder tells of, best first; rows of zeros where there are no more."""

    boxes_px: Float[Tensor, "picture peak 4"]
    """Left, top, right, bottom of the 21 keypoints, in pixels of the square."""
    scores: Float[Tensor, "picture peak"]
    turns_rad: Float[Tensor, "picture peak"]


def box_overlaps(one: Float[Tensor, "*batch n 4"], other: Float[Tensor, "*batch m 4"]) -> Float[Tensor, "*batch n m"]:
    """Intersection over union of every box with every other; 0 for boxes without area."""
    low = torch.maximum(one[..., :, None, :2], other[..., None, :, :2])
    high = torch.minimum(one[..., :, None, 2:], other[..., None, :, 2:])
    shared = (high - low).clamp_min(0).prod(-1)
    union = box_areas(one)[..., :, None] + box_areas(other)[..., None, :] - shared
    return shared / union.clamp_min(1e-6)


def box_areas(boxes: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch"]:
    """Width times height; 0 where the corners are the wrong way round."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp_min(0).prod(-1)
