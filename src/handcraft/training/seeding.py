# SPDX-License-Identifier: Apache-2.0
"""Seeds for code that draws from torch's global generator whether we like it or not: weight initialisers, dropout."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from handcraft.randomness import generator_for


@contextmanager
def forked_rng(seed: int, *indices: int) -> Iterator[None]:
    """Seed torch's global generators inside from (seed, indices) only, and put them back as they were afterwards.

    The GPU's generator is included once CUDA is in use; CUDA is never started for it.
    """
    own = generator_for(seed, *indices)
    in_use = torch.cuda.is_initialized()
    devices = [torch.cuda.current_device()] if in_use else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.set_state(own.get_state())
        if devices:
            torch.cuda.manual_seed(own.initial_seed())
        yield
