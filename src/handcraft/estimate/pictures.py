# SPDX-License-Identifier: Apache-2.0
"""Small pictures a learner draws of itself while it trains: skeletons and masks over a grid of samples."""

import math
from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from handcraft.hand.skeleton import BONES, FINGER_COLOURS, KEYPOINTS, finger_of

TILE_PX = 160
COLUMNS = 4


def draw_skeletons(
    path: Path, images: Float[Tensor, "batch 3 height width"], keypoints_px: Float[Tensor, "batch joint 2"]
) -> None:
    """Write a PNG grid of square ``images`` with their keypoints' bones in the colours of the fingers."""
    tiles = [_tile(image) for image in images]
    scale = TILE_PX / images.shape[-1]
    for tile, points in zip(tiles, keypoints_px, strict=True):
        # PIL puts a pixel's centre at whole numbers
        places = [tuple(point) for point in (points * scale - 0.5).tolist()]
        pencil = ImageDraw.Draw(tile)
        for parent, child in BONES:
            pencil.line([places[parent], places[child]], fill=_finger_rgb(child), width=2)
    _write_grid(path, tiles)


def draw_masks(
    path: Path, images: Float[Tensor, "batch 3 height width"], probabilities: Float[Tensor, "batch height width"]
) -> None:
    """Write a PNG grid of ``images`` whose pixels are tinted red where the hand is thought to be."""
    red = images.new_tensor([0.9, 0.2, 0.2]).view(1, 3, 1, 1)
    share = 0.6 * probabilities[:, None]
    _write_grid(path, [_tile(image) for image in images * (1 - share) + red * share])


def _finger_rgb(keypoint: int) -> tuple[int, int, int]:
    red, green, blue = FINGER_COLOURS[finger_of(KEYPOINTS[keypoint])]
    return round(255 * red), round(255 * green), round(255 * blue)


def _tile(image: Float[Tensor, "3 height width"]) -> Image.Image:
    pixels = (image.detach().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels).resize((TILE_PX, TILE_PX), Image.Resampling.BILINEAR)


def _write_grid(path: Path, tiles: list[Image.Image]) -> None:
    rows = math.ceil(len(tiles) / COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * TILE_PX, rows * TILE_PX))
    for index, tile in enumerate(tiles):
        sheet.paste(tile, (index % COLUMNS * TILE_PX, index // COLUMNS * TILE_PX))
    sheet.save(path, format="PNG")
