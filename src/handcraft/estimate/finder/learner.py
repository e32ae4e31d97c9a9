# SPDX-License-Identifier: Apache-2.0
"""Trains a finder on pictures composed of rendered hands as it goes; nothing is stored.

Which hands a step sees and how they are composed follows from (seed, step) alone.
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from handcraft.data import contact_sheet, in_rows
from handcraft.errors import HandcraftError
from handcraft.estimate.finder.composed import ComposedScenes, compose
from handcraft.estimate.finder.config import STRIDE_PX, FinderConfig
from handcraft.estimate.finder.cutouts import HandCutouts
from handcraft.estimate.finder.decoding import decode
from handcraft.estimate.finder.losses import WEIGHTS, cell_targets, finder_losses
from handcraft.estimate.finder.network import FinderNet
from handcraft.estimate.finder.pictures import finder_picture
from handcraft.randomness import generator_for
from handcraft.training import SingleNetwork
from handcraft.training.devices import matrix_dtype
from handcraft.training.moving_average import MovingAverage
from handcraft.training.muon import Muon
from handcraft.training.schedule import learning_rate_at, set_learning_rate

KIND = "finder"
WEIGHTS_STREAM, SCENES_STREAM, DRAWN_STREAM = 0, 1, 2
DRAWN_SCENES = 24
DRAWN_COLUMNS = 6

HandsOfBlock = Callable[[int], HandCutouts]
"""The hands of block 0, 1, ...; the same ones whenever it is asked."""


class FinderLearner(SingleNetwork):
    """Learns ``config`` from scenes composed of the hands that ``hands_of_block`` gives; a ``training.Learner``."""

    kind = KIND

    def __init__(self, hands_of_block: HandsOfBlock, config: FinderConfig, accelerator: Accelerator) -> None:
        if config.batch_size % accelerator.num_processes:
            raise HandcraftError(
                f"Expected `batch_size` to be a multiple of the {accelerator.num_processes} processes, "
                f"but got {config.batch_size}."
            )
        self.hands_of_block, self.config, self.accelerator = hands_of_block, config, accelerator
        network = FinderNet(config, generator=generator_for(config.seed, WEIGHTS_STREAM))
        optimiser = Muon.of(
            network,
            config.learning_rate,
            outer_layers=network.outer_layers(),
            weight_decay=config.weight_decay,
            dtype=matrix_dtype(accelerator),
        )
        self.network = network.to(accelerator.device)
        self.average = MovingAverage(self.network, config.average_decay)
        self.wrapped, self.optimiser = accelerator.prepare(self.network, optimiser)

    def step(self, step: int) -> dict[str, float]:
        """Train on the scenes of ``step``."""
        rate = learning_rate_at(step, steps=self.config.steps, peak=self.config.learning_rate, schedule="one_cycle")
        set_learning_rate(self.optimiser, rate)
        self.network.train()
        losses = self._losses(self.scenes(step))
        loss = torch.stack([WEIGHTS[name] * each for name, each in losses.items()]).sum()
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.optimiser.step()
        self.average.follow(self.network, step)
        return {"loss": loss.item(), **{name: each.item() for name, each in losses.items()}}

    def scenes(self, step: int) -> ComposedScenes:
        """This process's share of the pictures of ``step``."""
        config, process = self.config, self.accelerator.process_index
        return compose(
            self.hands_of_block(step // config.block_steps),
            config.scenes,
            config.batch_size // self.accelerator.num_processes,
            config.image_px,
            generator=generator_for(config.seed, SCENES_STREAM, step, process),
        )

    def _losses(self, scenes: ComposedScenes) -> dict[str, Tensor]:
        device = self.accelerator.device
        maps = self.wrapped(scenes.images.to(device).float() / 255)
        return finder_losses(maps, cell_targets(scenes.labels, self.config.image_px // STRIDE_PX).to(device))

    def state_dict(self) -> dict[str, Any]:
        """The averaged weights, which the finder is made of, and what training goes on from."""
        state = super().state_dict()
        return state | {"network": self.average.network.state_dict(), "trained": state["network"]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` gave."""
        super().load_state_dict({"network": state["trained"], "optimiser": state["optimiser"]})
        self.average.network.load_state_dict(state["network"])

    @cached_property
    def _drawn(self) -> ComposedScenes:
        """Kept: the first block would be rendered again for every picture, and the block in use after it."""
        generator = generator_for(self.config.seed, DRAWN_STREAM)
        hands = self.hands_of_block(0)
        return compose(hands, self.config.scenes, DRAWN_SCENES, self.config.image_px, generator=generator)

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Scenes of the first block, with the boxes that are there and those that are found now."""
        scenes = self._drawn
        maps = self.average.network(scenes.images.to(self.accelerator.device).float() / 255)
        found = decode(maps, self.config.peaks)
        tiles = [finder_picture(scenes, found, row) for row in range(DRAWN_SCENES)]
        contact_sheet(in_rows(tiles, DRAWN_COLUMNS)).save(path, format="PNG")
