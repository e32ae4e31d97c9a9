# SPDX-License-Identifier: Apache-2.0
"""Writes YOLO pose: ``images/{train,val}/KEY.jpg``, ``labels/{train,val}/KEY.txt`` and ``data.yaml``.

- A label line is ``class cx cy w h`` and 21 times ``x y v``, all divided by the picture's size. The picture covers 0 to
  1 from edge to edge, as boxes do and as mirroring (x -> 1 - x) needs; no half pixel is moved.
- ``v`` is 0 not labelled or outside the picture (then x = y = 0, for trainers refuse numbers beyond 1), 1 hidden or
  not said, 2 visible.
- One class, ``hand``, and ``flip_idx`` is the identity: the mirror image of an index fingertip is an index fingertip.
  What a mirror changes is the side, which a class could not follow; so sides stand in ``samples.csv`` beside the
  labels, and whoever flips pictures and learns sides flips those too.
- A tenth of the samples is for validation, split by subject.
- Lost: masks, depth, parts, normals, joints in 3D, cameras, confidences between 0 and 1.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from handcraft.data.exporters.folder import whole_folder
from handcraft.data.hand_box import expect_keypoints, hand_box, visibility_flags
from handcraft.data.pixels import jpg_from_rgb
from handcraft.data.sample import HandSample
from handcraft.data.splits import split_by_subject
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS

SAMPLES_NAME = "samples.csv"
COLUMNS = ("key", "split", "side", "subject")

_VALIDATION_SHARE = 0.1
_SPLIT_SEED = 0


def export_yolo(samples: Iterable[HandSample], out: Path, *, licence: str = "") -> int:
    """Write samples one by one, then move those for validation; return how many.

    Raises:
        HandcraftError: no samples, one without keypoints, a single subject, or an ``out`` that holds something.
    """
    written: list[tuple[str, str, str]] = []
    origin = ("", False)
    with whole_folder(out) as folder:
        for kind in ("images", "labels"):
            for split in ("train", "val"):
                (folder / kind / split).mkdir(parents=True)
        for sample in samples:
            origin = (sample.source, sample.is_real)
            (folder / "images" / "train" / f"{sample.key}.jpg").write_bytes(jpg_from_rgb(sample.image))
            (folder / "labels" / "train" / f"{sample.key}.txt").write_text(_label(sample), encoding="utf-8")
            written.append((sample.key, sample.side, sample.subject))
        if not written:
            raise HandcraftError(f"Expected samples to write into {out}, but got none; nothing was written.")
        _split(folder, written)
        (folder / "data.yaml").write_text(_yaml(*origin, licence), encoding="utf-8")
    return len(written)


def _label(sample: HandSample) -> str:
    """The sample's line; nothing if no part of the hand is in the picture, which YOLO reads as background."""
    height, width = sample.image.shape[-2:]
    left, top, box_width, box_height = hand_box(sample)
    if box_width <= 0 or box_height <= 0:
        return ""
    numbers = [(left + box_width / 2) / width, (top + box_height / 2) / height, box_width / width, box_height / height]
    words = ["0", *(f"{number:.8f}" for number in numbers)]
    for (x, y), flag in zip(expect_keypoints(sample).tolist(), visibility_flags(sample), strict=True):
        is_inside = 0 <= x <= width and 0 <= y <= height
        words += [f"{x / width:.8f}", f"{y / height:.8f}", str(flag)] if flag and is_inside else ["0", "0", "0"]
    return " ".join(words) + "\n"


def _split(folder: Path, written: Sequence[tuple[str, str, str]]) -> None:
    shares = (1 - _VALIDATION_SHARE, _VALIDATION_SHARE)
    _, validation = split_by_subject([subject for _, _, subject in written], shares, _SPLIT_SEED)
    is_validation = set(validation)
    with (folder / SAMPLES_NAME).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for number, (key, side, subject) in enumerate(written):
            split = "val" if number in is_validation else "train"
            table.writerow([key, split, side, subject])
            if split == "val":
                for name in (f"images/{{}}/{key}.jpg", f"labels/{{}}/{key}.txt"):
                    (folder / name.format("train")).replace(folder / name.format("val"))


def _yaml(source: str, is_real: bool, licence: str) -> str:
    return (
        f"# {source}, written by handcraft\n"
        f"# licence: {licence or 'that of the set it was made of'}\n"
        "train: images/train\n"
        "val: images/val\n"
        "kpt_shape: [21, 3]\n"
        "# One hand has no left and right keypoints to swap: mirrored, every keypoint keeps its number. The side of\n"
        f"# the hand changes instead; it stands in {SAMPLES_NAME} and must be flipped with the picture.\n"
        f"flip_idx: {list(range(len(KEYPOINTS)))}\n"
        "names:\n"
        "  0: hand\n"
        "kpt_names:\n"
        f"  0: [{', '.join(KEYPOINTS)}]\n"
        f'source: "{source}"\n'
        f"is_real: {'true' if is_real else 'false'}\n"
    )
