# SPDX-License-Identifier: Apache-2.0
"""The networks of the one-to-many refiner: an image's shape, its style, and painting the one in the other.

The shape is the image's luminance without brightness and contrast: a fixed map, nothing to be learnt. So a photograph
and its shape are a pair, and a generator that repaints photographs from shape and style learns from pixels that lie
where they belong. A second generator towards renders, as CycleGAN has it, would have to be learnt, could hide the tint
in its pixels instead of in the style (Chu et al. 2017), and is what moves hands: it may draw them anew.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.networks import (
    LEAKY_SLOPE,
    Upsampling,
    convolution_block,
    initialise_kaiming,
    initialise_normal,
    reflect_convolution,
)
from handcraft.networks.modulation import ModulatedBlock, ModulatedConvolution, ModulatedUpsampling, Modulation
from handcraft.randomness import generator_for

_WEIGHT_STREAM = 0x571E
_LUMINANCE = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709
_FLATTEST = 1e-3  # contrast below which an image has no shape to be stretched

Images = Float[Tensor, "batch 3 height width"]
Shapes = Float[Tensor, "batch 1 height width"]
Styles = Float[Tensor, "batch style"]


def shape_of(images: Images) -> Shapes:
    """Luminance, per image of mean 0 and standard deviation 1: the same for ``a * images + b`` with any a > 0."""
    exact = images.float()  # an average over the whole image is no matter for bfloat16
    luminance = (exact * exact.new_tensor(_LUMINANCE)[:, None, None]).sum(dim=1, keepdim=True)
    centred = luminance - luminance.mean(dim=(2, 3), keepdim=True)
    return centred / centred.std(dim=(2, 3), keepdim=True, correction=0).clamp(min=_FLATTEST)


class StyleGenerator(nn.Module):
    """A shape and a style in, an image in [-1, 1] out: CycleGAN's trunk, its style by adaptive instance normalisation.

    Features of full resolution skip the trunk, for fingers are few pixels wide.
    """

    def __init__(self, width: int, blocks: int, style_size: int, upsample: Upsampling) -> None:
        super().__init__()
        hidden = 4 * width
        self.code = nn.Sequential(nn.Linear(style_size, hidden), nn.LeakyReLU(LEAKY_SLOPE))
        self.entrance = convolution_block(1, width, kernel=7)
        self.down = nn.Sequential(
            convolution_block(width, 2 * width, kernel=3, stride=2),
            convolution_block(2 * width, 4 * width, kernel=3, stride=2),
        )
        self.blocks = nn.ModuleList(ModulatedBlock(4 * width, hidden) for _ in range(blocks))
        self.up = nn.ModuleList(
            [
                ModulatedUpsampling(4 * width, 2 * width, hidden, upsampling=upsample),
                ModulatedUpsampling(2 * width, width, hidden, upsampling=upsample),
            ]
        )
        self.merge = ModulatedConvolution(2 * width, width, hidden)
        self.exit = nn.Sequential(reflect_convolution(width, 3, kernel=7), nn.Tanh())

    def forward(self, shapes: Shapes, styles: Styles) -> Images:
        """Paint each shape in its style."""
        code, sharp = self.code(styles), self.entrance(shapes)
        x = self.down(sharp)
        for layer in [*self.blocks, *self.up]:
            x = layer(x, code)
        return self.exit(self.merge(torch.cat([x, sharp], dim=1), code))


class StyleEncoder(nn.Module):
    """An image in [-1, 1] to its style: the mean and the logarithm of the variance of each number of it.

    No normalisation, which would take away what is asked for. Where the style is read is learnt: pooling weighs places
    by attention, so that a small hand before a wide background has the style of a large one.
    """

    def __init__(self, width: int, style_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [reflect_convolution(before, after, kernel=4, stride=2), nn.LeakyReLU(LEAKY_SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.attention = nn.Conv2d(4 * width, 1, 1)
        self.exit = nn.Linear(4 * width, 2 * style_size)

    def forward(self, images: Images) -> tuple[Styles, Styles]:
        """Mean and log variance."""
        features = self.layers(images)
        places = self.attention(features).flatten(2).softmax(dim=-1)
        mean, log_variance = self.exit((features.flatten(2) * places).sum(dim=-1)).chunk(2, dim=1)
        return mean, log_variance


class StyleNetwork(nn.Module):
    """Generator and encoder: all that a trained refiner is; both are averaged over steps together."""

    def __init__(
        self, *, width: int, blocks: int, style_size: int, upsample: Upsampling, encoder_width: int, seed: int
    ) -> None:
        super().__init__()
        self.generator = StyleGenerator(width, blocks, style_size, upsample)
        self.encoder = StyleEncoder(encoder_width, style_size)
        initialise_normal(self.generator, std=0.02, generator=generator_for(seed, _WEIGHT_STREAM, 0))
        modulations = [each for each in self.generator.modules() if isinstance(each, Modulation)]
        for index, network in enumerate([self.generator.code, self.encoder, *modulations], start=1):
            initialise_kaiming(network, generator=generator_for(seed, _WEIGHT_STREAM, index))

    def refined(self, images: Images, styles: Styles) -> Images:
        """Images in [-1, 1] painted in other styles."""
        return self.generator(shape_of(images), styles)

    def styles_of(self, images: Images) -> Styles:
        """The styles of images in [-1, 1]."""
        return self.encoder(images)[0]
