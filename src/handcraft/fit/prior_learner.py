# SPDX-License-Identifier: Apache-2.0
"""Trains a pose prior on a pose library by its evidence's lower bound."""

import math
from pathlib import Path

import torch

from handcraft.data import contact_sheet, in_rows
from handcraft.fit.pictures import pose_tiles
from handcraft.fit.pose_prior import (
    KIND,
    PosePrior,
    PosePriorConfig,
    PriorNetwork,
    elbo,
    gaussian_log_likelihood,
)
from handcraft.fit.unit_angles import angles_from_unit, unit_from_angles
from handcraft.hand import HandModel
from handcraft.hand.pose_library import PoseLibrary, middle_hand
from handcraft.networks.divergence import kl_to_standard_normal
from handcraft.randomness import generator_for
from handcraft.training import RunFolder, SingleNetwork, batch_indices, forked_rng, make_accelerator, train

WEIGHTS_STREAM, ORDER_STREAM, NOISE_STREAM, DRAWN_STREAM = 0, 1, 2, 3
DRAWN = 16


class PosePriorLearner(SingleNetwork):
    """Learns ``config`` from ``library``; a ``training.Learner``."""

    kind = KIND
    network: PriorNetwork

    def __init__(self, library: PoseLibrary, model: HandModel, config: PosePriorConfig) -> None:
        self.device = make_accelerator(config.device).device
        self.config, self.hand = config, middle_hand(model)
        self.unit = unit_from_angles(library.angles_rad)
        with forked_rng(config.seed, WEIGHTS_STREAM):
            self.network = PriorNetwork(config)
        self.network.to(self.device)
        self.optimiser = torch.optim.Adam(self.network.parameters(), config.learning_rate)

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        config = self.config
        rate = 0.5 * config.learning_rate * (1 + math.cos(math.pi * step / config.steps))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        rows = batch_indices(len(self.unit), config.batch_size, seed=config.seed, stream=ORDER_STREAM, step=step)
        unit = self.unit[rows].to(self.device)
        mean, log_variance = self.network.encode(unit)
        noise = torch.randn(mean.shape, generator=generator_for(config.seed, NOISE_STREAM, step)).to(self.device)
        decoded = self.network.decode(mean + (0.5 * log_variance).exp() * noise)
        likelihood = gaussian_log_likelihood(unit, decoded, config.deviation)
        divergence = kl_to_standard_normal(mean, log_variance)
        loss = -elbo(likelihood, divergence, config.divergence_weight).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        off = (decoded - unit).square().mean().sqrt().item()
        return {"loss": loss.item(), "divergence": divergence.mean().item(), "off": off}

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Poses of fixed codes."""
        codes = torch.randn(DRAWN, self.config.code, generator=generator_for(self.config.seed, DRAWN_STREAM))
        unit = self.network.decode(codes.to(self.device)).cpu()
        tiles = pose_tiles(self.hand.with_pose(angles_from_unit(unit)).keypoints_m())
        contact_sheet(in_rows(tiles, 4)).save(path, format="PNG")


def train_pose_prior(
    library: PoseLibrary,
    model: HandModel,
    config: PosePriorConfig,
    run_path: Path,
    *,
    resume: bool = False,
    progress: bool = True,
) -> PosePrior:
    """Train on ``library`` into the folder ``run_path`` and return the prior at the end of it.

    With ``resume`` a run that was killed goes on from its last checkpoint and ends where it would have ended.
    """
    learner = PosePriorLearner(library, model, config)
    run = RunFolder.create(
        run_path, stage="fit", config=config, seed=config.seed, resume=resume,
        inputs={"library": library.source, "poses": len(library)},
    )  # fmt: skip
    train(learner, config.loop, run, resume=resume, progress=progress)
    return PosePrior({name: value.cpu() for name, value in learner.network.state_dict().items()}, config)
