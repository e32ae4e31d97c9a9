# SPDX-License-Identifier: Apache-2.0
"""Label files of 3D joints in their true formats: BigHand2.2M's text, FreiHAND's json, arrays and csv."""

import csv
import json

import numpy as np

# Where BigHand writes each of our joints: the palm's six first, then three of each finger.
BIGHAND_PLACES = (0, 1, 6, 7, 8, 2, 9, 10, 11, 3, 12, 13, 14, 4, 15, 16, 17, 5, 18, 19, 20)


def write_bighand(folder, joints_m):
    """``full_annotation`` of two subjects, half of the hands each; millimetres, tabs, one picture a line."""
    half = len(joints_m) // 2
    for subject, hands in (("Subject_1", joints_m[:half]), ("Subject_2", joints_m[half:])):
        (folder / subject).mkdir(parents=True)
        lines = []
        for number, hand in enumerate(hands):
            placed = np.empty((21, 3))
            placed[list(BIGHAND_PLACES)] = 1000 * np.asarray(hand)
            lines.append("\t".join([f"image_D{number:08d}.png", *(f"{value:.4f}" for value in placed.ravel())]))
        (folder / subject / "76 150_loc_shift_made_by_qi_20180112_v2.txt").write_text("\n".join(lines) + "\n")


def write_freihand_joints(path, joints_m):
    path.write_text(json.dumps(np.asarray(joints_m).tolist()))


def write_named_csv(path, joints, names):
    """A heading ``name_x``, ... in the order of ``names``, with a column nobody asked for before them."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", *(f"{name}_{axis}" for name in names for axis in "xyz")])
        for number, hand in enumerate(np.asarray(joints)):
            writer.writerow([number, *hand.ravel().tolist()])
