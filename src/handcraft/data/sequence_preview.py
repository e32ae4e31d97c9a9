# SPDX-License-Identifier: Apache-2.0
"""Sequences a person can look at: a sheet with one motion a row, and an animation that plays several at once."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from handcraft.data.drawing import contact_sheet, draw_skeleton, in_rows, picture_from_image
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.files import atomic_path

ANIMATIONS = {".webp": "WEBP", ".gif": "GIF", ".png": "PNG"}
"""Formats that move, by suffix; the PNG is an animated one."""


def sequences_of(samples: Iterable[HandSample]) -> list[list[HandSample]]:
    """Samples that follow each other, by sequence.

    Raises:
        HandcraftError: a sample of no sequence.
    """
    found = [list(frames) for _, frames in itertools.groupby(samples, key=lambda sample: sample.sequence)]
    for frames in found:
        if frames[0].sequence is None:
            raise HandcraftError(
                f"Expected samples of sequences, but {frames[0].key!r} is of none; render with more than 1 of `frames`."
            )
    return found


def sequence_sheet(sequences: Sequence[Sequence[HandSample]]) -> Image.Image:
    """One motion a row, frame by frame, and its skeletons in the row below."""
    rows = []
    for frames in sequences:
        rows.append([picture_from_image(sample.image) for sample in frames])
        rows.append([_with_skeleton(sample) for sample in frames])
    return contact_sheet(rows)


def sequence_animation(sequences: Sequence[Sequence[HandSample]], *, columns: int = 4) -> list[Image.Image]:
    """The frames of an animation that plays the sequences beside each other, with their skeletons below."""
    length = max(len(frames) for frames in sequences)
    pictures = []
    for number in range(length):
        shown = [frames[min(number, len(frames) - 1)] for frames in sequences]
        plain, drawn = [picture_from_image(sample.image) for sample in shown], [_with_skeleton(each) for each in shown]
        both = zip(in_rows(plain, columns), in_rows(drawn, columns), strict=True)
        pictures.append(contact_sheet([row for pair in both for row in pair]))
    return pictures


def write_animation(pictures: Sequence[Image.Image], path: Path, *, frame_s: float = 0.1) -> None:
    """Write pictures of one size as an animation that repeats; the suffix of ``path`` says which kind.

    Raises:
        HandcraftError: a suffix of a format that does not move.
    """
    kind = ANIMATIONS.get(Path(path).suffix.lower())
    if kind is None:
        raise HandcraftError(f"Expected a name that ends in {', '.join(ANIMATIONS)}, but got {path}.")
    options = {"save_all": True, "append_images": list(pictures[1:]), "duration": round(1000 * frame_s), "loop": 0}
    with atomic_path(path) as beside:
        pictures[0].save(beside, kind, **options)


def _with_skeleton(sample: HandSample) -> Image.Image:
    if sample.keypoints_px is None:
        return picture_from_image(sample.image)
    return draw_skeleton(sample.image, sample.keypoints_px, scale=1)
