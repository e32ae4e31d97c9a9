# SPDX-License-Identifier: Apache-2.0
"""Trains a one-sided refiner with a slider between render and photograph (SANTA)."""

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from handcraft.data import PreparedSet
from handcraft.randomness import generator_for
from handcraft.refine.one_sided import Duel, Terms, UnpairedBatches
from handcraft.refine.pictures import draw_translations
from handcraft.refine.santa.config import SantaConfig
from handcraft.refine.santa.objective import Brought, Chance, bring, generator_loss, generator_terms

_CHANCE_STREAM = 0x5A01
_PICTURES = 8
_DRAWN_AT = (0.0, 0.25, 0.5, 0.75, 1.0)


class SantaLearner:
    """Generator, discriminator, their optimisers and the average: a ``training.Learner``.

    Args:
        rendered: crops of renders, on black or with their background, as the photographs are.
        photographed: crops of photographs (or of what stands in for them).
        config: networks, losses and optimisers.
        accelerator: device, precision and the other processes.

    Raises:
        HandcraftError: crops of different or unsuitable sizes.
    """

    kind = "santa"

    def __init__(
        self, rendered: PreparedSet, photographed: PreparedSet, config: SantaConfig, accelerator: Accelerator
    ) -> None:
        self.config, self.accelerator = config, accelerator
        self.batches = UnpairedBatches(
            rendered,
            photographed,
            batch_size=config.batch_size,
            turn_photographs_deg=config.turn_photographs_deg,
            seed=config.seed,
            accelerator=accelerator,
        )
        self.network = config.network()
        self.duel = Duel(
            self.network,
            discriminator_width=config.discriminator_width,
            optimiser=config.optimiser,
            ema_decay=config.ema_decay,
            seed=config.seed,
            accelerator=accelerator,
        )

    def step(self, step: int) -> dict[str, float]:
        """Update the generator, then the discriminator; return every term, accuracies and alarms."""
        images, terms = self.update_refiner(step)
        return self.duel.answer(images.batch, images.refined, terms, step)

    def brought(self, step: int) -> Brought:
        """The batch of a step, encoded and decoded."""
        batch = self.batches.at(step)
        generator = generator_for(self.config.seed, _CHANCE_STREAM, step, self.accelerator.process_index)
        shape, device = self.network.latent_shape(batch.rendered), self.accelerator.device
        chance = Chance.draw(shape, self.config, generator=generator, device=device)
        return bring(self.network, batch, chance)

    def update_refiner(self, step: int) -> tuple[Brought, Terms]:
        """One step of the generator; the discriminator stays as it is."""
        with self.accelerator.autocast():
            images = self.brought(step)
            terms = generator_terms(self.duel.discriminator, images)
            loss = generator_loss(terms, self.config)
        self.duel.improve_refiner(loss, step)
        return images, terms

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, and the averaged generator that ``SantaTranslator`` uses."""
        return self.duel.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        self.duel.load_state_dict(state)

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """The same renders at five places on their way to photographs, and photographs."""
        shown, network = self.batches.shown(_PICTURES), self.duel.averaged
        steps = {f"strength {place:g}": network.at(shown.rendered, place) for place in _DRAWN_AT}
        draw_translations(path, {"renders": shown.rendered, **steps, "photographs": shown.photographed})
