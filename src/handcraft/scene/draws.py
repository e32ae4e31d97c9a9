# SPDX-License-Identifier: Apache-2.0
"""Numbers for many samples at once, each row from its own generator: batching never changes a sample."""

from collections.abc import Sequence
from enum import IntEnum

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.randomness import seed_for


class Stream(IntEnum):
    """What a row of random numbers is for; streams of one sample are independent."""

    IDENTITY = 0
    POSE = 1
    PLACEMENT = 2
    SKIN = 3
    LIGHT = 4
    BACKDROP = 5
    SENSOR = 6
    SIDE = 7
    NOISE = 8
    OCCLUDER = 9
    OTHER_HAND = 10
    DEPTH_SENSOR = 11
    DEPTH_NOISE = 12
    SKIN_DETAIL = 13
    WEAR = 14
    ENVIRONMENT = 15
    MOTION = 40


def uniform_rows(seed: int, indices: Sequence[int], stream: Stream, columns: int) -> Float[Tensor, "batch columns"]:
    """Uniform numbers in [0, 1): row i depends on (seed, stream, indices[i]) only."""
    generator = torch.Generator()
    seeds = (seed_for(seed, stream, index) for index in indices)
    return torch.stack([torch.rand(columns, generator=generator.manual_seed(each)) for each in seeds])


def normal_from_uniform(uniform: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Standard normal numbers from uniform ones, by the inverse distribution function."""
    return torch.special.ndtri(uniform.clamp(1e-6, 1 - 1e-6))
