# SPDX-License-Identifier: Apache-2.0
"""PCK and the area under it, slow and obvious."""

import numpy as np

from tests.oracles.joint_error import over_keypoints


def pck(errors, thresholds):
    return [over_keypoints(errors, lambda column, t=threshold: np.mean(column <= t)) for threshold in thresholds]


def auc(errors, thresholds):
    heights = pck(errors, thresholds)
    area = 0.0
    for left in range(len(thresholds) - 1):
        area += (heights[left] + heights[left + 1]) / 2 * (thresholds[left + 1] - thresholds[left])
    return area / (thresholds[-1] - thresholds[0])


def hand_size(true, confidence):
    labelled = true[confidence > 0]
    return max(np.ptp(labelled[:, 0]), np.ptp(labelled[:, 1]))
