# SPDX-License-Identifier: Apache-2.0
"""A COCO file as mmpose ships hand sets: joints painted into whole pixels, names of its own, the box as a polygon."""

import json

import numpy as np
from PIL import Image

NAMES = ["wrist"] + [
    f"{finger}{number}"
    for finger in ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
    for number in (1, 2, 3, 4)
]
COUNT = 3
MISSING = 4
"""The keypoint that picture 1 lacks, as (0, 0, 0)."""
TRIANGLE = [10.0, 10.0, 50.0, 10.0, 10.0, 40.0]


def pixels(picture):
    """(column, row) of the white pixel of each joint."""
    joint = np.arange(21)
    return np.stack([12 + 5 * (joint % 7) + picture, 10 + 8 * (joint // 7)], axis=1)


def write_coco(folder, names=NAMES):
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for picture in range(COUNT):
        image = np.full((50, 60, 3), 30, np.uint8)
        image[pixels(picture)[:, 1], pixels(picture)[:, 0]] = 255
        Image.fromarray(image).save(folder / f"{picture:05d}.png")
        images.append({"id": 100 + picture, "file_name": f"{picture:05d}.png", "width": 60, "height": 50})
        rows = [[*map(int, pixel), 1] for pixel in pixels(picture)]
        if picture == 1:
            rows[MISSING] = [0, 0, 0]
        box = [10, 8, 40, 32]
        polygon = TRIANGLE if picture == 2 else [10, 8, 50, 8, 50, 40, 10, 40]
        annotations.append(
            {
                "id": picture,
                "image_id": 100 + picture,
                "category_id": 1,
                "iscrowd": 0,
                "bbox": box,
                "area": box[2] * box[3],
                "segmentation": [polygon],
                "keypoints": rows if picture == 2 else [value for row in rows for value in row],  # RHD's are nested
            }
        )
    content = {"info": {"description": ""}, "licenses": [], "images": images, "annotations": annotations}
    categories = [{"id": 1, "name": "hand", "supercategory": "hand", "keypoints": names, "skeleton": [[1, 2]]}]
    (folder / "hands.json").write_text(json.dumps(content | {"categories": categories}))
