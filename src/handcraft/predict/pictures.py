# SPDX-License-Identifier: Apache-2.0
"""What hands are cut from: a file, a Pillow image or an array, upright and in RGB, decoded no finer than is needed.

A JPEG's decoder can leave out what a smaller picture would not show, which is much of its work: a hand that fills a
photograph of 12 megapixels is read at an eighth of its size. What becomes of grey, 16 bits, transparency and
orientation is the same as everywhere in handcraft (``data.pixels.read_photograph``).
"""

import os
import warnings
from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from handcraft.errors import HandcraftError

IntBox = tuple[int, int, int, int]

_ORIENTATION = 0x0112  # of Exif
_UPRIGHT_FROM_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (5, 6, 7, 8)
_JPEG_REDUCTIONS = (8, 4, 2, 1)
_GREY_16_BIT = 257  # 65535 / 255


class Part(NamedTuple):
    """Pixels of a picture: its x is ``left_px + reduction * x`` of ``image``, and likewise y."""

    image: Image.Image
    """RGB."""
    left_px: int
    top_px: int
    reduction: int


class Picture(ABC):
    """An upright picture of which parts can be had."""

    width: int
    height: int

    @abstractmethod
    def part(self, box: IntBox, reduction: float) -> Part:
        """Pixels that hold at least ``box``, which lies in the picture, reduced at most ``reduction`` times."""


AnyPicture = str | os.PathLike[str] | Image.Image | np.ndarray | Picture
"""A file's name, a Pillow image, or whole numbers of 8 or 16 bits: height x width, with 1, 3 or 4 channels."""


class ImagePicture(Picture):
    """An image that is decoded already."""

    def __init__(self, image: Image.Image) -> None:
        self._image = _rgb(_upright(image, _orientation(image)))
        self.width, self.height = self._image.size

    def part(self, box: IntBox, reduction: float) -> Part:
        """The whole image: cutting is left to who asks."""
        return Part(self._image, 0, 0, 1)


class ArrayPicture(Picture):
    """An array, of which only what is asked for becomes an image: a frame's hand, not the frame."""

    def __init__(self, pixels: np.ndarray) -> None:
        _check_array(pixels)
        self._pixels = pixels if pixels.shape[2:] != (1,) else pixels[..., 0]
        self.height, self.width = pixels.shape[:2]

    def part(self, box: IntBox, reduction: float) -> Part:
        """Exactly the box."""
        left, top, right, bottom = box
        pixels = self._pixels[top:bottom, left:right]
        if pixels.dtype == np.uint16:
            pixels = (pixels // _GREY_16_BIT).astype(np.uint8)
        return Part(_rgb(_image(pixels)), left, top, 1)


class JpegPicture(Picture):
    """A JPEG file, decoded at a half, a quarter or an eighth of its size where that is enough."""

    def __init__(self, path: Path, opened: JpegImageFile) -> None:
        self._path = path
        self._opened: JpegImageFile | None = opened  # until it is decoded for the first time
        self._orientation = _orientation(opened)
        self._stored_size = opened.size
        self.width, self.height = opened.size if self._orientation not in _ON_ITS_SIDE else opened.size[::-1]
        self._decoded: dict[int, Image.Image] = {}

    def part(self, box: IntBox, reduction: float) -> Part:
        """The whole picture at the coarsest size that is fine enough, or at a finer one that is there already."""
        at_hand = [step for step in self._decoded if step <= max(1.0, reduction)]
        step = max(at_hand) if at_hand else next(step for step in _JPEG_REDUCTIONS if self._may_reduce(step, reduction))
        if step not in self._decoded:
            self._decoded[step] = self._decode(step)
        return Part(self._decoded[step], 0, 0, step)

    def _may_reduce(self, step: int, reduction: float) -> bool:
        """Where a side is no multiple of ``step``, a turned picture would begin within a pixel."""
        is_whole = not any(side % step for side in self._stored_size)
        is_upright = self._orientation not in _UPRIGHT_FROM_STORED
        return step == 1 or (step <= min(reduction, *self._stored_size) and (is_whole or is_upright))

    def _decode(self, step: int) -> Image.Image:
        try:
            opened, self._opened = self._opened or Image.open(self._path), None
            with opened:
                if step > 1:
                    opened.draft(None, (self._stored_size[0] // step, self._stored_size[1] // step))
                opened.load()
                return _rgb(_upright(opened, self._orientation))
        except Exception as error:  # Pillow's decoders raise nearly every type of error on damaged files
            raise _unreadable(self._path, error) from error


def open_picture(picture: AnyPicture) -> Picture:
    """A picture of any kind, ready to be cut.

    Files and Pillow images are turned the way their Exif orientation says, as every viewer does; keypoints lie in that
    picture (``PIL.ImageOps.exif_transpose(image)``). Arrays are taken as they lie.

    Raises:
        HandcraftError: no such file, no picture, of more than 179 megapixels (it may be an attack), floating-point
            pixels, whose range nobody knows, or an array of another shape. A file that is cut short is only noticed
            when its pixels are asked for.
    """
    if isinstance(picture, Picture):
        return picture
    if isinstance(picture, np.ndarray):
        return ArrayPicture(picture)
    if isinstance(picture, Image.Image):
        return ImagePicture(picture)
    if not isinstance(picture, str | os.PathLike):
        raise HandcraftError(
            f"Expected `image` to be a file, a Pillow image or an array, but got {type(picture).__name__}."
        )
    path = Path(picture)
    if not path.is_file():
        raise HandcraftError(f"Expected {path} to be a picture, but there is no such file.")
    return _opened(path)


def whole_image(picture: Picture) -> Image.Image:
    """All of a picture at its full size, upright, in RGB."""
    return picture.part((0, 0, picture.width, picture.height), 1.0).image


def _opened(path: Path) -> Picture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the error above twice the size stays
        try:
            opened = Image.open(path)
            if isinstance(opened, JpegImageFile):
                return JpegPicture(path, opened)
            with opened:
                opened.load()
                return ImagePicture(opened)
        except HandcraftError as error:
            raise HandcraftError(str(error).replace("Expected a picture", f"Expected {path} to be", 1)) from error
        except Exception as error:  # as above
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> HandcraftError:
    if isinstance(error, UnidentifiedImageError):
        return HandcraftError(f"Expected {path} to be a picture, but its content is of no known kind.")
    return HandcraftError(f"Expected {path} to be a picture, but it cannot be read: {error}.")


def _image(pixels: np.ndarray) -> Image.Image:
    """Rows that run backwards through the colours are OpenCV's BGR seen as RGB; Pillow turns them five times faster."""
    if pixels.shape[2:] == (3,) and pixels.strides[2] < 0:
        stored = np.ascontiguousarray(pixels[..., ::-1])
        return Image.frombytes("RGB", stored.shape[1::-1], stored.tobytes(), "raw", "BGR")
    return Image.fromarray(np.ascontiguousarray(pixels))


def _orientation(image: Image.Image) -> int:
    return int(image.getexif().get(_ORIENTATION, 1))


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT_FROM_STORED.get(orientation)
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode == "F":
        raise HandcraftError("Expected a picture of integers, but got floating-point pixels, whose range is unknown.")
    if image.mode.startswith("I"):
        grey = np.clip(np.asarray(image).astype(np.int64), 0, 65535) // _GREY_16_BIT
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _check_array(pixels: np.ndarray) -> None:
    is_picture = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4))
    if not is_picture or 0 in pixels.shape:
        raise HandcraftError(
            f"Expected `image` to be height x width, with 1, 3 or 4 channels last, but got an array of {pixels.shape}."
        )
    if pixels.dtype not in (np.uint8, np.uint16):
        raise HandcraftError(
            f"Expected `image` to hold uint8 or uint16, but got {pixels.dtype}; "
            "from values in [0, 1] make `(255 * image).round().astype(numpy.uint8)`."
        )
