# SPDX-License-Identifier: Apache-2.0
"""The hand before a green screen, found in the photograph itself (Oprea et al., seed 002, "Datasets").

Green goes, a median filter takes the speckles, Otsu's threshold parts hand from shadow, the largest connected piece
stays, closing fills gaps and an erosion takes the green rim. A photograph in which this finds no hand is refused, with
the reason.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

from handcraft.errors import HandcraftError

_GREY_FROM_RGB = (0.299, 0.587, 0.114)
_SQUARE = np.ones((3, 3), dtype=bool)
_CROSS = ndimage.generate_binary_structure(2, 1)
_LEVELS = 256


@dataclass(frozen=True)
class GreenScreen:
    """What is screen, and when a photograph is refused.

    Raises:
        HandcraftError: shares that are no range within 0 to 1, or no piece allowed.
    """

    hue_deg: tuple[float, float] = (60.0, 180.0)
    """From yellow to cyan."""
    min_saturation: float = 30 / 255
    min_value: float = 40 / 255
    min_share: float = 0.05
    """Of the picture's pixels that are not screen, counted once each. (The published code counts three channels, so its
    5% and 50% are 1.7% and 16.7%.)"""
    max_share: float = 0.5
    max_pieces: int = 60
    """Pieces and holes in them; more are noise."""

    def __post_init__(self) -> None:
        """Refuse limits that no photograph can meet."""
        if not 0 <= self.min_share < self.max_share <= 1:
            raise HandcraftError(
                f"Expected 0 <= `min_share` < `max_share` <= 1, but got {self.min_share} and {self.max_share}."
            )
        if self.max_pieces < 1:
            raise HandcraftError(f"Expected `max_pieces` to be at least 1, but got {self.max_pieces}.")


PUBLISHED_SCREEN = GreenScreen()


def refined_mask(
    image: Float[Tensor, "3 height width"], screen: GreenScreen = PUBLISHED_SCREEN
) -> Bool[Tensor, "height width"]:
    """The hand in a photograph before a green screen. Holes in the hand, between two fingers say, stay holes.

    Args:
        image: RGB in [0, 1].
        screen: other limits than the published ones.

    Raises:
        HandcraftError: a hand too small or too large to be one, nothing brighter than the rest, too many pieces, or
            nothing left in the end.
    """
    pixels = image.detach().cpu().double().numpy()
    hand = ~is_screen(pixels, screen)
    share = float(hand.mean())
    if not screen.min_share <= share <= screen.max_share:
        raise HandcraftError(
            f"Expected the hand to cover {screen.min_share:.0%} to {screen.max_share:.0%} of the picture, but what is "
            f"not green covers {share:.1%}."
        )
    grey = np.tensordot(_GREY_FROM_RGB, pixels * hand, axes=1)
    levels = ndimage.median_filter(np.round(grey * (_LEVELS - 1)).astype(np.uint8), size=3, mode="nearest")
    bright = levels > otsu_level(levels)
    largest = _largest_piece(bright, screen.max_pieces)
    closed = ndimage.binary_erosion(ndimage.binary_dilation(largest, _SQUARE), _SQUARE, border_value=1)
    eroded = ndimage.binary_erosion(closed, _CROSS, border_value=1)
    if not eroded.any():
        raise HandcraftError("Expected a hand before the screen, but nothing of its mask is left after the erosion.")
    return torch.from_numpy(eroded)


def is_screen(pixels: Float[np.ndarray, "3 height width"], screen: GreenScreen) -> Bool[np.ndarray, "height width"]:
    """True where hue, saturation and value of RGB in [0, 1] are the screen's."""
    high, low = pixels.max(axis=0), pixels.min(axis=0)
    spread = high - low
    safe = np.where(spread > 0, spread, 1.0)
    red, green, blue = pixels
    hue_deg = 60 * np.select(
        [high == red, high == green], [((green - blue) / safe) % 6, (blue - red) / safe + 2], (red - green) / safe + 4
    )
    saturation = spread / np.where(high > 0, high, 1.0)
    within = (hue_deg >= screen.hue_deg[0]) & (hue_deg <= screen.hue_deg[1])
    return within & (saturation >= screen.min_saturation) & (high >= screen.min_value)


def otsu_level(levels: np.ndarray) -> int:
    """The grey level of 0 to 255 that parts a picture best: what lies above it is one class (Otsu 1979).

    The variance between both classes is largest there; of several such levels the lowest.
    """
    counts = np.bincount(levels.ravel(), minlength=_LEVELS).astype(np.float64)
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * np.arange(_LEVELS))
    mean_below = sums / np.maximum(below, 1)
    mean_above = (sums[-1] - sums) / np.maximum(above, 1)
    return int(np.argmax(below * above * (mean_below - mean_above) ** 2))


def _largest_piece(bright: Bool[np.ndarray, "height width"], max_pieces: int) -> Bool[np.ndarray, "height width"]:
    """The largest of the pieces, which hang together over corners too."""
    labels, count = ndimage.label(bright, _SQUARE)
    holes, hole_count = ndimage.label(~bright, _CROSS)
    at_edge = np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]]))
    found = count + hole_count - np.count_nonzero(at_edge)
    if not 1 <= found <= max_pieces:
        raise HandcraftError(
            f"Expected 1 to {max_pieces} outlines in the picture, but got {found}; it is noise or has no hand."
        )
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels == int(sizes.argmax())
