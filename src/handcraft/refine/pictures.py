# SPDX-License-Identifier: Apache-2.0
"""The picture of a refiner in training: a row of images for each domain and translation, each row named."""

from collections.abc import Mapping
from pathlib import Path

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from handcraft.data import contact_sheet, picture_from_image, whole_scale
from handcraft.data.drawing import enlarged
from handcraft.refine.range import unit_from_signed


def draw_translations(path: Path, rows: Mapping[str, Float[Tensor, "_ 3 height width"]]) -> None:
    """Write a PNG with one named row of images per entry; images are in [-1, 1].

    Small images are enlarged by whole factors with hard pixels: what a generator does wrong often shows at single ones.
    """
    pictures = [[_picture(image) for image in images] for images in rows.values()]
    contact_sheet(pictures, row_titles=list(rows)).save(path, format="PNG")


def _picture(image: Float[Tensor, "3 height width"]) -> Image.Image:
    picture = picture_from_image(unit_from_signed(image))
    return enlarged(picture, whole_scale(picture.width), Image.Resampling.NEAREST)
