# SPDX-License-Identifier: Apache-2.0
"""Trains a CycleGAN between renders and photographs (Zhu et al. 2017, as adapted by seed 000, sections 3.3.2, 3.3.3).

A step updates both generators once, then both discriminators once, on the same batch. What is random in step n depends
on (seed, n) only, and pools and averages are part of the state: a resumed run ends where an uninterrupted one ends.
"""

import copy
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from jaxtyping import Int64
from torch import Tensor, nn

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.networks import SIZE_MULTIPLE
from handcraft.refine.objective import (
    CycleNetworks,
    Images,
    Terms,
    Translations,
    discriminator_terms,
    generator_loss,
    generator_terms,
)
from handcraft.refine.pictures import draw_translations
from handcraft.refine.pool import ImagePool
from handcraft.refine.range import generator_input, signed_from_unit
from handcraft.refine.turn import random_angles_rad, turned
from handcraft.training import batch_indices, process_slice

_RENDERED_STREAM, _PHOTOGRAPHED_STREAM, _REFINED_POOL_STREAM, _TRANSLATED_POOL_STREAM, _PICTURE_STREAM = range(5)
_TURN_STREAM = 5
_PICTURES = 8
_SMALLEST_SIZE = 16  # after three halvings there is still more than one pixel to normalise
_COLLAPSE_ACCURACY = 0.99
_ACCURACY_MEMORY = 0.95  # a moving average over about 20 steps: one easy batch is no collapse


class CycleGANLearner:
    """Both generators, both discriminators, their optimisers, pools and averages: a ``training.Learner``.

    Args:
        rendered: crops of renders, on black or with their background, as the photographs are.
        photographed: crops of photographs (or of what stands in for them).
        config: networks, losses and optimisers.
        accelerator: device, precision and the other processes. Networks are not wrapped for data parallelism, because
            discriminators take part in two losses and only one of them is theirs; gradients are averaged here.

    Raises:
        HandcraftError: crops of different or unsuitable sizes.
    """

    kind = "cyclegan"

    def __init__(
        self, rendered: PreparedSet, photographed: PreparedSet, config: CycleGANConfig, accelerator: Accelerator
    ) -> None:
        _expect_trainable(rendered, photographed)
        self.rendered, self.photographed, self.config, self.accelerator = rendered, photographed, config, accelerator
        self.networks = CycleNetworks(config).to(accelerator.device)
        self.average = copy.deepcopy(self.networks.photographed_from_rendered).requires_grad_(False)
        self.generator_optimiser = self._adam(self.networks.generator_parameters())
        self.discriminator_optimiser = self._adam(self.networks.discriminator_parameters())
        self.refined_pool, self.translated_pool = ImagePool(config.pool), ImagePool(config.pool)
        self.recent_accuracy = 0.5

    def _adam(self, parameters: list[nn.Parameter]) -> torch.optim.Adam:
        betas = (self.config.beta1, self.config.beta2)
        return torch.optim.Adam(parameters, lr=self.config.learning_rate, betas=betas)

    def step(self, step: int) -> dict[str, float]:
        """Update generators, then discriminators; return every term, unweighted, and the discriminators' accuracies.

        ``collapse_warning`` is 1 while the discriminators are right about more than 99% of patches, averaged over
        about 20 steps: generators learn little from a discriminator that is never fooled.
        """
        rendered, photographed = self.batch(step)
        images, terms = self.update_generators(rendered, photographed)
        judged, accuracies = self.update_discriminators(images, step)
        self._update_average(step)
        values = {name: value.item() for name, value in (terms | judged | accuracies).items()}
        return values | {"collapse_warning": self._collapse_warning(values)}

    def batch(self, step: int) -> tuple[Images, Images]:
        """This process's renders and photographs of a step, as the generators see them."""
        rendered = self._load(self.rendered, self._indices(self.rendered, _RENDERED_STREAM, step))
        photographed = self._load(self.photographed, self._indices(self.photographed, _PHOTOGRAPHED_STREAM, step))
        if self.config.turn_photographs_deg > 0:
            generator = generator_for(self.config.seed, _TURN_STREAM, step, self.accelerator.process_index)
            widest_deg = self.config.turn_photographs_deg
            photographed = turned(photographed, random_angles_rad(len(photographed), widest_deg, generator=generator))
        return generator_input(rendered, self.config.input), signed_from_unit(photographed)

    def update_generators(self, rendered: Images, photographed: Images) -> tuple[Translations, Terms]:
        """One step of both generators on fresh translations; discriminators stay as they are."""
        with self.accelerator.autocast():
            images = self.networks.translate(rendered, photographed)
            terms = generator_terms(self.networks, images, self.config)
            loss = generator_loss(terms, self.config)
        self._descend(loss, self.generator_optimiser)
        return images, terms

    def update_discriminators(self, images: Translations, step: int) -> tuple[Terms, Terms]:
        """One step of both discriminators on originals and pooled, detached translations; generators stay."""
        refined = self._pooled(self.refined_pool, images.refined, _REFINED_POOL_STREAM, step)
        translated = self._pooled(self.translated_pool, images.translated, _TRANSLATED_POOL_STREAM, step)
        with self.accelerator.autocast():
            terms, accuracies = discriminator_terms(
                self.networks, images, pooled_refined=refined, pooled_translated=translated
            )
            loss = torch.stack(list(terms.values())).sum()
        self._descend(loss, self.discriminator_optimiser)
        return terms, accuracies

    def _indices(self, images: PreparedSet, stream: int, step: int) -> Int64[Tensor, " batch"]:
        seed, batch_size = self.config.seed, self.config.batch_size
        return self._own(batch_indices(len(images), batch_size, seed=seed, stream=stream, step=step))

    def _own(self, indices: Int64[Tensor, " batch"]) -> Int64[Tensor, " slice"]:
        """The part of a batch that this process takes."""
        index, processes = self.accelerator.process_index, self.accelerator.num_processes
        return process_slice(indices, process_index=index, num_processes=processes)

    def _load(self, images: PreparedSet, indices: Int64[Tensor, " batch"]) -> Images:
        return images.images[indices].to(self.accelerator.device).float() / 255

    def _pooled(self, pool: ImagePool, fakes: Images, stream: int, step: int) -> Images:
        """Every process keeps the same pool of all processes' images, so that any one of them can save it."""
        generator = generator_for(self.config.seed, stream, step)
        shown = pool.exchange(self.accelerator.gather(fakes.detach().float()), generator=generator)
        return shown[self._own(torch.arange(len(shown)))]

    def _descend(self, loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        if self.accelerator.num_processes > 1:
            gradients = [each.grad for group in optimiser.param_groups for each in group["params"]]
            mean = self.accelerator.reduce(torch.cat([each.flatten() for each in gradients]), reduction="mean")
            for gradient, part in zip(gradients, mean.split([each.numel() for each in gradients]), strict=True):
                gradient.copy_(part.view_as(gradient))
        optimiser.step()

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        """Let the average follow; in the first steps it follows faster, or it would remember the random start."""
        decay = min(self.config.ema_decay, (1 + step) / (10 + step))
        current = self.networks.photographed_from_rendered.parameters()
        for averaged, weights in zip(self.average.parameters(), current, strict=True):
            averaged.lerp_(weights, 1 - decay)

    def _collapse_warning(self, values: dict[str, float]) -> float:
        accuracies = [value for name, value in values.items() if name.startswith("accuracy")]
        now = sum(accuracies) / len(accuracies)
        self.recent_accuracy = _ACCURACY_MEMORY * self.recent_accuracy + (1 - _ACCURACY_MEMORY) * now
        return float(self.recent_accuracy > _COLLAPSE_ACCURACY)

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, and the averaged generator that ``Refiner`` uses."""
        return {
            "networks": self.networks.state_dict(),
            "average": self.average.state_dict(),
            "generator_optimiser": self.generator_optimiser.state_dict(),
            "discriminator_optimiser": self.discriminator_optimiser.state_dict(),
            "refined_pool": self.refined_pool.state_dict(),
            "translated_pool": self.translated_pool.state_dict(),
            "recent_accuracy": self.recent_accuracy,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        self.networks.load_state_dict(state["networks"])
        self.average.load_state_dict(state["average"])
        self.generator_optimiser.load_state_dict(state["generator_optimiser"])
        self.discriminator_optimiser.load_state_dict(state["discriminator_optimiser"])
        self.refined_pool.load_state_dict(state["refined_pool"], device=self.accelerator.device)
        self.translated_pool.load_state_dict(state["translated_pool"], device=self.accelerator.device)
        self.recent_accuracy = state["recent_accuracy"]

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """A grid of images chosen once by the seed: both domains as they go in, translated, and cycled back."""
        rendered = generator_input(self._load(self.rendered, self._shown(self.rendered)), self.config.input)
        photographed = signed_from_unit(self._load(self.photographed, self._shown(self.photographed)))
        refined = self.average(rendered)
        translated = self.networks.rendered_from_photographed(photographed)
        rows = {
            "rendered": rendered,
            "refined": refined,
            "and back": self.networks.rendered_from_photographed(refined),
            "photographs": photographed,
            "translated": translated,
            "and back again": self.average(translated),
        }
        draw_translations(path, rows)

    def _shown(self, images: PreparedSet) -> Int64[Tensor, " shown"]:
        generator = generator_for(self.config.seed, _PICTURE_STREAM)
        return torch.randperm(len(images), generator=generator)[:_PICTURES]


def _expect_trainable(rendered: PreparedSet, photographed: PreparedSet) -> None:
    if rendered.size != photographed.size:
        raise HandcraftError(
            f"Expected `rendered` and `photographed` to be crops of one size, but got {rendered.size} and "
            f"{photographed.size} pixels; prepare both with the same `size`."
        )
    if rendered.size < _SMALLEST_SIZE or rendered.size % SIZE_MULTIPLE:
        raise HandcraftError(
            f"Expected `size` to be at least {_SMALLEST_SIZE} and a multiple of {SIZE_MULTIPLE}, "
            f"but got crops of {rendered.size} pixels."
        )
