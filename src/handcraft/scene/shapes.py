# SPDX-License-Identifier: Apache-2.0
"""Shapes of people's hands, for the parameters of either hand model."""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.hand.anny_hand import PHENOTYPES
from handcraft.hand.model import HandModel
from handcraft.scene.draws import Stream, normal_from_uniform, uniform_rows

FARTHEST_BETA = 2.5
"""MANO's parameters are drawn within so many standard deviations of its scans; farther ones have no example."""


def sample_shapes(model: HandModel, seed: int, people: tuple[int, ...] | list[int]) -> Float[Tensor, "people shape"]:
    """One shape for every person, in the parameters of ``model``; a person's depends on (seed, person) only."""
    names = model.source.shape_names
    uniform = uniform_rows(seed, people, Stream.IDENTITY, len(names))
    return phenotypes_from_uniform(uniform) if names == PHENOTYPES else betas_from_uniform(uniform)


def phenotypes_from_uniform(uniform: Float[Tensor, "batch 6"]) -> Float[Tensor, "batch 6"]:
    """Adults and older children of both genders: ages above 0.45 on Anny's scale, the rest near the middle."""
    normal = normal_from_uniform(uniform)
    spread = torch.tensor([0.0, 0.0, 0.2, 0.2, 0.12, 0.15])
    phenotypes = (0.5 + spread * normal).clamp(0.05, 0.95)
    phenotypes[:, 0] = uniform[:, 0]
    phenotypes[:, 1] = 0.45 + 0.5 * uniform[:, 1]
    return phenotypes


def betas_from_uniform(uniform: Float[Tensor, "batch shape"]) -> Float[Tensor, "batch shape"]:
    """Standard normal, as MANO's shape space is scaled, without its tails."""
    return normal_from_uniform(uniform).clamp(-FARTHEST_BETA, FARTHEST_BETA)
