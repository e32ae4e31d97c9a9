# SPDX-License-Identifier: Apache-2.0
"""What every discriminator answers: a map of judgements for each scale it looks at, and its features on the way."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError

FeatureLevel = Literal[1, 2]
"""Feature maps that equation 3.8 of seed 000 may compare: 1 as the thesis says, 2 as its notebook has it."""

Judgements = tuple[Tensor, ...]
"""One ``Float[Tensor, "batch 1 rows columns"]`` for each scale; losses over it sum over scales."""


@runtime_checkable
class Discriminator(Protocol):
    """Tells photographs from translations (or renders from theirs); images are in [-1, 1]."""

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Judgements:
        """About 1 where an image looks real, about 0 where it looks made; one map a scale."""
        ...

    def features(
        self, images: Float[Tensor, "batch 3 height width"], level: int
    ) -> Float[Tensor, "batch channels rows columns"]:
        """The feature map after block ``level`` (1, 2, ...): D_m of equation 3.8.

        Raises:
            HandcraftError: a level this discriminator does not have.
        """
        ...


def after_blocks(
    blocks: Sequence[nn.Module] | nn.ModuleList, images: Float[Tensor, "batch 3 height width"], level: int
) -> Float[Tensor, "batch channels rows columns"]:
    """What the first ``level`` of ``blocks`` make of ``images``."""
    expect_level(level, len(blocks))
    x = images
    for block in list(blocks)[:level]:
        x = block(x)
    return x


def expect_level(level: int, levels: int) -> None:
    """Refuse a feature level that is not 1 to ``levels``."""
    if not 1 <= level <= levels:
        raise HandcraftError(f"Expected `level` to be from 1 to {levels} for this discriminator, but got {level}.")
