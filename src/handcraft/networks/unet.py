# SPDX-License-Identifier: Apache-2.0
"""A small U-Net (Ronneberger et al. 2015) for images of any size.

In contrast to the original: borders are padded, so the answer has the size of the image; group normalisation instead
of none, so it answers for one image as for a batch; nearest-neighbour enlargement instead of transposed convolutions.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.networks.blocks import double_convolution
from handcraft.networks.padding import Padding


class UNet(nn.Module):
    """``depth`` halvings, as many doublings, and a skip connection at every size; channels double with each halving.

    Args:
        in_channels: channels of the image.
        out_channels: channels of the answer, which is linear (logits).
        width: channels at full size.
        depth: number of halvings (channels double with each).
    """

    def __init__(self, in_channels: int, out_channels: int, width: int, depth: int) -> None:
        super().__init__()
        for name, value in {"in_channels": in_channels, "out_channels": out_channels, "width": width}.items():
            if value < 1:
                raise HandcraftError(f"Expected `{name}` to be at least 1, but got {value}.")
        if depth < 0:
            raise HandcraftError(f"Expected `depth` to be at least 0, but got {depth}.")
        channels = [width * 2**level for level in range(depth + 1)]
        self.depth = depth
        self.entrance = double_convolution(in_channels, width)
        self.down = nn.ModuleList(double_convolution(channels[i], channels[i + 1]) for i in range(depth))
        self.up = nn.ModuleList(
            double_convolution(channels[i] + channels[i + 1], channels[i]) for i in reversed(range(depth))
        )
        self.exit = nn.Conv2d(width, out_channels, 1)

    def forward(
        self, images: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels height width"]:
        """Logits of the same height and width as ``images``, whatever these are."""
        padding = Padding.to_multiple(images, 2**self.depth)
        skips = [self.entrance(padding.add(images))]
        for block in self.down:
            skips.append(block(F.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for block in self.up:
            x = block(torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), skips.pop()], dim=1))
        return padding.remove(self.exit(x))
