# SPDX-License-Identifier: Apache-2.0
"""The two forms COCO has for masks: run lengths (down the columns, zeros first, in turn) and polygons."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError


def runs_from_mask(mask: Bool[Tensor, "height width"]) -> list[int]:
    """The lengths, as COCO's ``counts`` list; 0 comes first where the first pixel is set."""
    flat = mask.T.flatten().numpy()
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], turns, [flat.size]])).tolist()
    return [0, *lengths] if flat.size and flat[0] else lengths


def mask_from_runs(counts: list[int] | str, height: int, width: int) -> Bool[Tensor, "height width"]:
    """The inverse, for a ``counts`` list or the text that COCO's tools compress it to.

    Raises:
        HandcraftError: lengths that do not fill the picture.
    """
    lengths = np.array(_lengths_from_text(counts) if isinstance(counts, str) else counts, dtype=np.int64)
    if lengths.size == 0 or lengths.min() < 0 or lengths.sum() != height * width:
        raise HandcraftError(f"Expected runs that fill {height} x {width} pixels, but got a sum of {lengths.sum()}.")
    flat = np.repeat(np.arange(lengths.size) % 2 == 1, lengths)
    return torch.from_numpy(flat.reshape(width, height).T.copy())


def mask_from_polygons(polygons: Sequence[Sequence[float]], height: int, width: int) -> Bool[Tensor, "height width"]:
    """True where a pixel's centre lies within one of the polygons, each x, y, x, y, ... from the picture's corner."""
    mask = torch.zeros(height, width, dtype=torch.bool)
    for polygon in polygons:
        mask |= _inside(torch.tensor(polygon, dtype=torch.float64).reshape(-1, 2), height, width)
    return mask


def _inside(corners: Float[Tensor, "corner 2"], height: int, width: int) -> Bool[Tensor, "height width"]:
    """Every edge turns over the pixels to its right, in the rows it crosses; what was turned an odd time is inside."""
    mask = torch.zeros(height, width, dtype=torch.bool)
    rows, columns = torch.arange(height) + 0.5, torch.arange(width) + 0.5
    for (x, y), (next_x, next_y) in zip(corners.tolist(), corners.roll(-1, dims=0).tolist(), strict=True):
        crossed = (rows > y) != (rows > next_y)
        if bool(crossed.any()):
            crossings = x + (rows[crossed] - y) * (next_x - x) / (next_y - y)
            mask[crossed] ^= columns > crossings[:, None]
    return mask


def _lengths_from_text(text: str) -> list[int]:
    """Undo COCO's compression: 5 bits a character, and from the fourth length on the change since the last but one."""
    lengths: list[int] = []
    value, shift = 0, 0
    for character in text:
        code = ord(character) - 48
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            value -= (1 << shift) if code & 16 else 0
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value, shift = 0, 0
    return lengths
