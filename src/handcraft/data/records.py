# SPDX-License-Identifier: Apache-2.0
"""A sample as the files it has in a shard (``rgb.png``, ``mask.png``, ..., ``json``), and back."""

import io
import json
from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from handcraft.data import pixels
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError

PictureFormat = Literal["png", "jpg"]

_PLAIN = ("source", "is_real", "subject", "side")
_NUMBERS = ("keypoints_px", "confidence", "joints_m", "intrinsics")
_NUMBERS_IF_THERE = ("angles_rad", "shape", "camera_from_hand")
_VALUES_IF_THERE = ("skin_tone", "seed", "index", "sequence", "frame")
_FILES = {
    "mask": (pixels.png_from_mask, pixels.mask_from_png),
    "parts": (pixels.png_from_parts, pixels.parts_from_png),
    "depth_m": (pixels.png_from_depth, pixels.depth_from_png),
    "normals": (pixels.png_from_normals, pixels.normals_from_png),
    "sensed_depth_m": (pixels.png_from_depth, pixels.depth_from_png),
    "flow_px": (pixels.png_from_flow, pixels.flow_from_png),
    "vertices_m": (pixels.npy_from_numbers, pixels.numbers_from_npy),
}


def files_from_sample(sample: HandSample, image_format: PictureFormat) -> dict[str, bytes]:
    """The sample's files by extension, in a fixed order.

    Raises:
        HandcraftError: a number that is not finite or a depth out of range; the key is named.
    """
    try:
        image = pixels.png_from_rgb(sample.image) if image_format == "png" else pixels.jpg_from_rgb(sample.image)
        labels = {
            _extension(label): encode(getattr(sample, label))
            for label, (encode, _) in _FILES.items()
            if getattr(sample, label) is not None
        }
        return {f"rgb.{image_format}": image, **labels, "json": _json_from_sample(sample)}
    except ValueError as error:
        raise HandcraftError(f"Expected sample {sample.key!r} to be storable: {error}") from error


def sample_from_files(key: str, files: Mapping[str, bytes]) -> HandSample:
    """The inverse of ``files_from_sample``, up to 8 bits a colour, 0.1 mm of depth, 8 bits a normal, 1/32 px of flow.

    A label that a shard does not know, for it is older or made by somebody else, is absent.

    Raises:
        HandcraftError: files that are not those of a sample; the key is named.
    """
    image = files.get("rgb.png", files.get("rgb.jpg"))
    if image is None or "json" not in files:
        raise HandcraftError(f"Expected sample {key!r} to have rgb.png or rgb.jpg and json, but got {sorted(files)}.")
    record = json.loads(files["json"])
    labels: dict[str, Any] = {name: _tensor(record[name], torch.float32) for name in _NUMBERS}
    labels |= {name: _tensor(record.get(name), torch.float32) for name in _NUMBERS_IF_THERE}
    labels |= {name: record.get(name) for name in _VALUES_IF_THERE}
    for label, (_, decode) in _FILES.items():
        labels[label] = decode(files[_extension(label)]) if _extension(label) in files else None
    return HandSample(
        key=key,
        image=pixels.read_photograph(io.BytesIO(image)),
        visible=_tensor(record["visible"], torch.bool),
        **{name: record[name] for name in _PLAIN},
        **labels,
    )


def _extension(label: str) -> str:
    return f"{label.removesuffix('_m').removesuffix('_px')}.{'npy' if label == 'vertices_m' else 'png'}"


def _json_from_sample(sample: HandSample) -> bytes:
    numbers = {name: _listed(getattr(sample, name)) for name in (*_NUMBERS, "visible")}
    numbers |= {name: _listed(getattr(sample, name)) for name in _NUMBERS_IF_THERE if _has(sample, name)}
    values = {name: getattr(sample, name) for name in _VALUES_IF_THERE if _has(sample, name)}
    record = {"key": sample.key, **{name: getattr(sample, name) for name in _PLAIN}, **numbers, **values}
    return json.dumps(record, allow_nan=False).encode()


def _has(sample: HandSample, name: str) -> bool:
    return getattr(sample, name) is not None


def _listed(value: Tensor | None) -> list[Any] | None:
    return None if value is None else value.tolist()


def _tensor(value: list[Any] | None, dtype: torch.dtype) -> Tensor | None:
    return None if value is None else torch.tensor(value, dtype=dtype)
