# SPDX-License-Identifier: Apache-2.0
"""The multi-scale perceptual discriminator of seed 002 (after Sungatullina et al. 2018).

A trainable trunk halves its way down from the first feature map of a frozen network and takes in the network's next map
at every size; heads judge coarse grids. In contrast to the published code: steps without a head behind them do not
exist, the frozen network may be any ``FeatureTaps``, and the depth is told by the image's size and the grids.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.networks import LEAKY_SLOPE, FeatureTaps
from handcraft.refine.discriminators.protocol import Judgements, expect_level


class PerceptualDiscriminator(nn.Module):
    """How real an image looks to a frozen network, at several scales: linear maps, about 1 for real, 0 for made.

    No normalisation anywhere. With VGG-16's taps, images of 128 pixels and grids of 16, 8 and 4: five steps and
    11,328,899 parameters. The taps are no part of ``parameters()`` and ``state_dict()``, so nothing can train,
    re-initialise or save them; they move to devices with the discriminator.

    Args:
        taps: the frozen network; gradients pass through it to the image.
        size_px: side of the images trained on; a grid is the map of the step whose size comes nearest to it. Images of
            other sizes, square or not, are judged too, on grids that grow with them.
        grids: sides of the judged grids (not of patches in pixels).

    Raises:
        HandcraftError: no grid, or one that is not smaller than the image.
    """

    taps: FeatureTaps

    def __init__(self, taps: FeatureTaps, *, size_px: int = 128, grids: Sequence[int] = (16, 8, 4)) -> None:
        super().__init__()
        object.__setattr__(self, "taps", taps)  # not as a submodule
        self.judged = judged_steps(size_px, grids)
        self.downs, self.enters, self.heads = nn.ModuleList(), nn.ModuleList(), nn.ModuleDict()
        channels = taps.channels[0]
        for step in range(1, max(self.judged) + 1):
            self.downs.append(_activated(nn.Conv2d(channels, channels, 4, 2, 1)))
            if step < len(taps.channels):
                self.enters.append(_activated(nn.Conv2d(taps.channels[step], channels, 3, 1, 1)))
                channels *= 2
            if step in self.judged:
                self.heads[str(step)] = nn.Conv2d(channels, 1, 3, 1, 1)

    def features(
        self, images: Float[Tensor, "batch 3 height width"], level: int
    ) -> Float[Tensor, "batch channels rows columns"]:
        """The trunk after step ``level`` (1, 2, ...), where the image has been halved as often."""
        expect_level(level, len(self.downs))
        return next(x for step, x in self._trunk(images) if step == level)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Judgements:
        """Judge images in [-1, 1]; one map for each grid, the finest first."""
        return tuple(self.heads[str(step)](x) for step, x in self._trunk(images) if step in self.judged)

    def _trunk(self, images: Float[Tensor, "batch 3 height width"]) -> Iterator[tuple[int, Tensor]]:
        maps = self.taps(images)
        x = maps[0]
        for step, down in enumerate(self.downs, start=1):
            x = down(x)
            if step <= len(self.enters):
                seen = maps[step][..., : x.shape[-2], : x.shape[-1]]  # some networks round odd sizes up
                x = torch.cat([x, self.enters[step - 1](seen)], dim=1)
            yield step, x

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "PerceptualDiscriminator":
        if isinstance(self.taps, nn.Module):
            self.taps._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]


def judged_steps(size_px: int, grids: Sequence[int]) -> tuple[int, ...]:
    """After how many halvings of an image of ``size_px`` its side is nearest (by ratio) to each grid, ascending.

    Raises:
        HandcraftError: no grid, one below 1, or one that is not smaller than the image.
    """
    if not grids:
        raise HandcraftError("Expected `grids` to name at least one side, but got none.")
    expect_at_least(1, **{f"grids[{index}]": grid for index, grid in enumerate(grids)})
    if max(grids) >= size_px:
        raise HandcraftError(f"Expected `grids` to be smaller than images of {size_px} pixels, but got {max(grids)}.")
    return tuple(sorted({max(1, round(math.log2(size_px / grid))) for grid in grids}))


def _activated(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.LeakyReLU(LEAKY_SLOPE))
