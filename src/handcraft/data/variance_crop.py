# SPDX-License-Identifier: Apache-2.0
"""Crops of Murphy's thesis (seed 000, data preparation): the hand with the clearest mask, and a square by its spread.

Its square has a side of 2.2 standard deviations of the mask as a picture of 0 and 255. With a share ``p`` of the
picture's pixels in the mask that is ``2.2 * 255 * sqrt(p (1 - p))`` px of the thesis' 320 px pictures. Said without the
size of the picture it is ``1.753 * sqrt(area * (1 - p))``, and so it stands here.
"""

import math

from jaxtyping import Bool
from torch import Tensor

from handcraft.data.crop import CropBox, hand_crop
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import Side

MURPHY_SCALE = 2.2 * 255 / 320
"""``scale`` of the thesis' crops, 1.753: the factor of its notebooks on pictures of 320 px."""


def mask_spread(mask: Bool[Tensor, "height width"]) -> float:
    """The standard deviation of a mask as numbers 0 and 1: largest where half of the picture is hand."""
    return float(mask.double().std(correction=0))


def clearer_side(left: Bool[Tensor, "height width"], right: Bool[Tensor, "height width"]) -> Side:
    """The hand whose mask has the larger spread; the left one if they are equal.

    Raises:
        HandcraftError: two empty masks.
    """
    if not left.any() and not right.any():
        raise HandcraftError("Expected a mask with a hand in it, but got two masks without a hand (no pixel is set).")
    return "right" if mask_spread(right) > mask_spread(left) else "left"


def variance_crop(mask: Bool[Tensor, "height width"], scale: float = MURPHY_SCALE) -> CropBox:
    """The square about the mask's centre of mass with the side ``scale * sqrt(area * (1 - share of the picture))``.

    For a small hand it is that of ``hand_crop``; for one that fills much of the picture it is smaller, and smaller
    again beyond half of the picture. Twice the picture, twice the square.

    Raises:
        HandcraftError: a mask that is empty or full, or a scale that is not above 0.
    """
    free = 1 - float(mask.double().mean())
    if free == 0:
        raise HandcraftError("Expected a mask with a hand and something beside it, but every pixel is set.")
    return hand_crop(mask, scale * math.sqrt(free))


def centre_crop(height: int, width: int, scale: float = 2.0) -> CropBox:
    """The square in the middle of a picture: its shorter side divided by ``scale``.

    Scale 2 is what seed 000 takes of FreiHAND's pictures, 112 of 224 px, whose hands are in the middle already.

    Raises:
        HandcraftError: a scale that is not above 0.
    """
    if not 0 < scale < math.inf:
        raise HandcraftError(f"Expected `scale` to be above 0, but got {scale}.")
    side_px = min(height, width) / scale
    return CropBox((width - side_px) / 2, (height - side_px) / 2, side_px)
