# SPDX-License-Identifier: Apache-2.0
"""Crops painted for the tests: coloured dots at keypoints that are known in advance."""

import torch

from handcraft.data import PreparedSet


def painted_dots(points_px, *, size, radius_px=2.0):
    """One channel per point: a soft dot whose centre of mass is the point. (joint, 2) -> (joint, size, size)."""
    centres = torch.arange(size) + 0.5
    along = torch.exp(-((centres - points_px[..., None]) ** 2) / (2 * radius_px**2))
    return along[:, 1, :, None] * along[:, 0, None, :]


def centre_of_mass(images):
    """The middle of the brightness of each channel in pixels: (..., height, width) -> (..., 2)."""
    rows, columns = (torch.arange(length) + 0.5 for length in images.shape[-2:])
    total = images.sum((-2, -1))
    return torch.stack([(images.sum(-2) * columns).sum(-1), (images.sum(-1) * rows).sum(-1)], -1) / total[..., None]


def painted_set(count, *, size=64, seed=0):
    """Crops with 21 dots of 21 colours in random places, and where the dots are."""
    generator = torch.Generator().manual_seed(seed)
    keypoints_px = (0.15 + 0.7 * torch.rand(count, 21, 2, generator=generator)) * size
    colours = torch.rand(21, 3, generator=torch.Generator().manual_seed(77)) * 0.8 + 0.2
    dots = torch.stack([painted_dots(points, size=size, radius_px=1.5 * size / 64) for points in keypoints_px])
    images = torch.einsum("njhw,jc->nchw", dots, colours).clamp(0, 1)
    return PreparedSet(
        keys=tuple(f"painted-{index}" for index in range(count)),
        subjects=tuple(f"painter-{index}" for index in range(count)),
        source="painted dots",
        is_real=False,
        images=(images * 255).round().to(torch.uint8),
        masks=images.amax(1) > 0.1,
        keypoints_px=keypoints_px,
        confidence=torch.ones(count, 21),
        crops=torch.tensor([[0.0, 0.0, float(size)]]).repeat(count, 1),
        skipped=0,
    )


def painted_discs(count, *, size=48, seed=0):
    """Pictures with one bright disc on a coloured, textured ground, and its mask."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.arange(size) + 0.5
    middle = (0.3 + 0.4 * torch.rand(count, 2, 1, 1, generator=generator)) * size
    radius = (0.15 + 0.1 * torch.rand(count, 1, 1, generator=generator)) * size
    masks = (centres[None, None] - middle[:, 0]) ** 2 + (centres[None, :, None] - middle[:, 1]) ** 2 < radius**2
    ground = 0.3 * torch.rand(count, 3, 1, 1, generator=generator) + 0.1 * torch.rand(
        count, 3, size, size, generator=generator
    )
    skin = torch.tensor([0.9, 0.7, 0.6]).view(1, 3, 1, 1)
    return (torch.where(masks[:, None], skin, ground) * 255).round().to(torch.uint8), masks
