# SPDX-License-Identifier: Apache-2.0
"""Stage 2: a variational autoencoder of hands of both domains, without their tint.

In contrast to the published code: images lose their tint once (there the targets had it taken out twice, so that an
encoder and decoder without error would still have had a loss), and networks are in training mode.
"""

import torch
from accelerate import Accelerator

from handcraft.refine.optimising import Descent
from handcraft.refine.range import generator_input
from handcraft.refine.vaegan.adversary import Terms
from handcraft.refine.vaegan.batches import Latents, VAEGANBatches
from handcraft.refine.vaegan.config import VAEGANConfig
from handcraft.refine.vaegan.losses import divergence_loss, reconstruction_loss
from handcraft.refine.vaegan.networks import Images, VAEGANNetworks


class VAEPretraining:
    """Trains ``encoder`` and ``decoder`` (equation 2.2) on as many renders as photographs.

    Both domains go through in one batch: what is normalised together in training is normalised alike in use, when
    renders and photographs meet the same remembered statistics.
    """

    number = 2

    def __init__(
        self, networks: VAEGANNetworks, batches: VAEGANBatches, config: VAEGANConfig, accelerator: Accelerator
    ) -> None:
        self.networks, self.batches, self.accelerator = networks, batches, accelerator
        weights = [*networks.encoder.parameters(), *networks.decoder.parameters()]
        self.descents = {"autoencoder": Descent(weights, config.optimiser, accelerator)}

    def step(self, step: int) -> Terms:
        """Update encoder and decoder."""
        both = [self.batches.rendered(step).images, self.batches.photographs(step).images]
        images = generator_input(torch.cat(both), "normalised")
        noise = torch.cat([self.batches.noise(step, "rendered"), self.batches.noise(step, "photographed")])
        with self.accelerator.autocast():
            terms = self.terms(images, noise)
        self.descents["autoencoder"].descend(torch.stack(list(terms.values())).sum(), step)
        return terms

    def terms(self, images: Images, noise: Latents) -> Terms:
        """Both terms of equation 2.2, which have no weights; ``images`` are without tint, in [-1, 1]."""
        code = self.networks.encoder.train()(images)
        reconstructed = self.networks.decoder.train()(code.sample(noise))
        return {
            "reconstruction": reconstruction_loss(image=images, reconstructed=reconstructed),
            "divergence": divergence_loss(code),
        }
