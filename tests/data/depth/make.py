# SPDX-License-Identifier: Apache-2.0
"""NYU's and ICVL's joint files in their true layouts, of joints whose place in space is known."""

import numpy as np
from scipy.io import savemat

PLACES = (0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32)  # the joints that NYU's figures are of


def some_joints_mm(frames, joints, seed=0):
    """x, y and z in NYU's camera frame: z away from it, y up."""
    drawn = np.random.default_rng(seed).normal(size=(frames, joints, 3)) * 40
    return drawn + np.array([50.0, 30.0, 700.0])


def nyu_uvd(joints_mm):
    """NYU's pinhole, written out: y points up, so it is taken off."""
    x, y, z = np.moveaxis(np.asarray(joints_mm), -1, 0)
    return np.stack([320 + 588.03 * x / z, 240 - 587.07 * y / z, z], -1)


def icvl_uvd(joints_mm):
    x, y, z = np.moveaxis(np.asarray(joints_mm), -1, 0)
    return np.stack([160 + 240.99 * x / z, 120 + 240.96 * y / z, z], -1)


def write_rows(path, joints, *, between=" ", names=(), head=""):
    """A frame a line, as methods publish them: three decimals, a blank at the end."""
    rows = [between.join(f"{number:.9f}" for number in frame.ravel()) + between.strip() + " " for frame in joints]
    rows = [f"{name} {row}" for name, row in zip(names, rows, strict=True)] if names else rows
    path.write_text("\n".join([*([head] if head else []), *rows]) + "\n")


def write_joint_data(path, joints_mm, *, cameras=3):
    """``joint_data.mat``: three Kinects, 36 joints, both ways of saying them; only camera 1 has ours."""
    everywhere = np.full((cameras, len(joints_mm), 36, 3), 777.0)
    uvd, xyz = everywhere.copy(), everywhere.copy()
    uvd[0], xyz[0] = nyu_uvd(joints_mm), joints_mm
    names = np.array([f"joint {number}" for number in range(36)], dtype=object)
    savemat(path, {"joint_names": names, "joint_uvd": uvd, "joint_xyz": xyz})


def write_pixel_predictions(path, frames):
    """``test_predictions.mat`` of NYU's own network: pixels and confidences, no depth."""
    savemat(path, {"conv_joint_names": np.arange(14), "pred_joint_uvconf": np.ones((1, frames, 36, 3))})
