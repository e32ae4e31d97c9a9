# SPDX-License-Identifier: Apache-2.0
"""Crops that cost nothing: discs for hands, and domains of discs that differ in one thing."""

import torch

from handcraft.data import PreparedSet
from handcraft.encode import LabelledCrops
from handcraft.randomness import generator_for


def disc_images(count, size, seed, noise=0.0):
    """Discs of one colour at random places on black; ``noise`` is added to them, as bytes; and their masks."""
    generator = generator_for(seed)
    places = size * (0.35 + 0.3 * torch.rand(count, 2, generator=generator))
    grid = torch.arange(size) + 0.5
    distance = torch.hypot(grid[None, None] - places[:, :1, None], grid[None, :, None] - places[:, 1:, None])
    masks = distance < size / 4
    colours = 0.3 + 0.4 * torch.rand(count, 3, 1, 1, generator=generator)
    grain = noise * torch.randn(count, 3, size, size, generator=generator)
    images = ((colours + grain).clamp(0, 1) * masks[:, None] * 255).round().to(torch.uint8)
    return images, masks


def toy_crops(count=16, size=32, seed=0):
    images, masks = disc_images(count, size, seed)
    generator = generator_for(seed, 1)
    return LabelledCrops(
        images=images,
        coverage=masks.to(torch.uint8) * 255,
        parts=masks.to(torch.uint8) * 3,
        pose=2 * torch.rand(count, 22, generator=generator) - 1,
        view=torch.nn.functional.normalize(torch.randn(count, 2, 3, generator=generator), dim=-1).reshape(count, 6),
        tone=torch.zeros(count),
        is_photographic=torch.arange(count) % 2 == 0,
    )


def disc_set(count, *, seed, noise=0.0, size=32, subjects=None, source="discs"):
    images, masks = disc_images(count, size, seed, noise)
    return PreparedSet(
        keys=tuple(f"{source}-{index}" for index in range(count)),
        subjects=tuple(subjects or (f"{source}-{index // 2}" for index in range(count))),
        source=source,
        is_real=False,
        images=images,
        masks=masks,
        keypoints_px=None,
        confidence=None,
        crops=torch.tensor([[0.0, 0.0, float(size)]]).repeat(count, 1),
        skipped=0,
    )
