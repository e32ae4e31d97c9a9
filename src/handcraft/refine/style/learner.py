# SPDX-License-Identifier: Apache-2.0
"""Trains a one-to-many refiner: one render becomes as many photographed hands as there are photographs.

In contrast to a CycleGAN, which paints every hand alike (a deterministic map has no variety to give), here the look is
an input. What is asked of a style follows BicycleGAN (Zhu et al. 2017b) and MUNIT (Huang et al. 2018), with fewer
networks than either: ``style.networks`` says why one generator is enough.
"""

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.randomness import generator_for
from handcraft.refine.one_sided import Duel, Terms, UnpairedBatches
from handcraft.refine.pictures import draw_translations
from handcraft.refine.range import signed_from_unit
from handcraft.refine.style.config import StyleConfig
from handcraft.refine.style.networks import Images, Styles
from handcraft.refine.style.objective import Painted, generator_loss, generator_terms, paint

_NOISE_STREAM = 0x5701
_PICTURES = 6
_CODED_AT_ONCE = 256


class StyleLearner:
    """Generator, style encoder, discriminator, their optimisers and the average: a ``training.Learner``.

    Args:
        rendered: crops of renders, on black or with their background, as the photographs are.
        photographed: crops of photographs (or of what stands in for them).
        config: networks, losses and optimisers.
        accelerator: device, precision and the other processes.

    Raises:
        HandcraftError: crops of different or unsuitable sizes.
    """

    kind = "style"

    def __init__(
        self, rendered: PreparedSet, photographed: PreparedSet, config: StyleConfig, accelerator: Accelerator
    ) -> None:
        self.config, self.accelerator, self.photographed = config, accelerator, photographed
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
        """Update generator and encoder, then the discriminator; return every term, accuracies and alarms."""
        images, terms = self.update_refiner(step)
        return self.duel.answer(images.batch, images.refined, terms, step)

    def painted(self, step: int) -> Painted:
        """The batch of a step, repainted; a style is its photograph's with a little noise."""
        batch = self.batches.at(step)
        generator = generator_for(self.config.seed, _NOISE_STREAM, step, self.accelerator.process_index)
        noise = torch.randn(len(batch.photographed), self.config.style_size, generator=generator)
        return paint(self.network, batch, noise.to(batch.photographed))

    def update_refiner(self, step: int) -> tuple[Painted, Terms]:
        """One step of generator and encoder; the discriminator stays as it is."""
        with self.accelerator.autocast():
            images = self.painted(step)
            terms = generator_terms(self.network, self.duel.discriminator, images)
            loss = generator_loss(terms, self.config)
        self.duel.improve_refiner(loss, step)
        return images, terms

    @torch.no_grad()
    def bank(self) -> Styles:
        """The styles of up to ``config.bank`` photographs, evenly spread over the set, as the average sees them."""
        count = len(self.photographed)
        chosen = torch.linspace(0, count - 1, min(self.config.bank, count)).round().long()
        images = [self.photographed.images[each].float() / 255 for each in chosen.split(_CODED_AT_ONCE)]
        network = self.duel.averaged
        return torch.cat([network.styles_of(signed_from_unit(each.to(self.accelerator.device))) for each in images])

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, and the average and the bank of styles that ``StyleTranslator`` uses."""
        return {**self.duel.state_dict(), "bank": self.bank()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        self.duel.load_state_dict(state)

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Exemplar photographs in the first row; further down, a row for each render, a column for each style."""
        shown, network = self.batches.shown(_PICTURES), self.duel.averaged
        rendered, exemplars = shown.rendered, shown.photographed
        styles = network.styles_of(exemplars)
        rows: dict[str, Float[Tensor, "shown 3 height width"]] = {
            "photographs": exemplars,
            "photographs from their shape and style": network.refined(exemplars, styles),
            "renders": rendered,
        }
        for number, render in enumerate(rendered, start=1):
            alike: Images = render.expand(len(styles), -1, -1, -1)
            rows[f"render {number} in the photographs' styles"] = network.refined(alike, styles)
        draw_translations(path, rows)
