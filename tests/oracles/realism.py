# SPDX-License-Identifier: Apache-2.0
"""Measures of realism the slow way: one pair of images at a time, as the papers define them."""

import numpy as np
import scipy.linalg


def distance(a, b):
    return float(np.sqrt(((a - b) ** 2).sum()))


def one_nearest_neighbour(real, made):
    """Accuracy of all, of real, of made; images without ties."""
    both, is_real = np.concatenate([real, made]), [True] * len(real) + [False] * len(made)
    right = []
    for i in range(len(both)):
        others = [j for j in range(len(both)) if j != i]
        nearest = min(others, key=lambda j: distance(both[i], both[j]))
        right.append(is_real[nearest] == is_real[i])
    return np.mean(right), np.mean(right[: len(real)]), np.mean(right[len(real) :])


def radii(points, neighbours):
    return [
        sorted(distance(a, b) for j, b in enumerate(points) if j != i)[neighbours - 1] for i, a in enumerate(points)
    ]


def share_on_manifold(points, manifold, neighbours):
    reach = radii(manifold, neighbours)
    return np.mean([any(distance(p, m) <= r for m, r in zip(manifold, reach, strict=True)) for p in points])


def precision_recall(real, made, neighbours):
    return share_on_manifold(made, real, neighbours), share_on_manifold(real, made, neighbours)


def density_coverage(real, made, neighbours):
    reach = radii(real, neighbours)
    inside = [[distance(m, r) <= reach[i] for m in made] for i, r in enumerate(real)]
    return np.sum(inside) / (neighbours * len(made)), np.mean([any(row) for row in inside])


def kernel_distance(real, made):
    def kernel(a, b):
        return (float(a @ b) / len(a) + 1) ** 3

    def apart(points):
        return np.mean([kernel(a, b) for i, a in enumerate(points) for j, b in enumerate(points) if i != j])

    return apart(real) + apart(made) - 2 * np.mean([kernel(a, b) for a in real for b in made])


def frechet_distance(real, made):
    s, t = np.cov(real, rowvar=False), np.cov(made, rowvar=False)
    means = ((real.mean(axis=0) - made.mean(axis=0)) ** 2).sum()
    return means + np.trace(s + t - 2 * scipy.linalg.sqrtm(s @ t).real)


def inception_score(probabilities):
    marginal = probabilities.mean(axis=0)
    return np.exp(
        np.mean([sum(p * np.log(p / q) for p, q in zip(row, marginal, strict=True)) for row in probabilities])
    )
