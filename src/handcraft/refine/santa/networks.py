# SPDX-License-Identifier: Apache-2.0
"""SANTA's generator: one encoder for both domains, one decoder that is told where between them to come out."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.networks import (
    LEAKY_SLOPE,
    ResidualBlock,
    Upsampling,
    convolution_block,
    initialise_kaiming,
    initialise_normal,
    reflect_convolution,
)
from handcraft.networks.modulation import ModulatedBlock, ModulatedUpsampling, Modulation
from handcraft.randomness import generator_for
from handcraft.refine.generators import SIZE_MULTIPLE
from handcraft.refine.one_sided import Images

_WEIGHT_STREAM = 0x5A17

Latents = Float[Tensor, "batch channels rows columns"]
Domains = Float[Tensor, " batch"]
"""0 for a render, 1 for a photograph."""


@dataclass(frozen=True)
class Decoded:
    """What the decoder makes of latents, in [-1, 1], and its features on the way, the image itself being the last."""

    images: Images
    features: tuple[Float[Tensor, "batch _ _ _"], ...]


class SantaGenerator(nn.Module):
    """CycleGAN's trunk cut in two; the domain enters the second half by adaptive instance normalisation."""

    def __init__(
        self, *, width: int, encoder_blocks: int, decoder_blocks: int, upsample: Upsampling, seed: int
    ) -> None:
        super().__init__()
        hidden = self.latent_channels = 4 * width
        self.encoder = nn.Sequential(
            convolution_block(3, width, kernel=7),
            convolution_block(width, 2 * width, kernel=3, stride=2),
            convolution_block(2 * width, 4 * width, kernel=3, stride=2),
            *(ResidualBlock(4 * width) for _ in range(encoder_blocks)),
        )
        self.code = nn.Sequential(nn.Linear(1, hidden), nn.LeakyReLU(LEAKY_SLOPE), nn.Linear(hidden, hidden))
        self.decoder = nn.ModuleList(
            [
                *(ModulatedBlock(4 * width, hidden) for _ in range(decoder_blocks)),
                ModulatedUpsampling(4 * width, 2 * width, hidden, upsampling=upsample),
                ModulatedUpsampling(2 * width, width, hidden, upsampling=upsample),
            ]
        )
        self.exit = nn.Sequential(reflect_convolution(width, 3, kernel=7), nn.Tanh())
        self._initialise(seed)

    def _initialise(self, seed: int) -> None:
        initialise_normal(self, std=0.02, generator=generator_for(seed, _WEIGHT_STREAM, 0))
        modulations = [each for each in self.modules() if isinstance(each, Modulation)]
        for index, network in enumerate([self.code, *modulations], start=1):
            initialise_kaiming(network, generator=generator_for(seed, _WEIGHT_STREAM, index))

    def encode(self, images: Images) -> Latents:
        """What of an image in [-1, 1] is the same in both domains."""
        return self.encoder(images)

    def decode(self, latents: Latents, domains: Domains) -> Decoded:
        """Each latent as an image of its domain, 0 to 1."""
        code, x = self.code(2 * domains[:, None] - 1), latents
        features: list[Tensor] = []
        for layer in self.decoder:
            x = layer(x, code)
            features.append(x)
        images = self.exit(x)
        return Decoded(images, (*features, images))

    def latent_shape(self, images: Images) -> tuple[int, int, int, int]:
        """The shape of the latents of ``images``."""
        batch, _, height, width = images.shape
        return batch, self.latent_channels, height // SIZE_MULTIPLE, width // SIZE_MULTIPLE

    def forward(self, images: Images, domains: Domains) -> Images:
        """Images in [-1, 1] brought to their domains, without noise: how a trained refiner works."""
        return self.decode(self.encode(images), domains).images

    def at(self, images: Images, domain: float) -> Images:
        """All images brought to one place between the domains."""
        return self(images, torch.full((len(images),), domain).to(images))
