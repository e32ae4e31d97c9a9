# SPDX-License-Identifier: Apache-2.0
"""Discriminators of patches: seed 000's with its full-resolution variant, and the 70x70 one of seed 002.

Figure 3.7 of seed 000 names batch normalisation; the thesis' networks use instance normalisation, as figure 3.6 says of
the generator, and we follow the networks. Seed 002's, published with batch normalisation, keeps it.
"""

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import expect_at_least
from handcraft.networks import LEAKY_SLOPE, reflect_convolution
from handcraft.refine.discriminators.protocol import Judgements, after_blocks


class PatchDiscriminator(nn.Module):
    """How real each 46x46 pixel patch looks: about 1 for real, 0 for made (figure 3.7).

    Three halving convolutions and one of stride 1; a 7x7 answer at 64 pixels. 662,528 parameters with the published
    width 64.

    Args:
        width: channels after the first convolution.
        sigmoid: end in a sigmoid as figure 3.7 says, although the losses are least squares; without it the answer is
            linear, as in Zhu et al. 2017 and seed 002, and as a critic (``gradient_penalty``) needs it.
        full_resolution_features: begin with a residual block that keeps the size, so that feature level 1 has the
            image's resolution and the halving convolutions are levels 2 to 4 (seed 000, section 5.1.4). Patches are
            50x50 pixels then.
    """

    def __init__(self, width: int = 64, *, sigmoid: bool = True, full_resolution_features: bool = False) -> None:
        super().__init__()
        expect_at_least(1, width=width)
        first: list[nn.Module] = [FullResolutionBlock(width)] if full_resolution_features else []
        enters = width if full_resolution_features else 3
        halvings = [
            _halving(enters, width, normalised=False),
            _halving(width, 2 * width),
            _halving(2 * width, 4 * width),
        ]
        self.blocks = nn.ModuleList([*first, *halvings])
        last = reflect_convolution(4 * width, 1, kernel=4, bias=False)
        self.head = nn.Sequential(last, nn.Sigmoid()) if sigmoid else nn.Sequential(last)

    def features(
        self, images: Float[Tensor, "batch 3 height width"], level: int
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Feature map D_m of equation 3.8, after block ``level``: 1 to 3, or 1 to 4 with full-resolution features.

        At 64 pixels and width 64: level 1 is 64x32x32 (the text of the thesis), level 2 is 128x16x16 (its notebook);
        with full-resolution features level 1 is 64x64x64.
        """
        return after_blocks(self.blocks, images, level)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Judgements:
        """Judge images in [-1, 1], patch by patch; one map."""
        return (self.head(self.features(images, len(self.blocks))),)


class FullResolutionBlock(nn.Module):
    """RGB to ``channels`` feature maps of the image's own size: a convolution, plus what two more make of it.

    The seed proposes such a block without drawing it; this one sees 5x5 pixels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = reflect_convolution(3, channels, kernel=3)
        self.residual = nn.Sequential(
            reflect_convolution(3, channels, kernel=3),
            nn.LeakyReLU(LEAKY_SLOPE),
            reflect_convolution(channels, channels, kernel=3),
        )
        self.activation = nn.LeakyReLU(LEAKY_SLOPE)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels height width"]:
        """Features of images in [-1, 1]."""
        return self.activation(self.enter(images) + self.residual(images))


class PatchDiscriminator70(nn.Module):
    """How real each 70x70 pixel patch looks (Isola et al. 2017; pixCycleGAN of seed 002): linear, 14x14 at 128 pixels.

    2,766,529 parameters with the published width 64. Batch normalisation: not for use as a critic.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        expect_at_least(1, width=width)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(LEAKY_SLOPE)),
                _batch_block(width, 2 * width, stride=2),
                _batch_block(2 * width, 4 * width, stride=2),
                _batch_block(4 * width, 8 * width, stride=1),
            ]
        )
        self.head = nn.Conv2d(8 * width, 1, 4, 1, 1)

    def features(
        self, images: Float[Tensor, "batch 3 height width"], level: int
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Feature map after block ``level`` from 1 to 4; level 1 has half the image's size."""
        return after_blocks(self.blocks, images, level)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Judgements:
        """Judge images in [-1, 1], patch by patch; one map."""
        return (self.head(self.features(images, len(self.blocks))),)


def _halving(in_channels: int, out_channels: int, *, normalised: bool = True) -> nn.Sequential:
    convolution = reflect_convolution(in_channels, out_channels, kernel=4, stride=2, bias=False)
    norm = [nn.InstanceNorm2d(out_channels)] if normalised else []
    return nn.Sequential(convolution, *norm, nn.LeakyReLU(LEAKY_SLOPE))


def _batch_block(in_channels: int, out_channels: int, *, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, out_channels, 4, stride, 1)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.LeakyReLU(LEAKY_SLOPE))
