# SPDX-License-Identifier: Apache-2.0
"""RHD_published_v2 with four pictures of painted joints; a left hand above a right one, of sizes known in advance."""

import pickle

import numpy as np
from PIL import Image

SIDE_PX = 320
FOCAL_PX = 300.0
BACKGROUND, PERSON = 0, 1
HANDS = {
    0: {"left": (20, 100), "right": (200, 60)},  # top edge and height: the left hand is the larger one
    1: {"left": (20, 60), "right": (160, 140)},
    2: {"right": (60, 90)},
    3: {},
}
"""Of each picture, the rows of each hand; all are 120 px wide, from column 100."""


def hand_px(number, side):
    """21 joints in the file's order: the wrist below, fingers in columns, each from its tip at the top downwards."""
    top, height = HANDS[number].get(side, (-200, 50))  # a hand that is not there is labelled out of the picture
    columns = 110 + 24 * np.arange(5)
    rows = top + 4 + (height - 14) * np.arange(4) / 4
    fingers = np.stack([np.repeat(columns, 4), np.tile(np.round(rows), 5)], axis=1)
    return np.concatenate([[[160, top + height - 5]], fingers]).astype(float)


def labels(number):
    pixels = np.concatenate([hand_px(number, "left"), hand_px(number, "right")])
    depth = 0.6 + 0.01 * np.arange(42) + 0.05 * number
    points = np.concatenate([(pixels - SIDE_PX / 2) * depth[:, None] / FOCAL_PX, depth[:, None]], axis=1)
    seen = np.repeat([float("left" in HANDS[number]), float("right" in HANDS[number])], 21)
    seen[5] = 0.0  # one joint hidden behind another finger: labelled, not visible
    intrinsics = np.array([[FOCAL_PX, 0, SIDE_PX / 2], [0, FOCAL_PX, SIDE_PX / 2], [0, 0, 1]])
    uv_vis = np.concatenate([pixels, seen[:, None]], axis=1)
    return {"uv_vis": uv_vis, "xyz": points.astype(np.float32), "K": intrinsics}


def mask(number):
    """The person fills a frame around the hands; every hand has two part numbers."""
    values = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    values[5:315, 60:300] = PERSON
    for side, (first, last) in {"left": (2, 17), "right": (18, 33)}.items():
        if side in HANDS[number]:
            top, height = HANDS[number][side]
            values[top : top + height, 100:220] = first
            values[top + height - 10 : top + height, 100:220] = last
    return values


def depth_m(number):
    return np.where(mask(number) > 0, 1.0 + 0.001 * np.arange(SIDE_PX)[:, None], 4.9)


def write_rhd(folder, splits=("training", "evaluation"), protocol=2):
    for split in splits:
        numbers = range(4 if split == "training" else 1)
        for kind in ("color", "mask", "depth"):
            (folder / split / kind).mkdir(parents=True)
        for number in numbers:
            name = f"{number:05d}.png"
            Image.fromarray(_painted(number)).save(folder / split / "color" / name)
            Image.fromarray(mask(number)).save(folder / split / "mask" / name)
            units = np.round(depth_m(number) / 5 * 65535).astype(np.uint16)
            packed = np.stack([units >> 8, units & 255, np.zeros_like(units)], axis=-1).astype(np.uint8)
            Image.fromarray(packed).save(folder / split / "depth" / name)
        content = {number: labels(number) for number in numbers}
        (folder / split / f"anno_{split}.pickle").write_bytes(pickle.dumps(content, protocol=protocol))


def _painted(number):
    pixels = np.full((SIDE_PX, SIDE_PX, 3), 40, np.uint8)
    for side in HANDS[number]:
        for x, y in hand_px(number, side).astype(int):
            pixels[y - 1 : y + 1, x - 1 : x + 1] = (
                255  # four pixels around the corner (x, y): their centre is the corner
            )
    return pixels
