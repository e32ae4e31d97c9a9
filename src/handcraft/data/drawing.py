# SPDX-License-Identifier: Apache-2.0
"""Pictures of samples a person can read: skeletons over images, and contact sheets with captions.

Every stage from here on draws with these few functions, so that its pictures look like all others.

Skeletons are drawn on a transparent layer several times larger than the picture and averaged down, so lines are smooth
and land on the right sub-pixel. Pixel (0, 0) has its centre at (0.5, 0.5), here as everywhere: a keypoint at x lies
x * scale pixels from the left edge of the enlarged picture.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import BONES, FINGER_COLOURS, KEYPOINTS, finger_of

Rgb = tuple[float, float, float]
"""Red, green and blue in [0, 1]."""

TRUTH_COLOURS = dict.fromkeys(FINGER_COLOURS, (1.0, 1.0, 1.0))
"""All white: for the true skeleton drawn under an estimated one."""

_INK = (28, 28, 30)
_WORDS = (66, 70, 77)
_PAPER = (255, 255, 255)


def picture_from_image(image: Float[Tensor, "3 height width"], *, scale: int = 1) -> Image.Image:
    """An RGB image in [0, 1] as a picture enlarged ``scale`` times (bicubic); values outside [0, 1] are clipped.

    Raises:
        HandcraftError: a value that is not finite.
    """
    if not bool(torch.isfinite(image).all()):
        raise HandcraftError("Expected an image of finite numbers, but got NaN or infinity; look for what diverged.")
    pixels = (image.detach().cpu().float().clamp(0, 1) * 255).round().to(torch.uint8)
    picture = Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
    return enlarged(picture, scale, Image.Resampling.BICUBIC)


def whole_scale(size_px: int, *, shown_px: int = 160) -> int:
    """The largest whole ``scale`` at which a picture of ``size_px`` is not above ``shown_px`` wide; at least 1."""
    return max(1, shown_px // size_px)


def draw_skeleton(
    image: Float[Tensor, "3 height width"],
    keypoints_px: Float[Tensor, "21 2"],
    *,
    confidence: Float[Tensor, " 21"] | None = None,
    scale: int = 4,
    colours: Mapping[str, Rgb] = FINGER_COLOURS,
) -> Image.Image:
    """The image enlarged ``scale`` times with its hand skeleton over it, one colour per finger.

    Args:
        image: RGB in [0, 1].
        keypoints_px: the 21 keypoints in pixels of ``image``; those that are not finite are left out.
        confidence: 0 to 1. A keypoint of confidence 0 is left out with its bones, a doubtful one is faint.
        scale: how many times larger than the image the picture is.
        colours: RGB in [0, 1] per finger and for the wrist.
    """
    picture = picture_from_image(image, scale=scale)
    return overlay_skeleton(picture, keypoints_px * scale, confidence=confidence, colours=colours)


def overlay_skeleton(
    picture: Image.Image,
    keypoints_px: Float[Tensor, "21 2"],
    *,
    confidence: Float[Tensor, " 21"] | None = None,
    colours: Mapping[str, Rgb] = FINGER_COLOURS,
    thickness: float = 1.0,
) -> Image.Image:
    """A copy of the picture with a skeleton over it; ``keypoints_px`` are in pixels of the picture itself.

    Use it again on its own result to lay one skeleton over another (truth in ``TRUTH_COLOURS`` first).
    ``thickness`` multiplies the lines' usual width, which follows the size of the picture.
    """
    points = keypoints_px.detach().cpu().double().numpy()
    opacity = _opacities(points, confidence)
    unit_px = max(1.0, 0.011 * min(picture.size)) * thickness
    multiple = 4 if max(picture.size) <= 1024 else 2  # a large picture needs less and its layer would fill the memory
    layer = Image.new("RGBA", (picture.width * multiple, picture.height * multiple))
    # Pillow counts from pixel centres, we count from the corner: half a pixel of the layer lies between.
    points_layer = points * multiple - 0.5
    _draw_bones(ImageDraw.Draw(layer), points_layer, opacity, colours, unit_px * multiple)
    _draw_joints(ImageDraw.Draw(layer), points_layer, opacity, colours, unit_px * multiple)
    smooth = layer.resize(picture.size, Image.Resampling.BOX)
    return Image.alpha_composite(picture.convert("RGBA"), smooth).convert("RGB")


def contact_sheet(
    rows: Sequence[Sequence[Image.Image]],
    *,
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    gap_px: int = 6,
    text_px: int | None = None,
) -> Image.Image:
    """Pictures in rows on white paper: column titles on top, each row's title above the row.

    Titles stand above rather than beside, so the sheet stays as wide as its pictures and its words stay legible when a
    phone shrinks it. Rows may differ in length; a picture smaller than its cell is centred in it.

    Args:
        rows: at least one picture in all.
        row_titles: none, or one per row (an empty one takes no room).
        column_titles: none, or one per column of the longest row.
        gap_px: the space between pictures.
        text_px: height of the letters; without it they follow the width of the sheet.
    """
    columns = max((len(row) for row in rows), default=0)
    if columns == 0:
        raise HandcraftError("Expected at least one picture for a contact sheet, but got none.")
    _check_titles("row_titles", row_titles, len(rows))
    _check_titles("column_titles", column_titles, columns)
    cell = max(picture.width for row in rows for picture in row)
    width = columns * cell + (columns + 1) * gap_px
    font = _font(text_px if text_px is not None else max(13, min(30, width // 40)))
    strips = [_column_title_strip(column_titles, cell, gap_px, font)] if column_titles else []
    for index, row in enumerate(rows):
        if row_titles and row_titles[index]:
            strips.append(_text_strip(row_titles[index], width, font, left_px=gap_px, anchor="lm"))
        if row:
            strips.append(_picture_strip(row, width, cell, gap_px))
    return _stacked(strips, width, gap_px)


def in_rows(pictures: Sequence[Image.Image], columns: int) -> list[Sequence[Image.Image]]:
    """Any number of pictures as the rows of a contact sheet, ``columns`` to a row; the last row may be shorter."""
    return [pictures[first : first + columns] for first in range(0, len(pictures), columns)]


def _opacities(points: np.ndarray, confidence: Tensor | None) -> np.ndarray:
    known = np.isfinite(points).all(axis=1)
    if confidence is None:
        return known.astype(float)
    sure = confidence.detach().cpu().double().numpy()
    return np.where(known & (sure > 0), np.clip(sure, 0.3, 1.0), 0.0)


def _draw_bones(
    draw: ImageDraw.ImageDraw, points: np.ndarray, opacity: np.ndarray, colours: Mapping[str, Rgb], unit_px: float
) -> None:
    """Dark edges of all bones first, then the coloured lines, so that no edge cuts through a neighbour."""
    shown = [bone for bone in BONES if min(opacity[bone[0]], opacity[bone[1]]) > 0]
    for width_px, strength, is_edge in ((3.4 * unit_px, 0.55, True), (2.0 * unit_px, 1.0, False)):
        for parent, child in shown:
            colour = _INK if is_edge else _rgb(colours[finger_of(KEYPOINTS[child])])
            alpha = round(255 * strength * min(opacity[parent], opacity[child]))
            draw.line([tuple(points[parent]), tuple(points[child])], fill=(*colour, alpha), width=round(width_px))


def _draw_joints(
    draw: ImageDraw.ImageDraw, points: np.ndarray, opacity: np.ndarray, colours: Mapping[str, Rgb], unit_px: float
) -> None:
    for index in np.flatnonzero(opacity > 0):
        x, y = points[index]
        alpha = round(255 * opacity[index])
        for reach, colour in ((2.6 * unit_px, _INK), (2.0 * unit_px, _rgb(colours[finger_of(KEYPOINTS[index])]))):
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(*colour, alpha))


def _rgb(colour: Rgb) -> tuple[int, int, int]:
    red, green, blue = (round(255 * value) for value in colour)
    return red, green, blue


def enlarged(picture: Image.Image, scale: int, resampling: Image.Resampling) -> Image.Image:
    """The picture with each side ``scale`` times as long."""
    if scale < 1:
        raise HandcraftError(f"Expected `scale` to be at least 1, but got {scale}.")
    return picture.resize((picture.width * scale, picture.height * scale), resampling) if scale > 1 else picture


def _check_titles(name: str, titles: Sequence[str], expected: int) -> None:
    if titles and len(titles) != expected:
        raise HandcraftError(f"Expected `{name}` to hold {expected} titles or none, but got {len(titles)}.")


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans from inside matplotlib: the same letters on every machine, with nothing to install."""
    import matplotlib  # only here: whoever reads data without writing titles need not wait for it

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size_px)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width_px: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _text_strip(text: str, width: int, font: ImageFont.FreeTypeFont, *, left_px: int, anchor: str) -> Image.Image:
    """Wrapped text on paper; ``anchor`` is Pillow's: "lm" begins at ``left_px``, "mm" is centred on it."""
    lines = _wrapped(text, font, width - (2 * left_px if anchor == "lm" else 0))
    line_height = round(font.size * 1.3)
    strip = Image.new("RGB", (width, line_height * len(lines)), _PAPER)
    draw = ImageDraw.Draw(strip)
    for index, line in enumerate(lines):
        draw.text((left_px, (index + 0.5) * line_height), line, fill=_WORDS, font=font, anchor=anchor)
    return strip


def _column_title_strip(titles: Sequence[str], cell: int, gap_px: int, font: ImageFont.FreeTypeFont) -> Image.Image:
    boxes = [_text_strip(title, cell, font, left_px=cell // 2, anchor="mm") for title in titles]
    width = len(titles) * (cell + gap_px) + gap_px
    strip = Image.new("RGB", (width, max(box.height for box in boxes)), _PAPER)
    for index, box in enumerate(boxes):
        strip.paste(box, (gap_px + index * (cell + gap_px), strip.height - box.height))
    return strip


def _picture_strip(row: Sequence[Image.Image], width: int, cell: int, gap_px: int) -> Image.Image:
    strip = Image.new("RGB", (width, max(picture.height for picture in row)), _PAPER)
    for index, picture in enumerate(row):
        left = gap_px + index * (cell + gap_px) + (cell - picture.width) // 2
        strip.paste(picture.convert("RGB"), (left, (strip.height - picture.height) // 2))
    return strip


def _stacked(strips: Sequence[Image.Image], width: int, gap_px: int) -> Image.Image:
    sheet = Image.new("RGB", (width, sum(strip.height for strip in strips) + gap_px * (len(strips) + 1)), _PAPER)
    top = gap_px
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height + gap_px
    return sheet
