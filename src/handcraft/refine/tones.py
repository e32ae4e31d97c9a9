# SPDX-License-Identifier: Apache-2.0
"""Renders and photographs of like skin tones, shown together (seed 000, section 5.1.3).

Where photographs have one tone and renders all, a discriminator knows made hands by their tone, and a generator learns
to paint one tone over the others. Fed in pairs of one tone, the two domains have the same tones in every epoch, so tone
tells nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.randomness import generator_for

ITA_LIMITS_DEG = (-30.0, 10.0, 28.0, 41.0, 55.0)
"""Between dark, brown, tan, intermediate, light and very light skin (Chardon et al. 1991; Del Bino, Bernerd 2013)."""

_CHUNK = 256  # bounds memory
_D65 = (0.95047, 1.0, 1.08883)
_XYZ_FROM_RGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def tone_bins(prepared: PreparedSet) -> Int64[Tensor, " image"]:
    """Which of the six classes of skin, 0 dark to 5 very light, each crop's hand shows.

    Light and tone are not told apart: a hand in the shade counts as darker. Hands without colour get one of the ends.
    """
    limits = torch.tensor(ITA_LIMITS_DEG)
    batches = torch.arange(len(prepared)).split(_CHUNK)
    angles = [typology_angles_deg(prepared.images[batch].float() / 255, prepared.masks[batch]) for batch in batches]
    return torch.bucketize(torch.cat(angles), limits)


def typology_angles_deg(
    images: Float[Tensor, "image 3 height width"], masks: Bool[Tensor, "image height width"]
) -> Float[Tensor, " image"]:
    """Individual typology angles ``atan2(L* - 50, b*)`` of the mean CIELAB colour inside each mask; 90 is lightest.

    Images are sRGB in [0, 1]. An empty mask counts as black.
    """
    lab = lab_from_srgb(images)
    inside = masks[:, None].to(lab)
    mean = (lab * inside).sum(dim=(2, 3)) / inside.sum(dim=(2, 3)).clamp(min=1)
    return torch.rad2deg(torch.atan2(mean[:, 0] - 50, mean[:, 2].clamp(min=1e-3)))


def lab_from_srgb(images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image 3 height width"]:
    """CIELAB (D65, 2 degrees) of sRGB in [0, 1] (IEC 61966-2-1, CIE 15): L* in [0, 100]."""
    linear = torch.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("tc,nchw->nthw", images.new_tensor(_XYZ_FROM_RGB), linear)
    relative = xyz / images.new_tensor(_D65).view(3, 1, 1)
    f = torch.where(
        relative > (6 / 29) ** 3, relative.clamp(min=1e-12) ** (1 / 3), relative / (3 * (6 / 29) ** 2) + 4 / 29
    )
    x, y, z = f.unbind(dim=1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


@dataclass(frozen=True)
class TonePairs:
    """Epochs of pairs (render, photograph) of one tone, in random order.

    Every item is in at least one pair of an epoch. Where both sets have a tone, its items meet each other, and the side
    that has fewer is shown again until it has as many; items of a tone that the other set lacks meet those of it that
    come nearest.
    """

    rendered: tuple[int, ...]
    """Each render's tone."""
    photographed: tuple[int, ...]
    """Each photograph's tone."""
    seed: int
    stream: int

    @classmethod
    def of(cls, rendered: PreparedSet, photographed: PreparedSet, *, seed: int, stream: int) -> "TonePairs":
        """Pairs of crops, by the tones that are seen in them."""
        return cls(tuple(tone_bins(rendered).tolist()), tuple(tone_bins(photographed).tolist()), seed, stream)

    def pairs(self, epoch: int) -> Int64[Tensor, "pair 2"]:
        """Indices of renders and photographs that meet in ``epoch``."""
        return _pairs(self, epoch)

    def order(self, side: Literal["rendered", "photographed"], batch_size: int) -> "PairedOrder":
        """One side of the pairs, as ``DomainBatches`` takes it."""
        return PairedOrder(self, ("rendered", "photographed").index(side), batch_size)


@dataclass(frozen=True)
class PairedOrder:
    """One side of ``TonePairs``: what it gives for a step meets what the other side gives for it."""

    pairs: TonePairs
    side: int
    batch_size: int

    def __call__(self, step: int) -> Int64[Tensor, " batch"]:
        """Indices of ``batch_size`` items."""
        size, first = len(self.pairs.pairs(0)), step * self.batch_size
        places = torch.arange(first, first + self.batch_size)
        epochs = {epoch: self.pairs.pairs(epoch) for epoch in (places // size).unique().tolist()}
        return torch.stack([epochs[place // size][place % size, self.side] for place in places.tolist()])


@lru_cache(maxsize=4)  # the next step asks for the same epoch, on both sides; the result does not depend on the cache
def _pairs(tones: TonePairs, epoch: int) -> Tensor:
    generator = generator_for(tones.seed, tones.stream, epoch)
    rendered, photographed = torch.tensor(tones.rendered), torch.tensor(tones.photographed)
    groups = [
        (_nearest(rendered, tone), _nearest(photographed, tone))
        for tone in sorted({*tones.rendered, *tones.photographed})
    ]
    pairs = torch.cat([_matched(*group, generator) for group in groups])
    return pairs[torch.randperm(len(pairs), generator=generator)]


def _nearest(tones: Tensor, tone: int) -> Tensor:
    """Who has the tone; if nobody has, who comes nearest."""
    distance = (tones - tone).abs()
    return (distance == distance.min()).nonzero()[:, 0]


def _matched(rendered: Tensor, photographed: Tensor, generator: torch.Generator) -> Tensor:
    """Pairs in which every one of both appears; whoever is fewer comes again."""
    count = max(len(rendered), len(photographed))
    sides = [_repeated(each, count, generator) for each in (rendered, photographed)]
    return torch.stack(sides, dim=1)


def _repeated(items: Tensor, count: int, generator: torch.Generator) -> Tensor:
    rounds = [items[torch.randperm(len(items), generator=generator)] for _ in range(-(-count // len(items)))]
    return torch.cat(rounds)[:count]
