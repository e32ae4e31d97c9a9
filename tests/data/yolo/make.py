# SPDX-License-Identifier: Apache-2.0
"""A YOLO pose set as its trainers have it: joints painted around pixel corners, numbers divided by the size."""

import numpy as np
from PIL import Image

COUNT = 3
HEIGHT, WIDTH = 40, 80


def corners(picture):
    """(x, y) of the pixel corner that joint j is painted around."""
    joint = np.arange(21)
    return np.stack([10 + 8 * (joint % 7) + picture, 8 + 10 * (joint // 7)], axis=1)


def write_yolo(folder, columns=3, names="{0: left_hand, 1: right_hand}"):
    for kind in ("images", "labels"):
        for split in ("train", "val"):
            (folder / kind / split).mkdir(parents=True)
    (folder / "hands.yaml").write_text(
        f"path: somewhere/else # as downloaded\ntrain: images/train\nval: images/val\nkpt_shape: [21, {columns}]\n"
        f"names: {names}\n"
    )
    for picture in range(COUNT):
        split = "val" if picture == 2 else "train"
        image = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
        for x, y in corners(picture):
            image[y - 1 : y + 1, x - 1 : x + 1] = 255
        Image.fromarray(image).save(folder / "images" / split / f"{picture}.png")
        rows = [[x / WIDTH, y / HEIGHT, 2 - joint % 2][:columns] for joint, (x, y) in enumerate(corners(picture))]
        words = [picture % 2, 0.5, 0.5, 0.8, 0.8, *(value for row in rows for value in row)]
        (folder / "labels" / split / f"{picture}.txt").write_text(" ".join(map(str, words)) + "\n")
