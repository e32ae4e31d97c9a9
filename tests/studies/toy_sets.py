# SPDX-License-Identifier: Apache-2.0
"""Crops of nothing in particular, of which everything is known."""

import torch

from handcraft.data import PreparedSet
from handcraft.randomness import generator_for

SIZE = 16


def plain_set(count, *, seed, source="renders", level=0.5, is_real=False, people=None, size=SIZE):
    """Crops of one colour each, about ``level``; every crop is its own subject unless ``people`` share them."""
    colours = (level + 0.2 * (torch.rand(count, 3, 1, 1, generator=generator_for(seed)) - 0.5)).clamp(0, 1)
    grain = 0.1 * (torch.rand(count, 3, size, size, generator=generator_for(seed, 1)) - 0.5)
    masks = torch.zeros(count, size, size, dtype=torch.bool)
    masks[:, 4:12, 4:12] = True
    return PreparedSet(
        keys=tuple(f"{source}-{index}" for index in range(count)),
        subjects=tuple(f"{source}-{index if people is None else index % people}" for index in range(count)),
        source=source,
        is_real=is_real,
        images=((colours + grain).clamp(0, 1) * 255).round().byte(),
        masks=masks,
        keypoints_px=4 + 8 * torch.rand(count, 21, 2, generator=generator_for(seed, 2)),
        confidence=torch.ones(count, 21),
        crops=torch.tensor([[0.0, 0.0, 64.0]]).repeat(count, 1),
        skipped=0,
    )


class MeanColour:
    """A space of three features."""

    name = "mean colour"

    def features(self, images):
        return images.mean((2, 3))
