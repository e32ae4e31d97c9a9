# SPDX-License-Identifier: Apache-2.0
"""Pictures of a folder in and out: the same names, the same formats, whatever kind of picture each of them is.

``open_picture`` makes RGB of any of them and ``write_picture`` goes the way back: what was lossless stays lossless,
transparency and colour profile are kept, and grey pictures stay grey as long as nobody has painted them.
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image, ImageOps
from torch import Tensor

from handcraft.data.pixels import read_photograph
from handcraft.errors import HandcraftError
from handcraft.files import PICTURE_SUFFIXES, atomic_path, picture_paths

_LOSSY_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
}
_SAME_PIXELS = {"MPO": "JPEG"}
"""Formats that hold several pictures, and what one of them is written as."""

_SIXTEEN_BITS = 65535
_RGB_MODES = ("P", "PA", "RGB", "RGBA", "RGBX")
"""Modes whose colour profile is one of RGB."""


@dataclass(frozen=True)
class PictureFile:
    """A picture and its place below what was asked for, which its result has too."""

    path: Path
    name: Path


@dataclass(frozen=True)
class Picture:
    """A picture upright, and what of it is opaque."""

    image: Float[Tensor, "3 height width"]
    """RGB in [0, 1]; transparent pixels lie over black."""
    mask: Bool[Tensor, "height width"] | None
    """True where the picture is more than half opaque; None if nothing of it is transparent."""


def picture_files(path: Path) -> list[PictureFile]:
    """The pictures of a folder and its subfolders, sorted by path, or the one picture that ``path`` is.

    Raises:
        HandcraftError: nothing there, or a folder without pictures.
    """
    path = Path(path)
    if path.is_file():
        return [PictureFile(path, Path(path.name))]
    if not path.is_dir():
        raise HandcraftError(f"Expected {path} to be a picture or a folder of pictures, but there is no such file.")
    found = [PictureFile(path / name, name) for name in picture_paths(path)]
    if not found:
        raise HandcraftError(f"Expected pictures ({' '.join(PICTURE_SUFFIXES)}) in {path}, but found none.")
    return found


def open_picture(path: Path) -> Picture:
    """A picture of any mode: see ``read_photograph`` for what becomes of grey, 16 bits, palettes and orientation.

    Raises:
        HandcraftError: a file that is no picture, cut short, of more than 179 megapixels (it may be an attack), or of a
            kind without an agreed range; the file is named.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the error above twice the size stays
        try:
            data = Path(path).read_bytes()
            image, alpha = read_photograph(io.BytesIO(data)), _alpha(data)
        except OSError as error:
            raise HandcraftError(f"Expected {path} to be a picture, but it cannot be read: {error}.") from error
        except HandcraftError as error:
            said = str(error).replace("Expected a picture", f"Expected {path} to be a picture", 1)
            raise HandcraftError(said) from error
    return Picture(image, None if alpha is None else alpha > 0.5)


def write_picture(path: Path, image: Float[Tensor, "3 height width"], *, like: Path) -> None:
    """Write ``image`` as the kind of picture that ``like`` is; it appears whole or not at all.

    - Format: that of the bytes of ``like``. PNG, TIFF, BMP and lossless WebP stay lossless; JPEG and lossy WebP are
      written at quality 95, JPEG with full colour resolution.
    - Grey: kept, with its 8 or 16 bits, if all channels of ``image`` are equal; else RGB of 8 bits a channel. Palettes
      and CMYK become RGB.
    - Transparency: that of ``like`` if the size is the same; partly transparent pixels get the colour that over black
      looks like ``image``.
    - Orientation: ``image`` is upright and says so. The colour profile is kept where ``like`` had RGB's; other metadata
      (place, camera) are not.

    Raises:
        HandcraftError: ``like`` is no picture, or of a format that cannot be written.
        OSError: the disk refuses; ``path`` is named.
    """
    data = Path(like).read_bytes()
    try:
        content = _encoded_like(data, image)
    except Exception as error:  # Pillow's coders raise nearly every type of error
        raise HandcraftError(f"Expected {like} to be of a format that can be written, but got: {error}.") from error
    with atomic_path(Path(path)) as beside:
        beside.write_bytes(content)


def _encoded_like(data: bytes, image: Float[Tensor, "3 height width"]) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        kind = _SAME_PIXELS.get(str(opened.format), str(opened.format))
        mode, profile = opened.mode, opened.info.get("icc_profile")
    alpha = _alpha(data)
    if alpha is not None and alpha.shape != image.shape[1:]:
        alpha = None
    pixels = _pixels(image, mode, alpha)
    options = dict(_LOSSY_OPTIONS.get(kind, {}))
    if kind == "WEBP" and _is_lossless_webp(data):
        options = {"lossless": True, "exact": True}
    if profile and mode in _RGB_MODES and pixels.mode in ("RGB", "RGBA"):
        options["icc_profile"] = profile
    buffer = io.BytesIO()
    pixels.save(buffer, kind, **options)
    return buffer.getvalue()


def _is_lossless_webp(data: bytes) -> bool:
    """What the first coded picture among the file's chunks says."""
    place = 12  # behind RIFF, its size and WEBP
    while place + 8 <= len(data):
        name, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        if name in (b"VP8L", b"VP8 "):
            return name == b"VP8L"
        place += 8 + size + size % 2
    return False


def _alpha(data: bytes) -> Float[Tensor, "height width"] | None:
    """Opacity in [0, 1] of an upright picture; None if it is opaque everywhere."""
    with Image.open(io.BytesIO(data)) as opened:
        if not opened.has_transparency_data:
            return None
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    alpha = torch.from_numpy(np.array(upright.getchannel("A"))).float() / 255
    return None if bool((alpha == 1).all()) else alpha


def _pixels(
    image: Float[Tensor, "3 height width"], mode: str, alpha: Float[Tensor, "height width"] | None
) -> Image.Image:
    values = image.detach().cpu().clamp(0, 1)
    if alpha is not None:
        colours = torch.where(alpha > 0, values / alpha.clamp(min=1 / 255), 0.0).clamp(0, 1)
        return Image.fromarray(_bytes(torch.cat([colours, alpha[None]])))
    is_grey = bool((values == values[:1]).all())
    if is_grey and mode.startswith("I"):
        return Image.fromarray((values[0].double() * _SIXTEEN_BITS).round().numpy().astype(np.uint16))
    if is_grey and mode in ("1", "L", "LA"):
        return Image.fromarray(_bytes(values[:1])[..., 0])
    return Image.fromarray(_bytes(values))


def _bytes(values: Float[Tensor, "channels height width"]) -> np.ndarray:
    return (values * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
