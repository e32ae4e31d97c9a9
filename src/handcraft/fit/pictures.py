# SPDX-License-Identifier: Apache-2.0
"""Poses as drawn skeletons, seen from the back of the hand and from the thumb's side."""

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from handcraft.data import draw_skeleton

SIDE_PX = 160
_PX_PER_M = 620.0


def pose_tiles(joints_m: Float[Tensor, "pose 21 3"]) -> list[Image.Image]:
    """One picture per pose, its two views side by side."""
    blank = torch.full((3, SIDE_PX, 2 * SIDE_PX), 0.13)
    up = SIDE_PX * 0.85 - joints_m[..., 1] * _PX_PER_M
    back = SIDE_PX * 0.5 - joints_m[..., 2] * _PX_PER_M
    thumb = SIDE_PX * 1.5 + joints_m[..., 0] * _PX_PER_M
    tiles = []
    for points_px in zip(torch.stack([back, up], -1).cpu(), torch.stack([thumb, up], -1).cpu(), strict=True):
        halves = [draw_skeleton(blank, view_px, scale=1) for view_px in points_px]
        seen = halves[0].copy()
        seen.paste(halves[1].crop((SIDE_PX, 0, 2 * SIDE_PX, SIDE_PX)), (SIDE_PX, 0))
        tiles.append(seen)
    return tiles
