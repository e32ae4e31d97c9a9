# SPDX-License-Identifier: Apache-2.0
"""What a person looks at first in a set that was rendered: a sheet of samples, and an animation where hands move."""

from itertools import islice
from pathlib import Path

from PIL import Image

from handcraft.data.drawing import contact_sheet, draw_skeleton, picture_from_image
from handcraft.data.label_pictures import show_depth, show_normals, show_parts
from handcraft.data.parts import PREVIEW_NAME
from handcraft.data.rendered import RenderedSet
from handcraft.data.sequence_preview import sequence_animation, sequence_sheet, sequences_of, write_animation
from handcraft.files import atomic_path
from handcraft.scene import SequenceConfig

ANIMATION_NAME = "preview.webp"
SHOWN = 8
SHOWN_SEQUENCES = 4


def write_preview(rendered: RenderedSet, folder: Path) -> None:
    """A sheet of the first samples with their labels; of sequences, the first motions, and an animation of them."""
    config = rendered.config
    if not isinstance(config, SequenceConfig):
        sheet = _sheet(rendered)
    else:
        sequences = sequences_of(islice(rendered, SHOWN_SEQUENCES * config.frames))
        write_animation(sequence_animation(sequences), folder / ANIMATION_NAME)
        sheet = sequence_sheet([frames[:: max(1, len(frames) // SHOWN)] for frames in sequences])
    with atomic_path(folder / PREVIEW_NAME) as beside:
        sheet.save(beside, format="PNG")


def _sheet(rendered: RenderedSet) -> Image.Image:
    rows = []
    for sample in islice(rendered, SHOWN):
        assert sample.keypoints_px is not None
        assert sample.parts is not None
        assert sample.depth_m is not None
        assert sample.normals is not None
        rows.append([
            picture_from_image(sample.image), draw_skeleton(sample.image, sample.keypoints_px, scale=1),
            show_parts(sample.parts, scale=1), show_depth(sample.depth_m, scale=1),
            show_normals(sample.normals, scale=1),
        ])  # fmt: skip
    return contact_sheet(list(map(list, zip(*rows, strict=True))))
