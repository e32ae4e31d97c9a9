# SPDX-License-Identifier: Apache-2.0
"""Trains a VAEGAN in one run of three stages (seed 000, section 3.3.1; after Larsen et al. 2016).

The number of a step says which stage it belongs to, so that one loop, one checkpoint and one resumption serve all
three. What is random in step n depends on (seed, n) only, and each stage begins with fresh optimisers: a resumed run
ends where an uninterrupted one ends, also across the seam of two stages.

In contrast to the published code: no encoder and decoder of an earlier epoch are picked; the third stage goes on where
the second ends.
"""

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError
from handcraft.refine.alarms import Alarms
from handcraft.refine.pictures import draw_translations
from handcraft.refine.range import generator_input, signed_from_unit, unit_from_signed
from handcraft.refine.suitability import expect_trainable
from handcraft.refine.vaegan.batches import VAEGANBatches
from handcraft.refine.vaegan.config import VAEGANConfig
from handcraft.refine.vaegan.gan import GANPretraining
from handcraft.refine.vaegan.hybrid import VAEGANTraining
from handcraft.refine.vaegan.networks import SIZE_MULTIPLE
from handcraft.refine.vaegan.vae import VAEPretraining
from handcraft.training.moving_average import MovingAverage

Stage = GANPretraining | VAEPretraining | VAEGANTraining

_STAGES: dict[int, type[Stage]] = {1: GANPretraining, 2: VAEPretraining, 3: VAEGANTraining}
_LAST = 3
_NAMES = (
    "adversarial_generated", "adversarial_reconstructed", "content", "reconstruction", "divergence",
    "discriminator_photographs", "discriminator_generated", "discriminator_reconstructed",
    "accuracy_photographs", "accuracy_generated", "accuracy_reconstructed",
    "change", "variety", "collapse_warning", "identity_warning", "variety_warning",
)  # fmt: skip
_PICTURES = 8


class VAEGANLearner:
    """Encoder, decoder, discriminator, the optimisers of the stage that is on: a ``training.Learner``.

    Args:
        rendered: crops of renders, on black or with their background, as the photographs are.
        photographs: crops of photographs (or of what stands in for them).
        config: networks, stages, losses and optimisers.
        accelerator: device, precision and the other processes. Each process normalises its own part of a batch, so
            several do not train exactly as one does.

    Raises:
        HandcraftError: crops of different or unsuitable sizes, a single one, no steps left for the third stage, or too
            many processes.
    """

    kind = "vaegan"

    def __init__(
        self, rendered: PreparedSet, photographs: PreparedSet, config: VAEGANConfig, accelerator: Accelerator
    ) -> None:
        expect_trainable(rendered, photographs, size_multiple=SIZE_MULTIPLE, size_minimum=SIZE_MULTIPLE)
        _expect_steps_and_batches(config, accelerator)
        self.config, self.accelerator, self.size_px = config, accelerator, rendered.size
        self.networks = config.networks(rendered.size).to(accelerator.device)
        self.average = MovingAverage(self.networks.decoder, config.ema_decay)
        self.batches = VAEGANBatches(rendered, photographs, config, accelerator)
        self.stage = self._begun(self._stage_of(0))
        self.alarms = Alarms()

    def _stage_of(self, step: int) -> int:
        return 1 if step < self.config.gan_steps else 2 if step < self.config.pretraining_steps else 3

    def _begun(self, number: int) -> Stage:
        return _STAGES[number](self.networks, self.batches, self.config, self.accelerator)

    def step(self, step: int) -> dict[str, float]:
        """Do a step of the stage it belongs to; return ``stage``, and every term, unweighted, accuracy and alarm.

        What the stage does not have is 0; alarms (``Alarms``) are those of the last stage, which makes the refiner.
        """
        if self.stage.number != self._stage_of(step):
            self.stage = self._begun(self._stage_of(step))
        values = {name: value.item() for name, value in self.stage.step(step).items()}
        self._share_statistics()
        self.average.follow(self.networks.decoder, step)
        if self.stage.number == _LAST:
            values |= self._watch(step, [value for name, value in values.items() if name.startswith("accuracy")])
        return dict.fromkeys(_NAMES, 0.0) | values | {"stage": float(self.stage.number)}

    @torch.no_grad()
    def _watch(self, step: int, right: list[float]) -> dict[str, float]:
        """What the refiner makes of renders, which take no part in the last stage, and how that stands."""
        rendered, photographs = self.batches.rendered(step), self.batches.photographs(step)
        code = self.networks.encoder.eval()(generator_input(rendered.images, "normalised"))
        return self.alarms.watch(
            original=rendered.images,
            refined=unit_from_signed(self.average.network(code.mean)),
            masks=rendered.masks,
            target=photographs.images,
            target_masks=photographs.masks,
            accuracies=right,
        )

    @torch.no_grad()
    def _share_statistics(self) -> None:
        """Let all processes remember the same batch statistics, so that any one of them can save them."""
        if self.accelerator.num_processes > 1:
            for buffer in self.networks.buffers():
                if buffer.is_floating_point():
                    buffer.copy_(self.accelerator.reduce(buffer.clone(), reduction="mean"))

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, and the averaged decoder that the refiner uses."""
        return {
            "size_px": self.size_px,
            "networks": self.networks.state_dict(),
            "average": self.average.network.state_dict(),
            "alarms": self.alarms.state_dict(),
            "stage": self.stage.number,
            "descents": {name: descent.state_dict() for name, descent in self.stage.descents.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        self.networks.load_state_dict(state["networks"])
        self.average.network.load_state_dict(state["average"])
        self.alarms.load_state_dict(state["alarms"])
        self.stage = self._begun(state["stage"])
        for name, descent in self.stage.descents.items():
            descent.load_state_dict(state["descents"][name])

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """A grid of images chosen once by the seed: both domains as they are, as they go in, and as they come out."""
        rendered, photographs, noise = self.batches.shown(_PICTURES)
        plain, plain_photographs = (generator_input(images, "normalised") for images in (rendered, photographs))
        encoder, decoder = self.networks.encoder.eval(), self.average.network
        from_noise: nn.Module = self.networks.generator.eval() if self.stage.number == 1 else decoder
        rows = {
            "rendered": signed_from_unit(rendered),
            "as it goes in": plain,
            "refined": decoder(encoder(plain).mean),
            "photographs": signed_from_unit(photographs),
            "reconstructed": decoder(encoder(plain_photographs).mean),
            "generated from noise": from_noise(noise),
        }
        draw_translations(path, rows)


def _expect_steps_and_batches(config: VAEGANConfig, accelerator: Accelerator) -> None:
    if config.loop.steps <= config.pretraining_steps:
        raise HandcraftError(
            f"Expected `steps` to be above {config.pretraining_steps}, the steps of both pre-trainings, but got "
            f"{config.loop.steps}; train longer, or lower `gan_steps` and `vae_steps`."
        )
    if config.batch_size < 2 * accelerator.num_processes:
        raise HandcraftError(
            f"Expected `batch_size` to be at least {2 * accelerator.num_processes} for {accelerator.num_processes} "
            f"processes, but got {config.batch_size}."
        )
