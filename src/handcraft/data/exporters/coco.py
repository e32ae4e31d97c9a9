# SPDX-License-Identifier: Apache-2.0
"""Writes COCO keypoints: ``images/KEY.jpg`` and ``annotations/hand_keypoints.json``, one annotation per picture.

- Category ``hand`` with our 21 names and the 20 bones as skeleton (counted from 1, as COCO does).
- Keypoints: COCO's are numbers of pixels, the first one's centre at 0; ours puts it at 0.5, so 0.5 is taken off. Boxes
  and masks are measured from the picture's corner in both. ``v`` is 0 not labelled (then x = y = 0), 1 labelled but
  hidden, 2 visible; a set that does not tell visibility gets 1. Keypoints outside the picture keep their place, with 1.
- ``segmentation`` is the mask as run lengths, ``area`` its pixels, ``bbox`` its box; without a mask the box is that of
  the keypoints and there is no segmentation.
- Beyond COCO: ``hand_type`` (right, left, unknown) in annotations, as InterHand2.6M has it; ``key`` and ``subject`` in
  images; ``source`` and ``is_real`` in ``info``.
- Lost: depth, parts, normals, joints in 3D, cameras, and confidences between 0 and 1.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from handcraft.data.coco_masks import runs_from_mask
from handcraft.data.exporters.folder import whole_folder
from handcraft.data.hand_box import expect_keypoints, hand_box, visibility_flags
from handcraft.data.pixels import jpg_from_rgb
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import BONES, KEYPOINTS

HALF_PIXEL_PX = 0.5
"""COCO's keypoint coordinates are this much below ours."""

_CATEGORY = {
    "id": 1,
    "name": "hand",
    "supercategory": "hand",
    "keypoints": KEYPOINTS,
    "skeleton": [[parent + 1, child + 1] for parent, child in BONES],
}


def export_coco(samples: Iterable[HandSample], out: Path, *, licence: str = "") -> int:
    """Write samples one by one; return how many.

    Raises:
        HandcraftError: no samples, one without keypoints, or an ``out`` that holds something.
    """
    images: list[str] = []
    with whole_folder(out) as folder:
        (folder / "images").mkdir()
        (folder / "annotations").mkdir()
        with (folder / "annotations" / "hand_keypoints.json").open("w", encoding="utf-8") as file:
            info: dict[str, Any] = {}
            file.write('{"annotations": [')
            for number, sample in enumerate(samples, start=1):
                info = info or {"description": sample.source, "source": sample.source, "is_real": sample.is_real}
                file_name = f"{sample.key}.jpg"
                (folder / "images" / file_name).write_bytes(jpg_from_rgb(sample.image))
                file.write(("," if images else "") + "\n" + json.dumps(_annotation(sample, number), allow_nan=False))
                images.append(json.dumps(_image(sample, number, file_name)))
            if not images:
                raise HandcraftError(f"Expected samples to write into {out}, but got none; nothing was written.")
            file.write('],\n"images": [\n' + ",\n".join(images) + "],\n")
            licences = [{"id": 1, "name": licence, "url": ""}] if licence else []
            file.write(f'"categories": {json.dumps([_CATEGORY])},\n"licenses": {json.dumps(licences)},\n')
            file.write(f'"info": {json.dumps(info)}}}\n')
    return len(images)


def _image(sample: HandSample, number: int, file_name: str) -> dict[str, Any]:
    height, width = sample.image.shape[-2:]
    size = {"width": width, "height": height}
    return {"id": number, "file_name": file_name, **size, "key": sample.key, "subject": sample.subject}


def _annotation(sample: HandSample, number: int) -> dict[str, Any]:
    height, width = sample.image.shape[-2:]
    box, flags = hand_box(sample), visibility_flags(sample)
    points_px = (expect_keypoints(sample) - HALF_PIXEL_PX).tolist()
    rows = [[x, y, flag] if flag else [0, 0, 0] for (x, y), flag in zip(points_px, flags, strict=True)]
    annotation = {
        "id": number,
        "image_id": number,
        "category_id": 1,
        "iscrowd": 0,
        "keypoints": [value for row in rows for value in row],
        "num_keypoints": sum(flag > 0 for flag in flags),
        "bbox": box,
        "area": box[2] * box[3],
        "hand_type": sample.side,
    }
    if sample.mask is not None:
        annotation["area"] = float(sample.mask.sum())
        annotation["segmentation"] = {"size": [height, width], "counts": runs_from_mask(sample.mask)}
    return annotation
