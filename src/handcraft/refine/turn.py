# SPDX-License-Identifier: Apache-2.0
"""Photographs turned by random angles: what a discriminator cannot tell, a generator need not imitate.

People photograph hands upright, renders show them at any roll. A refiner trained on such a pair learns to turn
hands upright, labels or not. Turning the photographs takes that difference away.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def turned(
    images: Float[Tensor, "batch channels side side"], angles_rad: Float[Tensor, " batch"]
) -> Float[Tensor, "batch channels side side"]:
    """Turn square images about their middle; what comes in over the border is mirrored (black stays black)."""
    cosine, sine, none = angles_rad.cos(), angles_rad.sin(), torch.zeros_like(angles_rad)
    rows = [torch.stack([cosine, -sine, none], -1), torch.stack([sine, cosine, none], -1)]
    grid = F.affine_grid(torch.stack(rows, -2).to(images), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def random_angles_rad(count: int, widest_deg: float, *, generator: torch.Generator) -> Float[Tensor, " batch"]:
    """Angles spread evenly within plus or minus ``widest_deg``."""
    return math.radians(widest_deg) * (2 * torch.rand(count, generator=generator) - 1)
