# SPDX-License-Identifier: Apache-2.0
"""End-point error, slow and obvious: loops over images and keypoints that a reader believes at sight."""

import math

import numpy as np


def joint_error(predicted, true, confidence):
    errors = np.full(confidence.shape, np.nan)
    for image, keypoint in np.ndindex(*confidence.shape):
        if confidence[image, keypoint] > 0:
            errors[image, keypoint] = math.dist(predicted[image, keypoint], true[image, keypoint])
    return errors


def over_keypoints(errors, summary):
    """`summary` of each keypoint over the images that have it, then the mean of those."""
    columns = [column[~np.isnan(column)] for column in errors.T]
    return float(np.mean([summary(column) for column in columns if len(column)]))
