# SPDX-License-Identifier: Apache-2.0
"""What the stages of a VAEGAN are shown in a step, crops of both domains and noise, as it follows from (seed, step)."""

from dataclasses import replace
from typing import Literal

import torch
from accelerate import Accelerator
from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.randomness import generator_for
from handcraft.refine.feeding import Batch, DomainBatches, own_part
from handcraft.refine.turn import random_angles_rad, turned
from handcraft.refine.vaegan.config import VAEGANConfig
from handcraft.refine.vaegan.networks import Images

_RENDERED_STREAM, _PHOTOGRAPHED_STREAM, _TURN_STREAM, _SHOWN_NOISE_STREAM = range(4)
_NOISE_STREAMS = {"generated": 4, "rendered": 5, "photographed": 6}

Purpose = Literal["generated", "rendered", "photographed"]
"""What noise is for: images from nothing, or a draw from the codes of one domain."""

Latents = Float[Tensor, "batch latent"]


class VAEGANBatches:
    """Both domains in [0, 1], and standard normal noise; each process has its own part of each batch."""

    def __init__(
        self, rendered: PreparedSet, photographs: PreparedSet, config: VAEGANConfig, accelerator: Accelerator
    ) -> None:
        self.config, self.accelerator = config, accelerator
        self._rendered = self._domain(rendered, _RENDERED_STREAM)
        self._photographs = self._domain(photographs, _PHOTOGRAPHED_STREAM)

    def _domain(self, images: PreparedSet, stream: int) -> DomainBatches:
        size, seed = self.config.batch_size, self.config.seed
        return DomainBatches(images, batch_size=size, seed=seed, stream=stream, accelerator=self.accelerator)

    def rendered(self, step: int) -> Batch:
        """Renders of a step."""
        return self._rendered.at(step)

    def photographs(self, step: int) -> Batch:
        """Photographs of a step, turned if the configuration says so."""
        batch, widest_deg = self._photographs.at(step), self.config.turn_photographs_deg
        if widest_deg == 0:
            return batch
        generator = generator_for(self.config.seed, _TURN_STREAM, step)
        all_angles_rad = random_angles_rad(self.config.batch_size, widest_deg, generator=generator)
        angles_rad = own_part(all_angles_rad, self.accelerator).to(batch.images.device)
        masks = turned(batch.masks[:, None].float(), angles_rad)[:, 0] > 0.5
        return replace(batch, images=turned(batch.images, angles_rad), masks=masks)

    def noise(self, step: int, purpose: Purpose) -> Latents:
        """Standard normal latent values of a step."""
        generator = generator_for(self.config.seed, _NOISE_STREAMS[purpose], step)
        noise = torch.randn(self.config.batch_size, self.config.latent, generator=generator)
        return own_part(noise, self.accelerator).to(self.accelerator.device)

    def shown(self, count: int) -> tuple[Images, Images, Latents]:
        """Up to ``count`` renders and photographs and as many draws of noise, the same ones for every picture."""
        rendered, photographs = self._rendered.shown(count).images, self._photographs.shown(count).images
        generator = generator_for(self.config.seed, _SHOWN_NOISE_STREAM)
        noise = torch.randn(len(photographs), self.config.latent, generator=generator)
        return rendered, photographs, noise.to(self.accelerator.device)
