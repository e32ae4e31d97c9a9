# SPDX-License-Identifier: Apache-2.0
"""11k Hands with joints.json, the thesis' pickle and HandInfo.csv; joints are painted on pictures of 160 x 120 px."""

import json
import pickle

import numpy as np
from PIL import Image

SIZE_PX = (160, 120)
FILENAMES = ("Hand_0000012.jpg", "Hand_0000013.jpg", "Hand_0000701.jpg")
SIDES = ("left", "right", "right")
SUBJECTS = ("0000003", "0000003", "0000044")
ABOVE_ONE = 1.145  # such certainties are in the real file


def keypoints_px(index):
    column, row = np.arange(21) % 7, np.arange(21) // 7
    return np.stack([16 + 18 * column + index, 24 + 36 * row - index], axis=1)


def entries(scale=1):
    certainties = np.linspace(0.1, ABOVE_ONE, 21)
    return [
        {"filename": name, "side": side, "joints": np.c_[keypoints_px(index) * float(scale), certainties].tolist()}
        for index, (name, side) in enumerate(zip(FILENAMES, SIDES, strict=True))
    ]


def write_joints_json(folder):
    (folder / "Hands").mkdir(parents=True)
    for index, name in enumerate(FILENAMES):
        pixels = np.full((SIZE_PX[1], SIZE_PX[0], 3), 40, np.uint8)
        for x, y in keypoints_px(index):
            pixels[y - 1 : y + 1, x - 1 : x + 1] = 255
        Image.fromarray(pixels).save(folder / "Hands" / name, quality=95, subsampling=0)
    labelled = [
        {**entry, "subject": subject, "split": "train", "skin_color": "dark", "aspect": "palmar", "gender": "female"}
        for entry, subject in zip(entries(), SUBJECTS, strict=True)
    ]
    (folder / "joints.json").write_text(json.dumps(labelled))


def write_thesis_pickle(folder):
    """Labels at 1600 x 1200, ten times the pictures; subjects in the data set's own table."""
    (folder / "11k_joints_val.pkl").write_bytes(pickle.dumps(entries(scale=10), protocol=3))
    rows = [f'"{subject}",30,"{name}"' for subject, name in zip(SUBJECTS, FILENAMES, strict=True)]
    (folder / "HandInfo.csv").write_text("\n".join(["id,age,imageName", *rows]) + "\n")
