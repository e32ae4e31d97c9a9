# SPDX-License-Identifier: Apache-2.0
"""Hands as JSON, one object a line: what ``handcraft predict`` writes."""

import json
from typing import Any

import numpy as np

from handcraft.predict.hand import Hand

_DECIMALS = {"px": 2, "m": 5, "rad": 4, "share": 4}


def json_line(hand: Hand, **where: str | int | float) -> str:
    """One line without its end: ``where`` (file, frame, track ...) first, then all that is known of the hand.

    Pixels are rounded to 0.01 px, lengths to 0.01 mm, angles to 0.0001 rad, shares to 0.0001.
    """
    return json.dumps(where | _described(hand), allow_nan=False)


def _described(hand: Hand) -> dict[str, Any]:
    return {
        "side": hand.side,
        "side_confidence": _rounded(hand.side_confidence, "share"),
        "score": _rounded(hand.score, "share"),
        "box": _rounded(hand.box, "px"),
        "turn_rad": _rounded(hand.turn_rad, "rad"),
        "keypoints_px": _rounded(hand.keypoints_px, "px"),
        "confidence": _rounded(hand.confidence, "share"),
        "keypoints_3d_m": _rounded(hand.keypoints_3d_m, "m"),
        "angles_rad": _rounded(hand.angles_rad, "rad"),
        "camera_from_hand": _rounded(hand.camera_from_hand, "share"),
        "shape": _rounded(hand.shape, "share"),
    }


def _rounded(values: np.ndarray | tuple[float, ...] | float, unit: str) -> Any:  # noqa: ANN401 (lists as deep as the array)
    return np.round(np.asarray(values, np.float64), _DECIMALS[unit]).tolist()
