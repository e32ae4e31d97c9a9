# SPDX-License-Identifier: Apache-2.0
"""Which items a step trains on: a pure function of (seed, stream, step), so that training resumes where it stood."""

from functools import lru_cache

import torch
from jaxtyping import Int64
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for


@lru_cache(maxsize=8)  # the step after this one asks for the same epoch; the result does not depend on the cache
def _permutation(count: int, seed: int, stream: int, epoch: int) -> Int64[Tensor, " item"]:
    return torch.randperm(count, generator=generator_for(seed, stream, epoch))


def batch_indices(count: int, batch_size: int, *, seed: int, stream: int, step: int) -> Int64[Tensor, " batch"]:
    """Indices into ``count`` items for the batch of ``step`` (0, 1, ...).

    All batches in a row are one shuffled epoch after another: each epoch holds every item exactly once. A batch may
    reach over the seam between two epochs, so all have ``batch_size`` items. ``stream`` tells independent orders
    apart (rendered and photographed images, say).
    """
    for name, value, least in (("count", count, 1), ("batch_size", batch_size, 1), ("step", step, 0)):
        if value < least:
            raise HandcraftError(f"Expected `{name}` to be at least {least}, but got {value}.")
    first, end = step * batch_size, (step + 1) * batch_size
    parts = []
    for epoch in range(first // count, (end - 1) // count + 1):
        order = _permutation(count, seed, stream, epoch)
        parts.append(order[max(first - epoch * count, 0) : end - epoch * count])
    return torch.cat(parts)


def process_slice(
    indices: Int64[Tensor, " batch"], *, process_index: int, num_processes: int
) -> Int64[Tensor, " slice"]:
    """The part of a batch that one of ``num_processes`` data-parallel processes takes; together they are the batch."""
    if len(indices) % num_processes:
        raise HandcraftError(
            f"Expected `batch_size` to be a multiple of the {num_processes} processes, but got {len(indices)}."
        )
    return indices.reshape(num_processes, -1)[process_index].clone()
