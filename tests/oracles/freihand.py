# SPDX-License-Identifier: Apache-2.0
"""FreiHAND's figures, slow and obvious: a loop over frames, points and thresholds, from their definitions."""

import math
from itertools import pairwise

import numpy as np
from scipy.linalg import orthogonal_procrustes

from tests.oracles.alignment import procrustes_with_reflection

THRESHOLDS_M = np.linspace(0.0, 0.05, 100)


def f_score(true, predicted, threshold):
    matched_true = np.mean([min(math.dist(point, other) for other in predicted) < threshold for point in true])
    matched_predicted = np.mean([min(math.dist(point, other) for other in true) < threshold for point in predicted])
    both = matched_true + matched_predicted
    return 2 * matched_true * matched_predicted / both if both > 0 else 0.0


def mean_and_area(predicted, true):
    """Mean distance per point over frames, then over points, in cm; area under each point's curve, then their mean."""
    frames = zip(predicted, true, strict=True)
    distances = np.array([[math.dist(*pair) for pair in zip(*frame, strict=True)] for frame in frames])
    areas = []
    for column in distances.T:
        curve = [np.mean(column <= threshold) for threshold in THRESHOLDS_M]
        steps = [(low + high) / 2 * (THRESHOLDS_M[1] - THRESHOLDS_M[0]) for low, high in pairwise(curve)]
        areas.append(sum(steps) / 0.05)
    return 100 * float(np.mean(distances.mean(axis=0))), float(np.mean(areas))


def moved_as_the_joints(vertices, joints, true_joints):
    """Turn and scale between joints of norm 1, about the surface's own centroid; the true norm alone is put back."""
    given, wanted = joints - joints.mean(0), true_joints - true_joints.mean(0)
    given_norm, wanted_norm = np.linalg.norm(given) + 1e-8, np.linalg.norm(wanted) + 1e-8
    matrix, scale = orthogonal_procrustes(wanted / wanted_norm, given / given_norm)
    centre = vertices.mean(0)
    return (vertices - centre) @ matrix.T * scale * wanted_norm + true_joints.mean(0) - joints.mean(0) + centre


def scores(joints, vertices, true_joints, true_vertices):
    aligned_joints = [procrustes_with_reflection(*pair) for pair in zip(joints, true_joints, strict=True)]
    comparable = vertices.shape == true_vertices.shape
    if comparable:
        aligned = [procrustes_with_reflection(*pair) for pair in zip(vertices, true_vertices, strict=True)]
    else:
        aligned = [moved_as_the_joints(*row) for row in zip(vertices, joints, true_joints, strict=True)]
    told = {}
    told["xyz_mean3d"], told["xyz_auc3d"] = mean_and_area(joints, true_joints)
    told["xyz_al_mean3d"], told["xyz_al_auc3d"] = mean_and_area(aligned_joints, true_joints)
    for name, surface in (("mesh", vertices), ("mesh_al", aligned)):
        figures = mean_and_area(surface, true_vertices) if comparable else (-100.0, -1.0)
        told[f"{name}_mean3d"], told[f"{name}_auc3d"] = figures
    for millimetres in (5, 15):
        for name, surface in (("f_score", vertices), ("f_al_score", aligned)):
            pairs = zip(true_vertices, surface, strict=True)
            told[f"{name}_{millimetres}"] = float(np.mean([f_score(*pair, millimetres / 1000) for pair in pairs]))
    return told
