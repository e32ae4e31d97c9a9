# SPDX-License-Identifier: Apache-2.0
"""Crops at the picture's own scale, pixel for pixel, as Oprea et al. cut theirs (seed 002, "Training details").

A refiner trained on them sees hands of every size and often only a part of one. What sticks out of the picture is
background.
"""

import numpy as np
import torch
from jaxtyping import Bool
from scipy import ndimage
from torch import Tensor

from handcraft.data.crop import CropBox
from handcraft.errors import HandcraftError

_EROSIONS = 3
_EROSION_PX = 5
_FINGERS_PX = (20.0, -100.0)
"""Right and up from the centre of mass, where egocentric hands have their fingers; in pixels of 640 x 480."""


def drawn_native_crop(mask: Bool[Tensor, "height width"], size: int, generator: torch.Generator) -> CropBox:
    """``size`` px about a pixel drawn from those well inside the hand.

    Well inside is what three erosions by 5 x 5 px leave, or as many of them as leave anything.

    Raises:
        HandcraftError: an empty mask.
    """
    rows, columns = torch.nonzero(_core(_expect_hand(mask)), as_tuple=True)
    drawn = int(torch.randint(len(rows), (), generator=generator))
    return CropBox(float(columns[drawn] - size // 2), float(rows[drawn] - size // 2), float(size))


def fixed_native_crop(mask: Bool[Tensor, "height width"], size: int) -> CropBox:
    """``size`` px about the mask's centre of mass, moved 20 px right and 100 px up towards the fingers: test crops.

    Raises:
        HandcraftError: an empty mask.
    """
    rows, columns = torch.nonzero(_expect_hand(mask), as_tuple=True)
    centre_px = (columns.double().mean() + _FINGERS_PX[0], rows.double().mean() + _FINGERS_PX[1])
    left_px, top_px = (round(float(centre)) - size // 2 for centre in centre_px)
    return CropBox(float(left_px), float(top_px), float(size))


def _expect_hand(mask: Bool[Tensor, "height width"]) -> Bool[Tensor, "height width"]:
    if not mask.any():
        raise HandcraftError("Expected a mask with a hand in it, but got a mask without a hand (no pixel is set).")
    return mask


def _core(mask: Bool[Tensor, "height width"]) -> Bool[Tensor, "height width"]:
    core = mask.cpu().numpy()
    for _ in range(_EROSIONS):
        smaller = ndimage.binary_erosion(core, np.ones((_EROSION_PX, _EROSION_PX), dtype=bool))
        if not smaller.any():
            break
        core = smaller
    return torch.from_numpy(core)
