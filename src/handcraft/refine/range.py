# SPDX-License-Identifier: Apache-2.0
"""Between images in [0, 1] and the [-1, 1] that generators work in: fixed maps, the same for every image.

The thesis (seed 000) stretched each stored batch of 512 outputs to its own darkest and brightest value, which made the
brightness of an image depend on its batch mates.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data import normalise_colour

RenderedInput = Literal["normalised", "colour"]
"""How renders go into a generator: with their tint taken out, as in seed 000, or as they are."""


def signed_from_unit(images: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """[0, 1] to [-1, 1]."""
    return images * 2.0 - 1.0


def unit_from_signed(images: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """[-1, 1] to [0, 1], the inverse of ``signed_from_unit``; what lies outside is clipped."""
    return torch.clamp((images + 1.0) / 2.0, 0.0, 1.0)


def generator_input(
    images: Float[Tensor, "batch 3 height width"], rendered_input: RenderedInput
) -> Float[Tensor, "batch 3 height width"]:
    """Renders in [0, 1] as a generator sees them, in [-1, 1]."""
    return signed_from_unit(normalise_colour(images) if rendered_input == "normalised" else images)
