# SPDX-License-Identifier: Apache-2.0
"""Seed 002's Figure 5 (and 1 and 3): the same hands as rendered and as every model translates them, and photographs."""

from pathlib import Path

from PIL import Image

from handcraft.data import PreparedSet, contact_sheet, picture_from_image, whole_scale
from handcraft.files import atomic_path
from handcraft.studies.described import evenly
from handcraft.studies.hgan.models import Models
from handcraft.studies.hgan.published import TABLE_I
from handcraft.studies.refinement.pictures import COLUMNS


def write_pictures(run: Path, models: Models, seed: int) -> list[dict[str, str]]:
    """Write the sheet below ``run`` and return its entry in ``results.json``."""
    sets = models.sets
    shown = {"render": sets.test_renders}
    shown |= {name: models.refined(name, seed, "test_renders") for name in TABLE_I}
    rows = [_row(each) for each in shown.values()]
    rows.append(_row(sets.test_photographs))
    file = run / "pictures" / "models.png"
    file.parent.mkdir(exist_ok=True)
    with atomic_path(file) as beside:
        sheet = contact_sheet(rows, row_titles=[*shown, f"{sets.test_photographs.source} (target, other hands)"])
        sheet.save(beside, format="PNG", optimize=True)
    caption = (
        "Each column is one hand no model has seen, picked evenly from the test set and not by any figure. "
        "Outside the hand's mask all but GeoConGAN keep the render's white. The last row shows other hands."
    )
    title = "The document's Figure 5: the same hands by every model"
    return [{"file": "pictures/models.png", "title": title, "caption": caption, "group": "look"}]


def _row(prepared: PreparedSet) -> list[Image.Image]:
    images = prepared.select(evenly(len(prepared), COLUMNS)).float_images()
    return [picture_from_image(image, scale=whole_scale(prepared.size)) for image in images]
