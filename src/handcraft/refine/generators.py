# SPDX-License-Identifier: Apache-2.0
"""The generators of seed 000 (figure 3.6) and of seed 002: one residual network with two ways to normalise.

Seed 000 normalises per image and without parameters, so what it does to an image depends neither on its batch mates
nor on training or evaluation mode. Seed 002's published networks normalise over the batch and drop half the values
inside their blocks: they translate in evaluation mode, and only there is the answer for an image its own.
"""

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import expect_at_least, expect_below_one
from handcraft.networks import (
    Normalisation,
    ResidualBlock,
    Upsampling,
    convolution_block,
    reflect_convolution,
    upsampling_block,
)

SIZE_MULTIPLE = 4
"""Heights and widths that this trunk can translate, in whichever refiner, are multiples of this ..."""

SIZE_MINIMUM = 8
"""... and at least this: below, instance normalisation would see a single pixel."""


class CycleGenerator(nn.Module):
    """An image of one domain in, the same hand in the other domain out; both in [-1, 1] (figure 3.6).

    A 7x7 convolution, two halvings, ``blocks`` residual blocks, two doublings, a 7x7 convolution and tanh. Heights and
    widths are multiples of ``SIZE_MULTIPLE``. With width 64 and transposed convolutions the published numbers of
    parameters: 5,477,379 for seed 000 (4 blocks, ``instance``); 5,482,755, 7,845,123 and 11,388,675 for seed 002 (4, 6
    and 9 blocks, ``batch``).

    Args:
        width: channels after the first convolution.
        blocks: residual blocks.
        upsample: how sizes are doubled.
        norm: ``instance`` for seed 000, ``batch`` for seed 002, each with the activations and borders of its seed.
        dropout: share of values cleared inside each block while training; 0 in seed 000, 0.5 in seed 002.

    Raises:
        HandcraftError: no channels, no blocks, or a share that leaves nothing.
    """

    def __init__(
        self,
        width: int = 64,
        blocks: int = 4,
        upsample: Upsampling = "transposed",
        norm: Normalisation = "instance",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        expect_at_least(1, width=width, blocks=blocks)
        expect_below_one(dropout=dropout)
        self.layers = nn.Sequential(
            convolution_block(3, width, kernel=7, normalisation=norm),
            convolution_block(width, 2 * width, kernel=3, stride=2, normalisation=norm),
            convolution_block(2 * width, 4 * width, kernel=3, stride=2, normalisation=norm),
            *(ResidualBlock(4 * width, normalisation=norm, dropout=dropout) for _ in range(blocks)),
            upsampling_block(4 * width, 2 * width, upsampling=upsample, normalisation=norm),
            upsampling_block(2 * width, width, upsampling=upsample, normalisation=norm),
            reflect_convolution(width, 3, kernel=7),
            nn.Tanh(),
        )

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Translate images in [-1, 1]."""
        return self.layers(images)
