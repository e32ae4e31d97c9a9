# SPDX-License-Identifier: Apache-2.0
"""The joints-to-pose network of seed 003 (4.3): what inverse kinematics finds, in one pass.

Widths, batch normalisation and tanh are those of the seed's released encoder (63-256-512-1024-512-256-128-pose; its
text says "shallow, four layers"). In contrast to it, the last tanh spans each joint's limits instead of MANO's
principal components, so that an answer is always a pose a hand can take; a hand's turn and size are taken out of the
joints before, by the palm, instead of being guessed; and how it is trained is written down (the seed is silent).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError, expect_above, expect_at_least
from handcraft.fit.alignment import normalise_joints
from handcraft.fit.inverse_kinematics import FittedPoses, residual_mm
from handcraft.fit.unit_angles import FINGER_ANGLES, angles_from_unit
from handcraft.hand import HandModel
from handcraft.hand.pose_library import middle_hand
from handcraft.training import Device, LoopConfig
from handcraft.training.run_files import load_trained

KIND = "joints to pose"
_INPUT_SCALE = 10.0  # a hand's joints in decimetres are numbers around one


@dataclass(frozen=True)
class PoseNetworkConfig:
    """A joints-to-pose network and its training."""

    widths: tuple[int, ...] = (256, 512, 1024, 512, 256, 128)
    """Of the hidden layers; seed 003's."""
    steps: int = 2000
    batch_size: int = 256
    learning_rate: float = 1e-3
    """Of Adam, falling to nothing along a cosine."""
    joints_weight: float = 1.0
    """Of the joints' mean distance in decimetres, beside the angles' squared error between their limits."""
    seed: int = 0
    device: Device = "auto"
    log_every: int = 20
    checkpoint_every: int = 500
    draw_every: int = 500

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        expect_at_least(1, steps=self.steps, **{f"widths[{i}]": width for i, width in enumerate(self.widths)})
        expect_at_least(2, batch_size=self.batch_size)  # batch normalisation needs two
        expect_at_least(0, joints_weight=self.joints_weight)
        expect_above(0, learning_rate=self.learning_rate)

    @property
    def loop(self) -> LoopConfig:
        """The loop's share of the configuration."""
        return LoopConfig(self.steps, self.log_every, self.checkpoint_every, self.draw_every)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PoseNetworkConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            return cls(**{**data, "widths": tuple(data["widths"])})
        except (TypeError, KeyError) as error:
            raise HandcraftError(
                f"Expected the configuration of a joints-to-pose network, but it does not fit: {error}."
            ) from error


class PoseNetwork(nn.Module):
    """Normalised joints to angles inside their limits."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for narrow, wide in pairwise((63, *widths)):
            layers += [nn.Linear(narrow, wide), nn.BatchNorm1d(wide), nn.Tanh()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], len(FINGER_ANGLES)), nn.Tanh())

    def forward(self, joints_m: Float[Tensor, "pose 21 3"]) -> Float[Tensor, "pose 20"]:
        """Finger angles between -1 and 1 of their limits."""
        unit: Tensor = self.layers(_INPUT_SCALE * joints_m.flatten(1))
        return unit


class PosePredictor:
    """A trained network as a way from joints to poses; it answers as ``fit_angles`` does."""

    def __init__(self, model: HandModel, state: Mapping[str, Tensor], config: PoseNetworkConfig) -> None:
        self.model, self.config = model, config
        self.network = PoseNetwork(config.widths).eval()
        self.network.load_state_dict(state)

    @classmethod
    def load(cls, model: HandModel, path: Path) -> "PosePredictor":
        """The network of a run folder or of a checkpoint file; HandcraftError if there is none."""
        return load_trained(
            path, kind=KIND, make=lambda state, config: cls(model, state, PoseNetworkConfig.from_json(config))
        )

    @torch.no_grad()
    def __call__(self, joints_m: Float[Tensor, "pose 21 3"]) -> FittedPoses:
        """Angles of right hands (mirror left ones first), and how near they come to the joints."""
        given = normalise_joints(self.model, joints_m)
        angles_rad = angles_from_unit(self.network(given.joints_m))
        return FittedPoses(angles_rad, residual_mm(middle_hand(self.model), angles_rad, given.joints_m), given.scale)
