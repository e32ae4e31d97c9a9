# SPDX-License-Identifier: Apache-2.0
"""The hand from a translation, all else from its original: what seed 002 does where masks are known.

One function, used alike while training, in pictures of it, and by ``Refiner``. The published code composited in
training only, so what it was validated on was not what it had been trained to make.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def composited(
    translated: Float[Tensor, "batch 3 height width"],
    original: Float[Tensor, "batch 3 height width"],
    masks: Bool[Tensor, "batch height width"],
) -> Float[Tensor, "batch 3 height width"]:
    """``translated`` inside ``masks``, ``original`` outside: ``m G(x) + (1 - m) x``."""
    return torch.where(masks[:, None], translated, original)
