# SPDX-License-Identifier: Apache-2.0
"""A variational prior over poses (Kingma and Welling, "Auto-Encoding Variational Bayes", 2014).

An encoder says which standard normal codes a pose may have, a decoder which pose a code means. New poses are decoded
from drawn codes; they lie inside the joints' limits whatever the code.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError, expect_above, expect_at_least
from handcraft.fit.unit_angles import FINGER_ANGLES, angles_from_unit, unit_from_angles
from handcraft.hand import HandModel
from handcraft.hand.pose_library import PoseLibrary, middle_hand
from handcraft.hand.poses import open_until_free
from handcraft.randomness import generator_for
from handcraft.training import Device, LoopConfig
from handcraft.training.run_files import load_trained

KIND = "pose prior"
_CODE_STREAM = 0xC0DE
_REACH = 1.05  # poses at their limits are frequent; a tanh of 1 would only come near them
_CHUNK = 512


def gaussian_log_likelihood(
    value: Float[Tensor, "pose angle"], mean: Float[Tensor, "pose angle"], deviation: float
) -> Float[Tensor, " pose"]:
    """The logarithm of N(value; mean, deviation² I): the reconstruction term of eq. 7, for appendix C.2's decoder."""
    squares = ((value - mean) / deviation).square() + math.log(2 * math.pi) + 2 * math.log(deviation)
    return -0.5 * squares.sum(-1)


def elbo(
    log_likelihood: Float[Tensor, " pose"], divergence: Float[Tensor, " pose"], weight: float = 1.0
) -> Float[Tensor, " pose"]:
    """The evidence's lower bound, eq. 3; a ``weight`` on the divergence other than 1 is Higgins et al. 2017, eq. 4."""
    return log_likelihood - weight * divergence


@dataclass(frozen=True)
class PosePriorConfig:
    """A pose prior and its training."""

    code: int = 12
    """Numbers a pose is told by."""
    width: int = 128
    """Of the two hidden layers, in the encoder and in the decoder."""
    deviation: float = 0.1
    """How far a decoded angle may be off, between limits of -1 and 1."""
    divergence_weight: float = 1.0
    steps: int = 3000
    batch_size: int = 256
    learning_rate: float = 2e-3
    """Of Adam, falling to nothing along a cosine."""
    seed: int = 0
    device: Device = "auto"
    log_every: int = 20
    checkpoint_every: int = 500
    draw_every: int = 500

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        expect_at_least(1, code=self.code, width=self.width, steps=self.steps, batch_size=self.batch_size)
        expect_at_least(0, divergence_weight=self.divergence_weight)
        expect_above(0, deviation=self.deviation, learning_rate=self.learning_rate)

    @property
    def loop(self) -> LoopConfig:
        """The loop's share of the configuration."""
        return LoopConfig(self.steps, self.log_every, self.checkpoint_every, self.draw_every)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PosePriorConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            return cls(**data)
        except TypeError as error:
            raise HandcraftError(
                f"Expected the configuration of a pose prior, but it does not fit: {error}."
            ) from error


class PriorNetwork(nn.Module):
    """Encoder and decoder, over finger angles between -1 and 1."""

    def __init__(self, config: PosePriorConfig) -> None:
        super().__init__()
        angles, width = len(FINGER_ANGLES), config.width
        self.encoder = _perceptron(angles, width, 2 * config.code)
        self.decoder = _perceptron(config.code, width, angles)

    def encode(self, unit: Float[Tensor, "pose 20"]) -> tuple[Float[Tensor, "pose code"], Float[Tensor, "pose code"]]:
        """Mean and logarithm of the variance of each pose's code."""
        mean, log_variance = self.encoder(unit).chunk(2, dim=-1)
        return mean, log_variance.clamp(-12, 6)

    def decode(self, code: Float[Tensor, "pose code"]) -> Float[Tensor, "pose 20"]:
        """The pose of each code; a little beyond -1 and 1 where it means the limit."""
        unit: Tensor = _REACH * torch.tanh(self.decoder(code))
        return unit


class PosePrior:
    """A trained prior."""

    def __init__(self, state: Mapping[str, Tensor], config: PosePriorConfig) -> None:
        self.config = config
        self.network = PriorNetwork(config).eval()
        self.network.load_state_dict(state)

    @classmethod
    def load(cls, path: Path) -> "PosePrior":
        """The prior of a run folder or of a checkpoint file; HandcraftError if there is none."""
        return load_trained(path, kind=KIND, make=lambda state, config: cls(state, PosePriorConfig.from_json(config)))

    @torch.no_grad()
    def encode(self, angles_rad: Float[Tensor, "pose 22"]) -> Float[Tensor, "pose code"]:
        """The likeliest code of each pose."""
        return self.network.encode(unit_from_angles(angles_rad))[0]

    @torch.no_grad()
    def decode(self, code: Float[Tensor, "pose code"]) -> Float[Tensor, "pose 22"]:
        """The pose each code means: inside the limits, the wrist straight."""
        return angles_from_unit(self.network.decode(code))

    def sample(self, count: int, seed: int) -> Float[Tensor, "pose 22"]:
        """New poses; pose ``i`` depends on (seed, i) only. Fingers may touch: see ``sample_library``."""
        expect_at_least(1, count=count)
        codes = [
            torch.randn(self.config.code, generator=generator_for(seed, _CODE_STREAM, row)) for row in range(count)
        ]
        return self.decode(torch.stack(codes))

    def sample_library(self, model: HandModel, count: int, seed: int) -> PoseLibrary:
        """New poses whose fingers touch neither the palm nor each other."""
        hand, drawn = middle_hand(model), self.sample(count, seed)
        opened = [
            open_until_free(hand.select(torch.zeros(len(chunk), dtype=torch.long)), chunk)[0]
            for chunk in drawn.split(_CHUNK)
        ]
        return PoseLibrary.from_angles(model, torch.cat(opened), f"poses of a variational prior, seed {seed}")


def _perceptron(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs)
    )
