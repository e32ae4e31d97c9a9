# SPDX-License-Identifier: Apache-2.0
"""FreiHAND_pub_v2 with two training frames in four versions and two evaluation photographs; joints are painted."""

import json

import numpy as np
from PIL import Image

FRAMES = 2
SIDE_PX = 224
MASK_ROWS = slice(20, 180)


def keypoints_px(frame):
    """Joint j of a frame is painted here: whole pixel corners, 20 px apart."""
    column, row = np.arange(21) % 7, np.arange(21) // 7
    return np.stack([40 + 20 * column + frame, 60 + 30 * row + 2 * frame], axis=1)


def intrinsics(frame):
    focal = 400 + 80 * frame
    return [[focal, 0, 112], [0, focal, 112], [0, 0, 1]]


def joints_m(frame):
    """The joints whose projection is ``keypoints_px``, each at a depth of its own."""
    depth = 0.5 + 0.02 * np.arange(21) + 0.1 * frame
    focal = intrinsics(frame)[0][0]
    return np.concatenate([(keypoints_px(frame) - 112) * depth[:, None] / focal, depth[:, None]], axis=1)


def write_freihand(folder):
    for split, versions in (("training", 4), ("evaluation", 1)):
        (folder / split / "rgb").mkdir(parents=True)
        (folder / f"{split}_K.json").write_text(json.dumps([intrinsics(frame) for frame in range(FRAMES)]))
        (folder / f"{split}_xyz.json").write_text(json.dumps([joints_m(frame).tolist() for frame in range(FRAMES)]))
        for frame in range(FRAMES):
            for version in range(versions):
                number = frame + FRAMES * version
                _write(folder / split / "rgb" / f"{number:08d}.jpg", _painted(frame, background=20 * version))
    (folder / "training" / "mask").mkdir()
    for frame in range(FRAMES):
        mask = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
        mask[MASK_ROWS, 10 + frame : 200] = 255
        _write(folder / "training" / "mask" / f"{frame:08d}.jpg", mask)


def _painted(frame, background):
    pixels = np.full((SIDE_PX, SIDE_PX, 3), background, np.uint8)
    for x, y in keypoints_px(frame):
        pixels[y - 1 : y + 1, x - 1 : x + 1] = 255  # four pixels around the corner (x, y): their centre is the corner
    return pixels


def _write(path, pixels):
    Image.fromarray(pixels).save(path, quality=95, subsampling=0)
