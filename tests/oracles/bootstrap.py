# SPDX-License-Identifier: Apache-2.0
"""The cluster bootstrap by copying images: draw people, line up all their images, compute the figure anew."""

import numpy as np


def resampled_figures(values, clusters, figure, *, resamples, seed):
    random = np.random.default_rng(seed)
    names = sorted(set(clusters))
    rows_of = {name: [row for row, owner in enumerate(clusters) if owner == name] for name in names}
    figures = []
    for _ in range(resamples):
        drawn = random.choice(names, size=len(names))
        figures.append(figure(np.concatenate([values[rows_of[name]] for name in drawn])))
    return np.array(figures)
