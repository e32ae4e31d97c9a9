# SPDX-License-Identifier: Apache-2.0
"""Finds painted dots again: the oracle for where a label should be."""

import torch


def centroids_px(image, near_px, reach_px=6, above=0.02):
    """Centre of mass (x, y) of what is brighter than its surroundings within a square around each point."""
    grey = image.mean(dim=0)
    found = []
    for x, y in near_px.round().long().tolist():
        top, left = max(y - reach_px, 0), max(x - reach_px, 0)
        patch = grey[top : y + reach_px, left : x + reach_px].double()
        patch = (patch - patch.median() - above).clamp(min=0)
        rows, columns = torch.arange(patch.shape[0]) + top + 0.5, torch.arange(patch.shape[1]) + left + 0.5
        found.append([(patch.sum(0) * columns).sum() / patch.sum(), (patch.sum(1) * rows).sum() / patch.sum()])
    return torch.tensor(found)
