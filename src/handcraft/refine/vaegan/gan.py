# SPDX-License-Identifier: Apache-2.0
"""Stage 1: a GAN on photographs, so that the discriminator knows photographs before the decoder meets it.

In contrast to the published code: networks are in training mode while they are trained.
"""

import torch
from accelerate import Accelerator

from handcraft.refine.optimising import Descent, frozen
from handcraft.refine.range import signed_from_unit
from handcraft.refine.vaegan.adversary import Terms, discriminator_terms
from handcraft.refine.vaegan.batches import Latents, VAEGANBatches
from handcraft.refine.vaegan.config import VAEGANConfig
from handcraft.refine.vaegan.losses import fooling_loss
from handcraft.refine.vaegan.networks import Images, VAEGANNetworks


class GANPretraining:
    """Trains ``generator`` (equation 3.1) and ``discriminator`` (equation 3.2); photographs are in colour."""

    number = 1

    def __init__(
        self, networks: VAEGANNetworks, batches: VAEGANBatches, config: VAEGANConfig, accelerator: Accelerator
    ) -> None:
        self.networks, self.batches, self.accelerator = networks, batches, accelerator
        self.descents = {
            "generator": Descent(list(networks.generator.parameters()), config.optimiser, accelerator),
            "discriminator": Descent(list(networks.discriminator.parameters()), config.optimiser, accelerator),
        }

    def step(self, step: int) -> Terms:
        """Update the generator, then the discriminator, on the same images."""
        photographs = signed_from_unit(self.batches.photographs(step).images)
        with self.accelerator.autocast():
            generated, terms = self.generator_terms(self.batches.noise(step, "generated"))
        self.descents["generator"].descend(torch.stack(list(terms.values())).sum(), step)
        with self.accelerator.autocast():
            judged, right = discriminator_terms(self.networks.discriminator, photographs, {"generated": generated})
        self.descents["discriminator"].descend(torch.stack(list(judged.values())).sum(), step)
        return terms | judged | right

    def generator_terms(self, noise: Latents) -> tuple[Images, Terms]:
        """Images from noise, and J_G of equation 3.1 on them; it does not reach the discriminator."""
        generated = self.networks.generator.train()(noise)
        with frozen(self.networks.discriminator):
            return generated, {"adversarial_generated": fooling_loss(self.networks.discriminator(generated))}
