# SPDX-License-Identifier: Apache-2.0
"""SANTA's loss terms (Xie et al. 2023, "Unpaired image-to-image translation with shortest path regularization").

y is a render, x a photograph, E the encoder, G(z, d) the decoder at domain d, D the discriminator of photographs. Of
all ways from render to photograph that fool D, the shortest is wanted: the one along which the decoder's features
change least as d goes from 0 to 1. It has no reason to move a hand.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.refine.discriminators import PatchDiscriminator
from handcraft.refine.losses import adversarial_loss, identity_loss
from handcraft.refine.one_sided import Images, Terms, Unpaired
from handcraft.refine.optimising import frozen
from handcraft.refine.santa.config import SantaConfig
from handcraft.refine.santa.networks import Domains, Latents, SantaGenerator


@dataclass(frozen=True)
class Chance:
    """All that is random in a step."""

    rendered_noise: Latents
    """N(0, 1), added to the renders' latents ..."""
    photographed_noise: Latents
    """... and to the photographs'."""
    domains: Domains
    """Where on its way the path of each render is looked at ..."""
    gaps: Domains
    """... and how far to either side."""

    @classmethod
    def draw(
        cls, shape: tuple[int, int, int, int], config: SantaConfig, *, generator: torch.Generator, device: torch.device
    ) -> "Chance":
        """For latents of ``shape``; places whose neighbours both lie within 0 to 1."""
        noise = torch.randn(2, *shape, generator=generator).to(device)
        places, widths = torch.rand(2, shape[0], generator=generator).to(device)
        gaps = config.smallest_gap + (config.largest_gap - config.smallest_gap) * widths
        return cls(noise[0], noise[1], gaps + (1 - 2 * gaps) * places, gaps)


@dataclass(frozen=True)
class Brought:
    """One batch of each domain, encoded and decoded. All images in [-1, 1]."""

    batch: Unpaired
    rendered_again: Images
    """Decoded at 0."""
    refined: Images
    """The renders decoded at 1."""
    photographed_again: Images
    """Decoded at 1."""
    latents: tuple[Latents, Latents]
    """Of renders and photographs, without noise."""
    squared_speed: Float[Tensor, ""]
    """Of the decoder's features at some place between 0 and 1."""


def bring(generator: SantaGenerator, batch: Unpaired, chance: Chance) -> Brought:
    """Decode renders at 0, at 1 and about a place between, photographs at 1."""
    from_render, from_photograph = generator.encode(batch.rendered), generator.encode(batch.photographed)
    noisy = from_render + chance.rendered_noise
    zeros = torch.zeros_like(chance.domains)
    return Brought(
        batch=batch,
        rendered_again=generator.decode(noisy, zeros).images,
        refined=generator.decode(noisy, zeros + 1).images,
        photographed_again=generator.decode(from_photograph + chance.photographed_noise, zeros + 1).images,
        latents=(from_render, from_photograph),
        squared_speed=squared_speed(generator, noisy, chance.domains, chance.gaps),
    )


def squared_speed(generator: SantaGenerator, latents: Latents, domains: Domains, gaps: Domains) -> Float[Tensor, ""]:
    """``mean ((f(d + gap) - f(d - gap)) / (2 gap))^2``, averaged over the decoder's layers, the image among them.

    In float32 whatever the rest is computed in: a small difference over a small gap drowns in bfloat16's rounding.
    """
    with torch.autocast(latents.device.type, enabled=False):
        before = generator.decode(latents.float(), domains - gaps).features
        after = generator.decode(latents.float(), domains + gaps).features
    widths = 2 * gaps[:, None, None, None]
    return torch.stack([(((b - a) / widths) ** 2).mean() for a, b in zip(before, after, strict=True)]).mean()


def generator_terms(discriminator: PatchDiscriminator, images: Brought) -> Terms:
    """Every term of the generator's loss, unweighted; the discriminator gets no gradient."""
    with frozen(discriminator):
        adversarial = adversarial_loss(on_fake=discriminator(images.refined))
    return {
        "adversarial_refined": adversarial,
        "reconstruction_rendered": identity_loss(image=images.batch.rendered, translated=images.rendered_again),
        "identity_photographed": identity_loss(image=images.batch.photographed, translated=images.photographed_again),
        "latent_square": torch.stack([(each**2).mean() for each in images.latents]).sum(),
        "path_speed": images.squared_speed,
    }


def generator_loss(terms: Terms, config: SantaConfig) -> Float[Tensor, ""]:
    """The weighted sum; a term's weight is named by its first word."""
    return torch.stack([getattr(config, f"{name.split('_')[0]}_weight") * term for name, term in terms.items()]).sum()
