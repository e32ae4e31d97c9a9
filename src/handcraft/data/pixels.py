# SPDX-License-Identifier: Apache-2.0
"""Picture files to tensors and back: photographs of any common kind in, deterministic PNG and JPEG out."""

import io
import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageOps
from torch import Tensor

from handcraft.errors import HandcraftError

_DEPTH_UNITS_PER_M = 10_000  # uint16 steps of 0.1 mm reach 6.5535 m
_FLOW_STEPS_PER_PX = 32
_STILL = 32768  # the 16-bit value of a flow of 0
_JPEG_QUALITY = 95
_RUNS: dict[str, int] = {"compress_level": 4, "compress_type": zlib.Z_RLE}
"""After PNG's filters a hand's picture is runs and small numbers: looking for runs alone takes two thirds of the time
and a twentieth more room."""


def read_photograph(file: Path | io.BytesIO) -> Float[Tensor, "3 height width"]:
    """Read a picture as RGB in [0, 1], turned the way its EXIF orientation says.

    Greyscale is repeated, 16-bit greyscale is scaled by 65535, transparent pixels are laid over black, and of an
    animation the first frame is taken.

    Raises:
        HandcraftError: not a picture, cut short, or of a kind without an agreed range.
    """
    try:
        with Image.open(file) as opened:
            return _rgb(ImageOps.exif_transpose(opened))
    except HandcraftError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly every type of error on damaged files
        raise HandcraftError(f"Expected a picture, but it cannot be read: {error}.") from error


def png_from_rgb(image: Float[Tensor, "3 height width"]) -> bytes:
    """RGB in [0, 1], rounded to 8 bits."""
    return _encoded(Image.fromarray(_bytes_from_unit(image)), "PNG", **_RUNS)


def jpg_from_rgb(image: Float[Tensor, "3 height width"]) -> bytes:
    """RGB in [0, 1] at quality 95 with full colour resolution."""
    return _encoded(Image.fromarray(_bytes_from_unit(image)), "JPEG", quality=_JPEG_QUALITY, subsampling=0)


def png_from_mask(mask: Bool[Tensor, "height width"]) -> bytes:
    """0 and 255."""
    return png_from_parts(mask.to(torch.uint8) * 255)


def mask_from_png(data: bytes) -> Bool[Tensor, "height width"]:
    """True above half."""
    return parts_from_png(data) > 127


def png_from_parts(parts: UInt8[Tensor, "height width"]) -> bytes:
    """The part numbers themselves."""
    return _encoded(Image.fromarray(parts.numpy()), "PNG", **_RUNS)


def parts_from_png(data: bytes) -> UInt8[Tensor, "height width"]:
    """The inverse of ``png_from_parts``."""
    return torch.from_numpy(np.array(_opened(data).convert("L")))


def png_from_depth(depth_m: Float[Tensor, "height width"]) -> bytes:
    """16 bits in steps of 0.1 mm; 0 where nothing is.

    Raises:
        HandcraftError: a depth below 0 or beyond 6.5535 m.
    """
    units = (depth_m.double() * _DEPTH_UNITS_PER_M).round()
    if not bool(((units >= 0) & (units <= 65535)).all()):
        raise HandcraftError(f"Expected `depth_m` in 0 to 6.5535 m, but got up to {depth_m.max():.4f}.")
    return _encoded(Image.fromarray(units.to(torch.int32).numpy().astype(np.uint16)), "PNG", **_RUNS)


def depth_from_png(data: bytes) -> Float[Tensor, "height width"]:
    """The inverse of ``png_from_depth``, in metres."""
    return torch.from_numpy(np.array(_opened(data)).astype(np.float64) / _DEPTH_UNITS_PER_M).float()


def png_from_normals(normals: Float[Tensor, "3 height width"]) -> bytes:
    """Each component as ``128 + round(127 n)``: the usual (n + 1) / 2 colours, with an exact 0 for "nothing here"."""
    return _encoded(Image.fromarray(_channels_last((normals * 127).round() + 128)), "PNG", **_RUNS)


def normals_from_png(data: bytes) -> Float[Tensor, "3 height width"]:
    """The inverse of ``png_from_normals``."""
    return (torch.from_numpy(np.array(_opened(data))).permute(2, 0, 1).float() - 128) / 127


def png_from_flow(flow_px: Float[Tensor, "2 height width"]) -> bytes:
    """One 16-bit picture, x over y, in steps of 1/32 px about 32768.

    Raises:
        HandcraftError: a flow beyond 1023 px, which is no motion of a hand in a picture.
    """
    steps = (flow_px.double() * _FLOW_STEPS_PER_PX).round() + _STILL
    if not bool(((steps >= 0) & (steps <= 65535)).all()):
        raise HandcraftError(f"Expected `flow_px` within 1023 px, but got up to {flow_px.abs().max():.1f} px.")
    return _encoded(Image.fromarray(steps.flatten(0, 1).to(torch.int32).numpy().astype(np.uint16)), "PNG", **_RUNS)


def flow_from_png(data: bytes) -> Float[Tensor, "2 height width"]:
    """The inverse of ``png_from_flow``, in pixels."""
    steps = torch.from_numpy(np.array(_opened(data)).astype(np.float32)).unflatten(0, (2, -1))
    return (steps - _STILL) / _FLOW_STEPS_PER_PX


def npy_from_numbers(numbers: Float[Tensor, "*shape"]) -> bytes:
    """NumPy's own file format, 32-bit floats, every bit kept."""
    buffer = io.BytesIO()
    np.save(buffer, numbers.float().contiguous().numpy(), allow_pickle=False)
    return buffer.getvalue()


def numbers_from_npy(data: bytes) -> Float[Tensor, "*shape"]:
    """The inverse of ``npy_from_numbers``; never runs what a file brings."""
    return torch.from_numpy(np.load(io.BytesIO(data), allow_pickle=False))


def _rgb(image: Image.Image) -> Float[Tensor, "3 height width"]:
    if image.mode == "F":
        raise HandcraftError("Expected a picture of integers, but got floating-point pixels, whose range is unknown.")
    if image.mode.startswith("I"):
        grey = torch.from_numpy(np.array(image).astype(np.float32)) / 65535
        return grey.clamp(0, 1).expand(3, *grey.shape).contiguous()
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image.convert("RGBA"))
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous().float() / 255


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _bytes_from_unit(image: Float[Tensor, "3 height width"]) -> np.ndarray:
    return _channels_last((image.clamp(0, 1) * 255).round())


def _channels_last(values: Float[Tensor, "3 height width"]) -> np.ndarray:
    return values.clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
