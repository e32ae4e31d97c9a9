# SPDX-License-Identifier: Apache-2.0
"""Trains a CycleGAN between renders and photographs (Zhu et al. 2017, as adapted by seeds 000 and 002).

A step updates both generators once, then both discriminators once, on the same batch. What is random in step n depends
on (seed, n) only, and pools and averages are part of the state: a resumed run ends where an uninterrupted one ends.
"""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from handcraft.data import PreparedSet
from handcraft.randomness import generator_for
from handcraft.refine.alarms import Alarms
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.feeding import Batch, DomainBatches, own_part
from handcraft.refine.generators import SIZE_MULTIPLE
from handcraft.refine.objective import (
    CycleNetworks,
    Images,
    Judged,
    Shown,
    Terms,
    Translations,
    accuracies,
    discriminator_terms,
    discriminators_loss,
    generator_loss,
    generator_terms,
    judge,
    penalty_terms,
)
from handcraft.refine.optimising import Descent
from handcraft.refine.pictures import draw_translations
from handcraft.refine.pool import ImagePool
from handcraft.refine.range import generator_input, signed_from_unit, unit_from_signed
from handcraft.refine.silhouette_terms import silhouette_terms_of
from handcraft.refine.suitability import expect_trainable
from handcraft.refine.tones import TonePairs
from handcraft.refine.turn import random_angles_rad, turned
from handcraft.training.moving_average import MovingAverage

_RENDERED_STREAM, _PHOTOGRAPHED_STREAM, _REFINED_POOL_STREAM, _TRANSLATED_POOL_STREAM = range(4)
_TURN_STREAM, _TONE_STREAM, _PENALTY_STREAM = 5, 6, 7
_PICTURES = 8
_SMALLEST_SIZE = 16  # after three halvings there is still more than one pixel to normalise


class CycleGANLearner:
    """Both generators, both discriminators, their optimisers, pools and averages: a ``training.Learner``.

    Args:
        rendered: crops of renders, on black or with their background, as the photographs are.
        photographed: crops of photographs (or of what stands in for them).
        config: networks, losses and optimisers.
        accelerator: device, precision and the other processes.

    Raises:
        HandcraftError: crops of different or unsuitable sizes, a single one, masks that are needed and empty, or a
            silhouette network that is not there.
    """

    kind = "cyclegan"

    def __init__(
        self, rendered: PreparedSet, photographed: PreparedSet, config: CycleGANConfig, accelerator: Accelerator
    ) -> None:
        expect_trainable(
            rendered,
            photographed,
            size_multiple=SIZE_MULTIPLE,
            size_minimum=_SMALLEST_SIZE,
            needs_masks=config.composite or (config.silhouette_weight > 0 and config.silhouette_truth == "masks"),
        )
        self.config, self.accelerator = config, accelerator
        self.rendered, self.photographed = _fed(rendered, photographed, config, accelerator)
        self.networks = CycleNetworks(config, rendered.size).to(accelerator.device)
        self.silhouette_terms = silhouette_terms_of(config, accelerator.device)
        self.average = MovingAverage(self.networks.photographed_from_rendered, config.ema_decay)
        self.generators = Descent(self.networks.generator_parameters(), config.optimiser, accelerator)
        self.discriminators = Descent(self.networks.discriminator_parameters(), config.optimiser, accelerator)
        self.refined_pool, self.translated_pool = ImagePool(config.pool), ImagePool(config.pool)
        self.alarms = Alarms()

    def step(self, step: int) -> dict[str, float]:
        """Update generators, then discriminators; return every term, unweighted, accuracies and alarms (``Alarms``)."""
        rendered, photographed = self.batch(step)
        images, terms = self.update_generators(rendered, photographed, step)
        judged, right = self.update_discriminators(images, step)
        self.average.follow(self.networks.photographed_from_rendered, step)
        numbers = terms | judged | right
        values = dict(
            zip(numbers, torch.stack([each.detach().float() for each in numbers.values()]).tolist(), strict=True)
        )
        return values | self._watch(images, [values[name] for name in right])

    def batch(self, step: int) -> tuple[Shown, Shown]:
        """This process's renders and photographs of a step, as the generators see them."""
        photographed = self._photographs(self.photographed.at(step))
        if self.config.turn_photographs_deg > 0:
            photographed = self._turned(photographed, step)
        return self._renders(self.rendered.at(step)), photographed

    def _renders(self, batch: Batch) -> Shown:
        return Shown(generator_input(batch.images, self.config.input), batch.masks)

    def _photographs(self, batch: Batch) -> Shown:
        return Shown(signed_from_unit(batch.images), batch.masks)

    def _turned(self, shown: Shown, step: int) -> Shown:
        generator = generator_for(self.config.seed, _TURN_STREAM, step, self.accelerator.process_index)
        angles_rad = random_angles_rad(len(shown.images), self.config.turn_photographs_deg, generator=generator)
        masks = turned(shown.masks[:, None].float(), angles_rad)[:, 0] > 0.5
        return Shown(turned(shown.images, angles_rad), masks)

    def update_generators(self, rendered: Shown, photographed: Shown, step: int) -> tuple[Translations, Terms]:
        """One step of both generators on fresh translations; discriminators stay as they are."""
        moves = step % self.config.critic_steps == 0
        with torch.set_grad_enabled(moves), self.accelerator.autocast():
            images = self.networks.translate(rendered, photographed)
            terms = generator_terms(self.networks, images, self.config) | self.silhouette_terms(images)
            loss = generator_loss(terms, self.config)
        if moves:
            self.generators.descend(loss, step)
        return images, terms

    def update_discriminators(self, images: Translations, step: int) -> tuple[Terms, Terms]:
        """One step of both discriminators on originals and pooled, detached translations; generators stay.

        Returns:
            Their terms, and how often they were right.
        """
        refined = self._pooled(self.refined_pool, images.refined, _REFINED_POOL_STREAM, step)
        translated = self._pooled(self.translated_pool, images.translated, _TRANSLATED_POOL_STREAM, step)
        with self.accelerator.autocast():
            judged = judge(self.networks, images, refined, translated)
            terms = discriminator_terms(judged, self.config) | self._penalties(images, refined, translated, step)
            loss = discriminators_loss(terms, self.config)
        self.discriminators.descend(loss, step)
        return terms, self._accuracies(judged)

    def _penalties(self, images: Translations, refined: Images, translated: Images, step: int) -> Terms:
        if self.config.adversary != "wasserstein":
            return {}
        generator = generator_for(self.config.seed, _PENALTY_STREAM, step, self.accelerator.process_index)
        return penalty_terms(self.networks, images, refined, translated, generator)

    def _accuracies(self, judged: Judged) -> Terms:
        """None for critics: they have no middle, and may well be always right."""
        return {} if self.config.adversary == "wasserstein" else accuracies(judged)

    def _pooled(self, pool: ImagePool, fakes: Images, stream: int, step: int) -> Images:
        """Every process keeps the same pool of all processes' images, so that any one of them can save it."""
        generator = generator_for(self.config.seed, stream, step)
        return own_part(
            pool.exchange(self.accelerator.gather(fakes.detach().float()), generator=generator), self.accelerator
        )

    def _watch(self, images: Translations, right: list[float]) -> dict[str, float]:
        return self.alarms.watch(
            original=unit_from_signed(images.rendered.images),
            refined=unit_from_signed(images.refined.detach().float()),
            masks=images.rendered.masks,
            target=unit_from_signed(images.photographed.images),
            target_masks=images.photographed.masks,
            accuracies=right,
        )

    def _stateful(self) -> dict[str, Any]:
        return {
            "networks": self.networks,
            "average": self.average.network,
            "generator_optimiser": self.generators,
            "discriminator_optimiser": self.discriminators,
            "alarms": self.alarms,
        }

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, and the averaged generator that ``Refiner`` uses."""
        pools = {"refined_pool": self.refined_pool.state_dict(), "translated_pool": self.translated_pool.state_dict()}
        parts = {name: part.state_dict() for name, part in self._stateful().items()}
        return parts | pools | {"seen_through": self.networks.seen_through}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        for name, part in self._stateful().items():
            part.load_state_dict(state[name])
        self.refined_pool.load_state_dict(state["refined_pool"], device=self.accelerator.device)
        self.translated_pool.load_state_dict(state["translated_pool"], device=self.accelerator.device)

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """A grid of images chosen once by the seed: both domains as they go in, translated, and cycled back."""
        rendered = self._renders(self.rendered.shown(_PICTURES))
        photographed = self._photographs(self.photographed.shown(_PICTURES))
        forward, back = self.average.network, self.networks.rendered_from_photographed
        refined = self.networks.translated_by(forward, rendered)
        translated = self.networks.translated_by(back.eval(), photographed)
        rows = {
            "rendered": rendered.images,
            "refined": refined,
            "and back": back(refined),
            "photographs": photographed.images,
            "translated": translated,
            "and back again": forward(translated),
        }
        back.train()
        draw_translations(path, rows)


def _fed(
    rendered: PreparedSet, photographed: PreparedSet, config: CycleGANConfig, accelerator: Accelerator
) -> tuple[DomainBatches, DomainBatches]:
    fed = partial(DomainBatches, batch_size=config.batch_size, seed=config.seed, accelerator=accelerator)
    if not config.match_tones:
        return fed(rendered, stream=_RENDERED_STREAM), fed(photographed, stream=_PHOTOGRAPHED_STREAM)
    tones = TonePairs.of(rendered, photographed, seed=config.seed, stream=_TONE_STREAM)
    return (
        fed(rendered, stream=_RENDERED_STREAM, order=tones.order("rendered", config.batch_size)),
        fed(photographed, stream=_PHOTOGRAPHED_STREAM, order=tones.order("photographed", config.batch_size)),
    )
