# SPDX-License-Identifier: Apache-2.0
"""The encoder, decoder and discriminator of seed 000's VAEGAN (figures 3.3 and 3.4).

The figures give batch normalisation a momentum of 0.9, which is how Keras counts: a tenth of each new batch. The
thesis' networks passed 0.9 to PyTorch, which counts the other way round, so that what the networks remembered for use
was hardly more than the last batch. Here it is PyTorch's 0.1.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.networks import LEAKY_SLOPE, initialise_normal
from handcraft.randomness import generator_for

ContentLevel = Literal[1, 2, 3, 4]

SIZE_MULTIPLE = 16
"""The side of the square crops is a multiple of this: the discriminator halves it four times."""

_MOMENTUM = 0.1
_WEIGHT_STREAM = 0x7AE6
_INITIAL_STD = 0.02

Images = Float[Tensor, "batch 3 side side"]


@dataclass(frozen=True)
class Code:
    """What the encoder makes of images: for each a Gaussian p(z|x) with a diagonal covariance."""

    mean: Float[Tensor, "batch latent"]
    log_variance: Float[Tensor, "batch latent"]

    def sample(self, noise: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch latent"]:
        """Standard normal ``noise`` as a draw from p(z|x); gradients reach mean and variance."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise


class Encoder(nn.Module):
    """Square crops in [-1, 1] to their ``Code`` (figure 3.3, first half).

    Three halving 5x5 convolutions and two fully connected layers; 18,071,360 parameters at 64 pixels, width 64 and 128
    latent values.
    """

    def __init__(self, size: int, width: int, latent: int) -> None:
        super().__init__()
        _expect_buildable(size, width=width, latent=latent)
        self.layers = nn.Sequential(
            _halving(3, width),
            _halving(width, 2 * width),
            _halving(2 * width, 4 * width),
            nn.Flatten(),
            nn.Linear(_flattened(size, width), 16 * width, bias=False),
            nn.BatchNorm1d(16 * width, momentum=_MOMENTUM),
            nn.LeakyReLU(LEAKY_SLOPE),
        )
        self.mean = nn.Linear(16 * width, latent)
        self.log_variance = nn.Linear(16 * width, latent)

    def forward(self, images: Images) -> Code:
        """Encode images in [-1, 1]; the answer is float32 also under autocast."""
        features = self.layers(images)
        return Code(self.mean(features).float(), self.log_variance(features).float())


class Decoder(nn.Module):
    """Latent values to square crops in [-1, 1] (figure 3.3, second half); the generator of the GAN has the same layers.

    A fully connected layer, three doubling 5x5 transposed convolutions, a 5x5 convolution and tanh; 4,798,016
    parameters at 64 pixels, width 64 and 128 latent values.
    """

    def __init__(self, size: int, width: int, latent: int) -> None:
        super().__init__()
        _expect_buildable(size, width=width, latent=latent)
        flattened, side = _flattened(size, width), size // 8
        self.layers = nn.Sequential(
            nn.Linear(latent, flattened, bias=False),
            nn.BatchNorm1d(flattened, momentum=_MOMENTUM),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Unflatten(1, (4 * width, side, side)),
            _doubling(4 * width, 4 * width),
            _doubling(4 * width, 2 * width),
            _doubling(2 * width, width),
            nn.Conv2d(width, 3, 5, padding=2, bias=False),
            nn.Tanh(),
        )

    def forward(self, latents: Float[Tensor, "batch latent"]) -> Images:
        """Decode latent values."""
        return self.layers(latents)


class Discriminator(nn.Module):
    """Whether a crop in [-1, 1] as a whole looks real, as a logit: figure 3.4, its sigmoid being part of the losses.

    Four halving 4x4 convolutions and one that sees what is left as a whole; 2,765,568 parameters at 64 pixels and width
    64. It always normalises by the batch it sees: it has no use apart from training, so it remembers no statistics.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        _expect_buildable(size, width=width)
        first = nn.Conv2d(3, width, 4, stride=2, padding=1, bias=False)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(first, nn.LeakyReLU(LEAKY_SLOPE)),
                _judging(width, 2 * width),
                _judging(2 * width, 4 * width),
                _judging(4 * width, 8 * width),
            ]
        )
        self.head = nn.Conv2d(8 * width, 1, size // SIZE_MULTIPLE, bias=False)

    def features(self, images: Images, level: ContentLevel) -> Float[Tensor, "batch channels rows rows"]:
        """Feature map D_m of equation 3.4, after block ``level``.

        At 64 pixels and width 64: level 1 is 64x32x32 (the text of the thesis), level 4 is 512x4x4 (its code).
        """
        x = images
        for block in self.blocks[:level]:
            x = block(x)
        return x

    def answer(
        self, features: Float[Tensor, "batch channels rows rows"], level: ContentLevel
    ) -> Float[Tensor, " batch"]:
        """The logits that follow from feature maps of ``level``."""
        x = features
        for block in self.blocks[level:]:
            x = block(x)
        return self.head(x).flatten()

    def forward(self, images: Images) -> Float[Tensor, " batch"]:
        """Judge images: above 0 for real, below for made."""
        return self.answer(self.features(images, 1), 1)


class VAEGANNetworks(nn.Module):
    """All networks of the three stages, with weights drawn by ``seed`` alone: N(0, 0.02^2), normalisation N(1, 0.02^2).

    ``generator`` is trained in the first stage only, as the discriminator's opponent. It has the decoder's layers, but
    no encoder knows its latent values; so the third stage goes on with the decoder of the VAE, in the thesis as well.
    """

    def __init__(self, size: int, width: int, latent: int, seed: int) -> None:
        super().__init__()
        self.encoder = Encoder(size, width, latent)
        self.decoder = Decoder(size, width, latent)
        self.generator = Decoder(size, width, latent)
        self.discriminator = Discriminator(size, width)
        for index, network in enumerate(self.children()):
            _initialise(network, generator=generator_for(seed, _WEIGHT_STREAM, index))


def _halving(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 5, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(out_channels, momentum=_MOMENTUM),
        nn.LeakyReLU(LEAKY_SLOPE),
    )


def _doubling(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 5, stride=2, padding=2, output_padding=1, bias=False),
        nn.BatchNorm2d(out_channels, momentum=_MOMENTUM),
        nn.LeakyReLU(LEAKY_SLOPE),
    )


def _judging(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, track_running_stats=False),
        nn.LeakyReLU(LEAKY_SLOPE),
    )


def _flattened(size: int, width: int) -> int:
    return 4 * width * (size // 8) ** 2


def _initialise(network: nn.Module, *, generator: torch.Generator) -> None:
    initialise_normal(network, std=_INITIAL_STD, generator=generator)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, _INITIAL_STD, generator=generator)


def _expect_buildable(size: int, **values: int) -> None:
    if size < SIZE_MULTIPLE or size % SIZE_MULTIPLE:
        raise HandcraftError(
            f"Expected `size` to be a multiple of {SIZE_MULTIPLE} for a VAEGAN, but got crops of {size} pixels; "
            "prepare both sets with size 64, as the thesis did."
        )
    expect_at_least(1, **values)
