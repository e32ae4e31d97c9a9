# SPDX-License-Identifier: Apache-2.0
"""Pictures with boxes in them: what is there and what was found."""

import math

from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from handcraft.data import picture_from_image, whole_scale
from handcraft.estimate.finder.composed import ComposedScenes
from handcraft.estimate.finder.labels import Found
from handcraft.predict.predictor import LEAST_PLACE_SCORE

TRUE_COLOUR, IGNORED_COLOUR, FOUND_COLOUR = "white", "gray", "orange"
ARROW_SHARE = 0.5
"""Length of the arrow that says where a hand points, as a share of its box's longer side."""


def finder_picture(scenes: ComposedScenes, found: Found | None, row: int) -> Image.Image:
    """One scene: its hands white, ignored ones grey, found ones orange; arrows as they point."""
    image, labels = scenes.images[row].float() / 255, scenes.labels
    scale = whole_scale(image.shape[-1])
    picture = picture_from_image(image, scale=scale)
    draw = ImageDraw.Draw(picture)
    for slot in range(labels.boxes_px.shape[1]):
        if labels.there[row, slot] or labels.ignored[row, slot]:
            colour = TRUE_COLOUR if labels.there[row, slot] else IGNORED_COLOUR
            _draw_hand(draw, labels.boxes_px[row, slot] * scale, float(labels.turns_rad[row, slot]), colour)
    for peak in range(found.scores.shape[1]) if found else ():
        if found and found.scores[row, peak] > LEAST_PLACE_SCORE:
            _draw_hand(draw, found.boxes_px[row, peak] * scale, float(found.turns_rad[row, peak]), FOUND_COLOUR)
    return picture


def _draw_hand(draw: ImageDraw.ImageDraw, box_px: Float[Tensor, " 4"], turn_rad: float, colour: str) -> None:
    left, top, right, bottom = (float(edge) for edge in box_px)
    draw.rectangle((left, top, max(right, left), max(bottom, top)), outline=colour)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    length = ARROW_SHARE * max(right - left, bottom - top)
    draw.line(
        (middle_x, middle_y, middle_x + length * math.sin(turn_rad), middle_y - length * math.cos(turn_rad)),
        fill=colour,
    )
