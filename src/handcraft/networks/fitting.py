# SPDX-License-Identifier: Apache-2.0
"""Images of any size and shape to the square that a network was made for."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.networks.padding import Padding


def fitted(images: Float[Tensor, "batch channels _ _"], side: int) -> Float[Tensor, "batch channels {side} {side}"]:
    """Images brought to ``side`` by ``side``, antialiased; one that is not square gets its border repeated first.

    Shrinking without an antialias filter moves a Fréchet distance by more than methods differ (Parmar et al. 2022, "On
    aliased resizing and surprising subtleties in GAN evaluation").
    """
    height, width = images.shape[-2:]
    if height != width:
        images = Padding.to_multiple(images, max(height, width)).add(images)
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
