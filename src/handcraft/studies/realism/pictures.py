# SPDX-License-Identifier: Apache-2.0
"""What realism looks like: the sets one under another, and where their images lie in the space."""

from collections.abc import Mapping
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from handcraft.data import PreparedSet, contact_sheet, picture_from_image, whole_scale
from handcraft.files import atomic_path
from handcraft.measure.realism import NEIGHBOURS, embed_in_plane
from handcraft.studies.described import evenly
from handcraft.studies.realism.measuring import EncodedSet

SHOWN = 10
EMBEDDED = 512
"""Images of each set in the plane."""
_PANEL_PX, _DRAWN_LARGER, _DOT_PX = 320, 3, 3.2
_PAPER, _REAL, _MADE = (247, 247, 247), (110, 116, 125, 150), (213, 94, 0, 150)


def write_pictures(
    folder: Path,
    sets: Mapping[str, PreparedSet],
    encoded: Mapping[str, EncodedSet],
    *,
    seed: int,
) -> list[dict[str, str]]:
    """Write both pictures below ``folder`` and return their entries in ``results.json``; the photographs come first."""
    planes, methods = _planes(encoded, seed=seed)
    entries = [
        ("sets", "Photographs and made images", _sheet(sets), "Picked evenly from each set, not by any figure."),
        ("plane", "Where the images lie", contact_sheet(planes, row_titles=methods, column_titles=list(sets)[1:]),
         "Grey: photographs. Orange: the made images of the column, up to "
         f"{EMBEDDED} of each. Sets lie in one plane, found without telling which is which. Far and near between "
         "clusters mean nothing in UMAP: the table says how far apart sets are."),
    ]  # fmt: skip
    for name, _, picture, _ in entries:
        with atomic_path(folder / "pictures" / f"{name}.png") as beside:
            picture.save(beside, format="PNG", optimize=True)
    return [
        {"file": f"pictures/{name}.png", "title": title, "caption": caption, "group": "look"}
        for name, title, _, caption in entries
    ]


def _sheet(sets: Mapping[str, PreparedSet]) -> Image.Image:
    rows = []
    for each in sets.values():
        shown = each.select(evenly(len(each), SHOWN)).float_images()
        rows.append([picture_from_image(image, scale=whole_scale(each.size, shown_px=128)) for image in shown])
    return contact_sheet(rows, row_titles=list(sets))


def _planes(encoded: Mapping[str, EncodedSet], *, seed: int) -> tuple[list[list[Image.Image]], list[str]]:
    """A row of panels for each number of neighbours, a panel for each made set, and how each row was found."""
    some = [each.features[evenly(len(each.features), EMBEDDED)] for each in encoded.values()]
    rows, methods = [], []
    for neighbours in NEIGHBOURS:
        embedding = embed_in_plane(torch.cat(some), neighbours=neighbours, seed=seed)
        if embedding.method in methods:  # principal components know no neighbours
            continue
        real, *made = _in_panel(embedding.points).split([len(each) for each in some])
        rows.append([_panel(real, each) for each in made])
        methods.append(embedding.method)
    return rows, methods


def _in_panel(points: Tensor) -> Tensor:
    """Into the unit square, both axes at one scale, in the middle."""
    low, high = points.amin(dim=0), points.amax(dim=0)
    return 0.5 + 0.92 * (points - (low + high) / 2) / (high - low).max().clamp_min(1e-9)


def _panel(real: Tensor, made: Tensor) -> Image.Image:
    side, reach = _PANEL_PX * _DRAWN_LARGER, _DOT_PX * _DRAWN_LARGER
    panel = Image.new("RGB", (side, side), _PAPER)
    draw = ImageDraw.Draw(panel, "RGBA")
    for points, colour in ((real, _REAL), (made, _MADE)):
        for x, y in (points * side).tolist():
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    return panel.resize((_PANEL_PX, _PANEL_PX), Image.Resampling.BOX)
