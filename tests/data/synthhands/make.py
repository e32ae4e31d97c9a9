# SPDX-License-Identifier: Apache-2.0
"""SynthHands_Release with four frames without an object and one with; joints are painted where the colours are seen."""

import numpy as np
from PIL import Image

SCREEN = (14, 255, 14)
HAND_ROWS, HAND_COLUMNS = slice(100, 380), slice(150, 500)
FRAMES = {
    "female_noobject/seq01/cam01/01/00000000": 0,
    "female_noobject/seq01/cam02/01/00000000": 1,
    "female_noobject/seq02/cam01/03/00000007": 2,
    "male_noobject/seq01/cam05/02/00000001": 3,
    "male_object/seq03/cam01/01/00000000": 4,
}
_COLOUR_FROM_DEPTH_MM = (24.7, -0.0471401, 3.72045)
_FOCAL_PX, _CENTRE_PX = 617.173, (315.453, 242.259)


def keypoints_px(number):
    """Joint j is painted here: whole pixel corners, in our convention."""
    column, row = np.arange(21) % 7, np.arange(21) // 7
    return np.stack([180 + 40 * column + number, 140 + 80 * row + 2 * number], axis=1).astype(float)


def joints_mm(number):
    """In the depth camera's frame; the colour camera, which counts from the first pixel's centre, sees them there."""
    depth = 380.0 + 3 * np.arange(21)
    seen = (keypoints_px(number) - 0.5 - _CENTRE_PX) * depth[:, None] / _FOCAL_PX
    return np.concatenate([seen, depth[:, None]], axis=1) - _COLOUR_FROM_DEPTH_MM


def write_synthhands(folder):
    for name, number in FRAMES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(_painted(number)).save(path.with_name(path.name + "_color.png"), compress_level=1)
        text = ",".join(f"{value:.4f}" for value in joints_mm(number).ravel())
        path.with_name(path.name + "_joint_pos.txt").write_text(text)
        path.with_name(path.name + "_depth.png").touch()  # another camera's: never opened


def _painted(number):
    pixels = np.empty((480, 640, 3), np.uint8)
    pixels[:] = SCREEN
    pixels[HAND_ROWS, HAND_COLUMNS] = (90, 60, 50)
    pixels[HAND_ROWS.start, HAND_COLUMNS.start] = (14, 254, 14)  # nearly the screen: hand
    for x, y in keypoints_px(number).astype(int):
        pixels[y - 1 : y + 1, x - 1 : x + 1] = 255
    return pixels
