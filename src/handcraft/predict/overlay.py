# SPDX-License-Identifier: Apache-2.0
"""Hands drawn over their picture: skeletons with a colour per finger, surfaces, and in words the side and the score.

Each hand is drawn on a transparent layer as large as its surroundings, several times finer than the picture, and
averaged down, so lines are smooth and land on the right sub-pixel. All widths follow the hand's size.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont

from handcraft.predict.hand import Box, Hand, box_around
from handcraft.predict.skeleton import BONES, colour_of
from handcraft.predict.surface import Surface

_INK = (28, 28, 30)
_PAPER = (255, 255, 255)
_SKIN = np.array([236.0, 228.0, 214.0])
_LAYER_PX = 1600
"""A layer is four times finer than the picture until it would be larger than this, then less."""


def draw_hands(picture: Image.Image, hands: Sequence[Hand], surfaces: Sequence[Surface] = ()) -> Image.Image:
    """A copy of an upright picture with all hands over it, surfaces below skeletons.

    Args:
        picture: as it is shown; keypoints are in its pixels.
        hands: those that were found in it.
        surfaces: none, or one for each hand.
    """
    drawn = picture.convert("RGB").copy()
    for index, hand in enumerate(hands):
        surface = surfaces[index] if surfaces else None
        layer = _Layer.around(hand, surface, drawn.size)
        if layer is None:
            continue
        if surface is not None:
            layer.add_surface(surface)
        layer.add_skeleton(hand)
        layer.lay_over(drawn)
        _write(drawn, hand)
    return drawn


class _Layer:
    """The surroundings of a hand, enlarged."""

    def __init__(self, bounds: tuple[int, int, int, int], unit_px: float) -> None:
        self._bounds = left, top, right, bottom = bounds
        longer = max(right - left, bottom - top)
        self._multiple = max(1, min(4, _LAYER_PX // longer))
        self._origin = np.array([left, top], np.float64)
        self._unit = unit_px * self._multiple
        self._image = Image.new("RGBA", ((right - left) * self._multiple, (bottom - top) * self._multiple))
        self._draw = ImageDraw.Draw(self._image)

    @classmethod
    def around(cls, hand: Hand, surface: Surface | None, size: tuple[int, int]) -> "_Layer | None":
        """None if nothing of the hand lies in a picture of that size."""
        unit_px = min(max(hand.size_px / 150, 0.5), 12.0)
        points = hand.keypoints_px if surface is None else np.concatenate([hand.keypoints_px, surface.vertices_px])
        left, top, right, bottom = box_around(points)
        margin = 4 * unit_px + 1
        bounds = (
            int(max(0.0, left - margin)), int(max(0.0, top - margin)),
            int(min(float(size[0]), right + margin + 1)), int(min(float(size[1]), bottom + margin + 1)),
        )  # fmt: skip
        return cls(bounds, unit_px) if bounds[0] < bounds[2] and bounds[1] < bounds[3] else None

    def _placed(self, points_px: Float[np.ndarray, "points 2"]) -> list[tuple[float, float]]:
        """Pillow draws from pixel centres, we count from the corner: half a pixel of the layer lies between.

        Rounded to whole pixels of the layer, for Pillow would cut fractions off and move all to the upper left.
        """
        return [(x, y) for x, y in ((points_px - self._origin) * self._multiple - 0.5).round().tolist()]

    def add_surface(self, surface: Surface) -> None:
        """The far triangles first, each the brighter the more it faces the camera."""
        corners = surface.vertices_m[surface.faces].astype(np.float64)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        facing = np.abs(normals[:, 2]) / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
        colours = (_SKIN * (0.35 + 0.65 * facing[:, None])).astype(int).tolist()
        points, faces = self._placed(surface.vertices_px), surface.faces.tolist()
        for index in np.argsort(-corners[:, :, 2].mean(axis=1)).tolist():
            self._draw.polygon([points[corner] for corner in faces[index]], fill=(*colours[index], 215))

    def add_skeleton(self, hand: Hand) -> None:
        """Dark edges first, then the coloured lines, so that no edge cuts through a neighbour."""
        points, sure = self._placed(hand.keypoints_px), np.clip(hand.confidence, 0.25, 1.0).tolist()
        for width, strength, is_edge in ((3.4, 0.6, True), (2.0, 1.0, False)):
            for parent, child in BONES:
                alpha = round(255 * strength * min(sure[parent], sure[child]))
                colour = _INK if is_edge else colour_of(child)
                line_px = max(1, round(width * self._unit))
                self._draw.line([points[parent], points[child]], fill=(*colour, alpha), width=line_px)
        for index, (x, y) in enumerate(points):
            for reach, colour in ((round(2.7 * self._unit), _INK), (round(2.0 * self._unit), colour_of(index))):
                around = (x - reach, y - reach, x + reach, y + reach)
                self._draw.ellipse(around, fill=(*colour, round(255 * sure[index])))

    def lay_over(self, picture: Image.Image) -> None:
        left, top, right, bottom = self._bounds
        smooth = self._image.reduce(self._multiple) if self._multiple > 1 else self._image
        below = picture.crop(self._bounds).convert("RGBA")
        picture.paste(Image.alpha_composite(below, smooth).convert("RGB"), (left, top, right, bottom))


def _write(picture: Image.Image, hand: Hand) -> None:
    """Side and score above the box, below it where there is no room, else in the picture's upper edge."""
    size_px = round(min(max(hand.size_px / 12, 10.0), 48.0))
    words, font = f"{hand.side} {hand.score:.2f}", _font(size_px)
    draw = ImageDraw.Draw(picture)
    x, y = _place_of_words(hand.box, picture.size, draw.textlength(words, font=font), 1.5 * size_px)
    draw.text((x, y), words, fill=_PAPER, font=font, stroke_width=max(1, round(size_px / 10)), stroke_fill=_INK)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own letters: the same on every machine, with nothing to install."""
    return ImageFont.load_default(size_px)


def _place_of_words(box: Box, size: tuple[int, int], width_px: float, height_px: float) -> tuple[float, float]:
    above, below = box[1] - height_px, box[3] + 0.2 * height_px
    y = above if above >= 0 else below if below + height_px <= size[1] else 0.0
    return max(0.0, min(box[0], size[0] - width_px)), min(y, max(0.0, size[1] - height_px))
