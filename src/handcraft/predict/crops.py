# SPDX-License-Identifier: Apache-2.0
"""From the picture to what networks see, and back: the turned square around a hand, and the whole picture in a square.

Both are resampled so that nothing is skipped where they reduce: averaged over whole pixels first, interpolated then.
Pillow's transforms and reductions count from the corner of the corner pixel, as we do, so no half pixels appear here.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from handcraft.predict.hand import Box, longer_side_px
from handcraft.predict.pictures import IntBox, Picture


@dataclass(frozen=True)
class Crop:
    """A square of a picture, turned clockwise by ``turn_rad``; it may stick out of the picture, where all is black."""

    centre_x_px: float
    centre_y_px: float
    side_px: float
    turn_rad: float

    @classmethod
    def around(cls, box: Box, *, turn_rad: float, scale: float) -> "Crop":
        """The square on a box's centre whose side is ``scale`` times the box's longer one, 1 px at least."""
        left, top, right, bottom = box
        return cls((left + right) / 2, (top + bottom) / 2, max(1.0, scale * longer_side_px(box)), turn_rad)

    @property
    def rotation(self) -> Float[np.ndarray, "2 2"]:
        """Turns directions of the crop into those of the picture."""
        cos, sin = math.cos(self.turn_rad), math.sin(self.turn_rad)
        return np.array([[cos, -sin], [sin, cos]], np.float32)

    @property
    def camera_rotation(self) -> Float[np.ndarray, "3 3"]:
        """The same about the camera's axis: turns the crop's x right, y down, z away into the picture's."""
        turned = np.eye(3, dtype=np.float32)
        turned[:2, :2] = self.rotation
        return turned

    def picture_from_crop(self, points_px: Float[np.ndarray, "*batch 2"], size: int) -> Float[np.ndarray, "*batch 2"]:
        """Points of the crop resampled to ``size`` by ``size`` pixels, as points of the picture."""
        centre = np.array([self.centre_x_px, self.centre_y_px], np.float32)
        return (points_px - size / 2) @ self.rotation.T * (self.side_px / size) + centre

    def crop_from_picture(self, points_px: Float[np.ndarray, "*batch 2"], size: int) -> Float[np.ndarray, "*batch 2"]:
        """The inverse of ``picture_from_crop``."""
        centre = np.array([self.centre_x_px, self.centre_y_px], np.float32)
        return (points_px - centre) @ self.rotation * (size / self.side_px) + size / 2

    def pixels(self, picture: Picture, size: int) -> UInt8[np.ndarray, "{size} {size} 3"]:
        """The square's pixels, 0 outside the picture."""
        ratio = self.side_px / size
        bounds = self._bounds_px(picture, margin_px=2 * ratio + 2)
        if bounds[0] >= bounds[2] or bounds[1] >= bounds[3]:
            return np.zeros((size, size, 3), np.uint8)
        part = picture.part(bounds, ratio)
        image, left, top, pitch = part
        factor = max(1, int(ratio / pitch))
        if factor > 1:
            inside = _within(bounds, part.left_px, part.top_px, pitch, image.size)
            image = image.reduce(factor, inside)
            left, top, pitch = left + inside[0] * pitch, top + inside[1] * pitch, pitch * factor
        coefficients = self._affine(size, left, top, pitch)
        turned = image.transform((size, size), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
        return np.asarray(turned)

    def _bounds_px(self, picture: Picture, margin_px: float) -> IntBox:
        """The upright box around the turned square, as far as it lies in the picture."""
        reach = self.side_px / 2 * (abs(math.cos(self.turn_rad)) + abs(math.sin(self.turn_rad))) + margin_px
        left, right = (min(max(self.centre_x_px + way, 0.0), float(picture.width)) for way in (-reach, reach))
        top, bottom = (min(max(self.centre_y_px + way, 0.0), float(picture.height)) for way in (-reach, reach))
        return math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)

    def _affine(self, size: int, left: int, top: int, pitch: int) -> tuple[float, ...]:
        """Pillow's six numbers: from a point of the crop to one of an image that begins at (left, top)."""
        ratio = self.side_px / size / pitch
        cos, sin = math.cos(self.turn_rad) * ratio, math.sin(self.turn_rad) * ratio
        x, y = (self.centre_x_px - left) / pitch, (self.centre_y_px - top) / pitch
        half = size / 2
        return cos, -sin, x - (cos - sin) * half, sin, cos, y - (sin + cos) * half


@dataclass(frozen=True)
class Letterbox:
    """A whole picture fitted into the middle of a square, the rest of which is black."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int
    scale_x: float
    """Pixels of the square for one of the picture."""
    scale_y: float

    @classmethod
    def fit(cls, width: int, height: int, side: int) -> "Letterbox":
        """The picture's longer side becomes ``side``; the other one is rounded to whole pixels."""
        scale = side / max(width, height)
        fitted = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = ((side - length) // 2 for length in fitted)
        return cls(left, top, *fitted, fitted[0] / width, fitted[1] / height)

    def picture_from_square(self, points_px: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Points of the square as points of the picture."""
        return (points_px - np.array([self.left_px, self.top_px])) / np.array([self.scale_x, self.scale_y])

    def pixels(self, picture: Picture, side: int) -> UInt8[np.ndarray, "{side} {side} 3"]:
        """The square's pixels."""
        whole = (0, 0, picture.width, picture.height)
        image, _, _, pitch = picture.part(whole, min(1 / self.scale_x, 1 / self.scale_y))
        fitted = image.resize(
            (self.width_px, self.height_px),
            Image.Resampling.BILINEAR,
            box=(0, 0, picture.width / pitch, picture.height / pitch),
            reducing_gap=2.0,
        )
        square = np.zeros((side, side, 3), np.uint8)
        square[self.top_px : self.top_px + self.height_px, self.left_px : self.left_px + self.width_px] = np.asarray(
            fitted
        )
        return square


def _within(bounds: IntBox, left: int, top: int, pitch: int, size: tuple[int, int]) -> IntBox:
    """Bounds in pixels of the picture as whole pixels of an image of ``size`` that begins at (left, top)."""
    first_x, first_y = (bounds[0] - left) // pitch, (bounds[1] - top) // pitch
    return first_x, first_y, min(-(-(bounds[2] - left) // pitch), size[0]), min(-(-(bounds[3] - top) // pitch), size[1])
