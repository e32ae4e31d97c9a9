# SPDX-License-Identifier: Apache-2.0
"""The picture of a refiner in training: a row of images for each domain and translation, each row named."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from handcraft.refine.range import unit_from_signed

_NAME_WIDTH_PX = 96
_SMALLEST_SHOWN_PX = 64
_GAP_PX = 2


def draw_translations(path: Path, rows: Mapping[str, Float[Tensor, "_ 3 height width"]]) -> None:
    """Write a PNG with one named row of images per entry; images are in [-1, 1] and of one size.

    Images below 64 pixels are enlarged by whole factors, so that every pixel stays to be seen.
    """
    size = next(iter(rows.values())).shape[-1]
    cell = size * max(1, -(-_SMALLEST_SHOWN_PX // size)) + _GAP_PX
    columns = max(len(images) for images in rows.values())
    sheet = Image.new("RGB", (_NAME_WIDTH_PX + columns * cell, len(rows) * cell), "white")
    write = ImageDraw.Draw(sheet)
    for row, (name, images) in enumerate(rows.items()):
        write.text((4, row * cell + cell // 2 - 6), name, fill="black")
        for column, image in enumerate(images):
            shown = _picture(image).resize((cell - _GAP_PX, cell - _GAP_PX), Image.Resampling.NEAREST)
            sheet.paste(shown, (_NAME_WIDTH_PX + column * cell, row * cell))
    sheet.save(path, format="PNG")


def _picture(image: Float[Tensor, "3 height width"]) -> Image.Image:
    values = (unit_from_signed(image.detach().cpu().float()) * 255).round().to(torch.uint8)
    return Image.fromarray(np.ascontiguousarray(values.permute(1, 2, 0).numpy()))
