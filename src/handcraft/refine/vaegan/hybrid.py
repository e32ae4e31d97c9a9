# SPDX-License-Identifier: Apache-2.0
"""Stage 3: the VAEGAN itself. The decoder learns to paint photographs, in colour, from codes that have none.

In contrast to the published code: images made from noise carry their graph, so that the second term of equation 3.4
moves the decoder; decoder and discriminator are in training mode. The encoder is frozen and in evaluation mode, so that
it says of a render what it said in stage 2.
"""

from dataclasses import dataclass

import torch
from accelerate import Accelerator

from handcraft.refine.optimising import Descent, frozen
from handcraft.refine.range import generator_input, signed_from_unit
from handcraft.refine.vaegan.adversary import Terms, discriminator_terms
from handcraft.refine.vaegan.batches import Latents, VAEGANBatches
from handcraft.refine.vaegan.config import VAEGANConfig
from handcraft.refine.vaegan.losses import content_loss, fooling_loss
from handcraft.refine.vaegan.networks import Images, VAEGANNetworks


@dataclass(frozen=True)
class Decoded:
    """What the decoder made in one step, in [-1, 1]."""

    reconstructed: Images
    """G(x): from the codes of photographs."""
    generated: Images
    """G(z): from noise."""


class VAEGANTraining:
    """Trains ``decoder`` (equation 3.4) and ``discriminator`` (equation 3.3); renders take no part."""

    number = 3

    def __init__(
        self, networks: VAEGANNetworks, batches: VAEGANBatches, config: VAEGANConfig, accelerator: Accelerator
    ) -> None:
        self.networks, self.batches, self.config, self.accelerator = networks, batches, config, accelerator
        self.descents = {
            "decoder": Descent(list(networks.decoder.parameters()), config.optimiser, accelerator),
            "discriminator": Descent(list(networks.discriminator.parameters()), config.optimiser, accelerator),
        }

    def step(self, step: int) -> Terms:
        """Update the decoder, then the discriminator, on the same images."""
        in_colour = self.batches.photographs(step).images
        photographs = signed_from_unit(in_colour)
        with self.accelerator.autocast():
            codes = self.encode(generator_input(in_colour, "normalised"), self.batches.noise(step, "photographed"))
            decoded = self.decode(codes, self.batches.noise(step, "generated"))
            terms = self.decoder_terms(decoded, photographs)
            loss = self.decoder_loss(terms)
        self.descents["decoder"].descend(loss, step)
        made = {"reconstructed": decoded.reconstructed, "generated": decoded.generated}
        with self.accelerator.autocast():
            judged, right = discriminator_terms(self.networks.discriminator, photographs, made)
        self.descents["discriminator"].descend(torch.stack(list(judged.values())).sum(), step)
        return terms | judged | right

    @torch.no_grad()
    def encode(self, images: Images, noise: Latents) -> Latents:
        """Draws from the codes of ``images``, which are without tint and in [-1, 1]."""
        return self.networks.encoder.eval()(images).sample(noise)

    def decode(self, codes: Latents, noise: Latents) -> Decoded:
        """Images from codes and from noise, normalised as one batch: the statistics kept for use are those of both."""
        reconstructed, generated = self.networks.decoder.train()(torch.cat([codes, noise])).chunk(2)
        return Decoded(reconstructed, generated)

    def decoder_terms(self, decoded: Decoded, photographs: Images) -> Terms:
        """The unweighted terms of equation 3.4. They reach the decoder only; D_m of the photographs has no graph."""
        judge, level = self.networks.discriminator, self.config.content_level
        with frozen(judge):
            made = judge.features(decoded.reconstructed, level)
            return {
                "adversarial_reconstructed": fooling_loss(judge.answer(made, level)),
                "adversarial_generated": fooling_loss(judge(decoded.generated)),
                "content": content_loss(
                    original=judge.features(photographs, level), made=made, reduction=self.config.content_reduction
                ),
            }

    def decoder_loss(self, terms: Terms) -> torch.Tensor:
        """J_G of equation 3.4."""
        weighted = self.config.content_weight * terms["content"]
        return terms["adversarial_reconstructed"] + terms["adversarial_generated"] + weighted
