# SPDX-License-Identifier: Apache-2.0
"""Trains a joints-to-pose network on a pose library, whose joints and angles belong together."""

import math
from pathlib import Path

import torch
from torch import Tensor

from handcraft.data import contact_sheet, in_rows
from handcraft.fit.inverse_kinematics import residual_mm
from handcraft.fit.pictures import pose_tiles
from handcraft.fit.pose_network import KIND, PoseNetwork, PoseNetworkConfig, PosePredictor
from handcraft.fit.unit_angles import angles_from_unit, unit_from_angles
from handcraft.hand import HandModel
from handcraft.hand.pose_library import PoseLibrary, middle_hand
from handcraft.training import RunFolder, SingleNetwork, batch_indices, forked_rng, make_accelerator, train

WEIGHTS_STREAM, ORDER_STREAM = 0, 1
DRAWN = 8


class PoseNetworkLearner(SingleNetwork):
    """Learns ``config`` from ``library``; a ``training.Learner``."""

    kind = KIND

    def __init__(self, library: PoseLibrary, model: HandModel, config: PoseNetworkConfig) -> None:
        self.device = make_accelerator(config.device).device
        self.config, self.model = config, model
        self.joints_m, self.unit = library.joints_m, unit_from_angles(library.angles_rad)
        self.hand = middle_hand(model)
        with forked_rng(config.seed, WEIGHTS_STREAM):
            self.network = PoseNetwork(config.widths)
        self.network.to(self.device)
        self.optimiser = torch.optim.Adam(self.network.parameters(), config.learning_rate)

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        rate = 0.5 * self.config.learning_rate * (1 + math.cos(math.pi * step / self.config.steps))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        rows = batch_indices(
            len(self.joints_m), self.config.batch_size, seed=self.config.seed, stream=ORDER_STREAM, step=step
        )
        joints_m, unit = self.joints_m[rows].to(self.device), self.unit[rows].to(self.device)
        self.network.train()
        found = self.network(joints_m)
        angle_loss = (found - unit).square().mean()
        apart_mm = self._residual_mm(found, joints_m).mean()
        self.optimiser.zero_grad()
        (angle_loss + self.config.joints_weight * apart_mm / 100).backward()
        self.optimiser.step()
        return {"angles": angle_loss.item(), "residual_mm": apart_mm.item()}

    def _residual_mm(self, unit: Tensor, joints_m: Tensor) -> Tensor:
        # The hand is on the CPU; its small products cost less there than their way to a GPU and back.
        return residual_mm(self.hand, angles_from_unit(unit.cpu()), joints_m.cpu())

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """The first poses (above) and what the network makes of their joints (below)."""
        given_m = self.joints_m[:DRAWN]
        found = self.network.eval()(given_m.to(self.device)).cpu()
        found_m = self.hand.with_pose(angles_from_unit(found)).keypoints_m()
        tiles = [*pose_tiles(given_m), *pose_tiles(found_m)]
        contact_sheet(in_rows(tiles, len(given_m))).save(path, format="PNG")


def train_pose_network(
    library: PoseLibrary,
    model: HandModel,
    config: PoseNetworkConfig,
    run_path: Path,
    *,
    resume: bool = False,
    progress: bool = True,
) -> PosePredictor:
    """Train on ``library`` into the folder ``run_path`` and return the network at the end of it.

    With ``resume`` a run that was killed goes on from its last checkpoint and ends where it would have ended.
    """
    learner = PoseNetworkLearner(library, model, config)
    run = RunFolder.create(
        run_path, stage="fit", config=config, seed=config.seed, resume=resume,
        inputs={"library": library.source, "poses": len(library)},
    )  # fmt: skip
    train(learner, config.loop, run, resume=resume, progress=progress)
    return PosePredictor(model, {name: value.cpu() for name, value in learner.network.state_dict().items()}, config)
