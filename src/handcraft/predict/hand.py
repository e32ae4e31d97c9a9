# SPDX-License-Identifier: Apache-2.0
"""One hand as it was found in a picture, and the three things its keypoints say at once: box, size and turn."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from handcraft.predict.skeleton import MIDDLE_MCP, WRIST

Side = Literal["right", "left"]

Box = tuple[float, float, float, float]
"""Left, top, right and bottom edge in pixels of the picture; a box around all 21 keypoints."""


@dataclass(frozen=True, eq=False)
class Hand:
    """A hand in a picture.

    Pixels are those of the picture as it is shown; pixel (0, 0) has its centre at (0.5, 0.5).
    """

    keypoints_px: Float[np.ndarray, "21 2"]
    """x to the right and y down, in the order of ``KEYPOINTS``; they may lie outside the picture."""
    confidence: Float[np.ndarray, " 21"]
    """Of each keypoint, 0 to 1."""
    keypoints_3d_m: Float[np.ndarray, "21 3"]
    """Metres from the wrist along the camera's axes: x right, y down, z away from the camera."""
    side: Side
    side_confidence: float
    """How probable ``side`` is, 0.5 to 1."""
    score: float
    """How probable it is that there is a hand at all, 0 to 1."""
    box: Box
    """Around ``keypoints_px``."""
    turn_rad: float
    """By how much the hand is turned from pointing up (wrist to middle knuckle), clockwise as seen."""
    angles_rad: Float[np.ndarray, " 22"]
    """The pose, of the right hand or of the left hand's mirror image."""
    camera_from_hand: Float[np.ndarray, "3 3"]
    """The rotation that brings the hand's own axes to the camera's."""
    shape: Float[np.ndarray, " parameters"]
    """The hand model's numbers of this hand's shape."""

    @property
    def size_px(self) -> float:
        """The longer side of the box."""
        return longer_side_px(self.box)


def box_around(points_px: Float[np.ndarray, "points 2"]) -> Box:
    """The smallest box that holds all points."""
    (left, top), (right, bottom) = points_px.min(axis=0).tolist(), points_px.max(axis=0).tolist()
    return left, top, right, bottom


def longer_side_px(box: Box) -> float:
    """The longer of width and height."""
    return max(box[2] - box[0], box[3] - box[1])


def turn_of(keypoints_px: Float[np.ndarray, "21 2"]) -> float:
    """By how much wrist to middle knuckle is turned from pointing up: 0 up, pi/2 right; in (-pi, pi]."""
    right, down = (keypoints_px[MIDDLE_MCP] - keypoints_px[WRIST]).tolist()
    return math.atan2(right, -down)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (areas - shared)


def is_same_hand(one: Hand, other: Hand) -> bool:
    """True if keypoints lie within a fifth of the hand's longer side of each other on average."""
    apart_px = float(np.linalg.norm(one.keypoints_px - other.keypoints_px, axis=1).mean())
    return apart_px < 0.2 * max(one.size_px, other.size_px)


def nearest_rotation(matrix: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3"]:
    """The rotation nearest to a matrix in the sum of squares: U diag(1, 1, det UV') V' of its singular vectors."""
    left, _, right = np.linalg.svd(matrix)
    left[:, 2] *= np.linalg.det(left) * np.linalg.det(right)
    return (left @ right).astype(matrix.dtype)
