# SPDX-License-Identifier: Apache-2.0
"""Alignments, slow and obvious: one hand at a time, from what each is defined to make smallest."""

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.transform import Rotation


def procrustes(predicted, true):
    """Turn by scipy's solution of Wahba's problem, which knows rotations only; then the scale by least squares."""
    given, wanted = predicted - predicted.mean(0), true - true.mean(0)
    turned = Rotation.align_vectors(wanted, given)[0].apply(given)
    return best_scale(turned, wanted) * turned + true.mean(0)


def procrustes_with_reflection(predicted, true):
    """FreiHAND's: both brought to norm 1, scipy's orthogonal matrix (a reflection, if that is nearer), and back."""
    given, wanted = predicted - predicted.mean(0), true - true.mean(0)
    given_norm, wanted_norm = np.linalg.norm(given) + 1e-8, np.linalg.norm(wanted) + 1e-8
    matrix, scale = orthogonal_procrustes(wanted / wanted_norm, given / given_norm)
    return given / given_norm @ matrix.T * scale * wanted_norm + true.mean(0)


def best_scale(given, wanted):
    return float(np.sum(given * wanted) / np.sum(given * given))


def root_aligned(predicted, true, root):
    return np.array([point - predicted[root] + true[root] for point in predicted])


def root_and_bone_aligned(predicted, true, root, bone):
    start, end = bone
    scale = np.linalg.norm(true[end] - true[start]) / np.linalg.norm(predicted[end] - predicted[start])
    return np.array([(point - predicted[root]) * scale + true[root] for point in predicted])


def scale_aligned(predicted, true, root):
    given, wanted = predicted - predicted[root], true - true[root]
    return given * max(0.0, best_scale(given, wanted)) + true[root]


def centroid_and_radius_aligned(predicted, true):
    given, wanted = predicted - predicted.mean(0), true - true.mean(0)
    radii = [np.mean([np.linalg.norm(point) for point in points]) for points in (given, wanted)]
    return given * radii[1] / radii[0] + true.mean(0)


def mean_error(predicted, true):
    return float(np.mean([np.linalg.norm(point - other) for point, other in zip(predicted, true, strict=True)]))
