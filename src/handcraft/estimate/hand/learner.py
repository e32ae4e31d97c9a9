# SPDX-License-Identifier: Apache-2.0
"""Trains the hand network on what a feed gives: renders made on the fly, photographs, or both.

Which examples a step sees, how they are cut and how their look is changed follows from (seed, step) alone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from handcraft.data import contact_sheet, draw_skeleton, in_rows, whole_scale
from handcraft.estimate.hand.config import HandNetConfig
from handcraft.estimate.hand.crops import HandCrops, cut
from handcraft.estimate.hand.examples import HandExamples
from handcraft.estimate.hand.feeds import HandFeed
from handcraft.estimate.hand.losses import hand_losses, total
from handcraft.estimate.hand.network import HandNet
from handcraft.estimate.hand.reading import reading_errors
from handcraft.randomness import generator_for
from handcraft.training import SingleNetwork
from handcraft.training.devices import matrix_dtype
from handcraft.training.moving_average import MovingAverage
from handcraft.training.muon import Muon
from handcraft.training.schedule import set_learning_rate

KIND = "hand"
TOLD = "told"
"""In a learner's state, what an exported file tells of the run beside its configuration."""
WEIGHTS_STREAM, CROP_STREAM, DRAW_STREAM = 0, 2, 3
DRAWN_COLUMNS = 6


def make_hand_net(config: HandNetConfig, *, generator: torch.Generator) -> HandNet:
    """The network of ``config``, with fresh weights."""
    return HandNet(config.widths, config.blocks, len(config.stream.shape_names), generator=generator)


def adamw(network: HandNet, config: HandNetConfig) -> torch.optim.Optimizer:
    """AdamW for all weights of ``network``."""
    return torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True)


class HandLearner(SingleNetwork):
    """Trains a network of ``config`` on what ``feed`` gives; a ``training.ValidatingLearner``."""

    kind = KIND
    network: HandNet

    def __init__(
        self,
        network: HandNet,
        feed: HandFeed,
        shown: HandExamples,
        config: HandNetConfig,
        accelerator: Accelerator,
        *,
        held_out: HandExamples | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        """Learn from ``feed``.

        Args:
            network: is trained.
            feed: gives the batches.
            shown: what the run's pictures show.
            config: of the network and its training.
            accelerator: where it is trained.
            held_out: what it is judged on meanwhile.
            told: what an exported file tells of the run beside its configuration.
        """
        self.feed, self.shown, self.config, self.accelerator = feed, shown, config, accelerator
        self.held_out, self.told = held_out, dict(told or {})
        self.network = network.to(accelerator.device)
        self.average = MovingAverage(self.network, config.ema_decay)
        self.wrapped, self.optimiser = accelerator.prepare(self.network, self.new_optimiser())

    def new_optimiser(self) -> torch.optim.Optimizer:
        """Muon for the layers within, AdamW for the first, the last and all that is no matrix."""
        return Muon.of(
            self.network,
            self.config.learning_rate,
            outer_layers=self.network.outer_layers(),
            weight_decay=self.config.weight_decay,
            dtype=matrix_dtype(self.accelerator),
        )

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        set_learning_rate(self.optimiser, self.config.rate_at(step))
        crops = self._batch(step)
        self.set_mode()
        losses = hand_losses(self.wrapped(crops.images), crops, self.config.image_px)
        loss = total(losses, self.config.weights)
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.optimiser.step()
        self.average.follow(self.network, step)
        return {"loss": loss.item(), **{name: value.item() for name, value in losses.items()}}

    def set_mode(self) -> None:
        """Training mode: batch normalisation by the batch, whose statistics are followed."""
        self.network.train()

    def _batch(self, step: int) -> HandCrops:
        """This process's share of the batch."""
        config, alone = self.config, self.accelerator.process_index
        examples = self.feed.at(step, process_index=alone, num_processes=self.accelerator.num_processes)
        generator = generator_for(config.seed, CROP_STREAM, step, alone)
        return cut(examples, config.image_px, config.crops, generator=generator).to(self.accelerator.device)

    def state_dict(self) -> dict[str, Any]:
        """Weights, their average and the optimiser, and what is told of the run."""
        return {**super().state_dict(), "average": self.average.network.state_dict(), TOLD: self.told}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` gave."""
        super().load_state_dict(state)
        self.average.network.load_state_dict(state["average"])

    def validate(self) -> dict[str, float]:
        """What the averaged network is off by on upright crops of what is held out; nothing without any."""
        if self.held_out is None:
            return {}
        config = self.config
        errors = reading_errors(
            self.average.network, self.held_out, image_px=config.image_px, box_scale=config.crops.box_scale
        )
        return {
            "validation_error_of_hand": errors.keypoints.nanmean().item(),
            "validation_mpjpe_mm": errors.joints_mm.nanmean().item(),
            "validation_pa_mpjpe_mm": errors.aligned_joints_mm.nanmean().item(),
            "validation_side_right": errors.side_is_right.float().mean().item(),
        }

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Crops of ``shown`` with the skeletons that the averaged network sees in them."""
        config = self.config
        generator = generator_for(config.seed, DRAW_STREAM)
        crops = cut(self.shown, config.image_px, config.crops, generator=generator)
        seen = self.average.network(crops.images.to(self.accelerator.device)).places.float().cpu() * config.image_px
        scale = whole_scale(config.image_px)
        tiles = [draw_skeleton(image, points, scale=scale) for image, points in zip(crops.images, seen, strict=True)]
        contact_sheet(in_rows(tiles, DRAWN_COLUMNS)).save(path, format="PNG")
