# SPDX-License-Identifier: Apache-2.0
"""Randomness is passed in: item ``(seed, i, ...)`` has a generator of its own, whoever makes it and when."""

import hashlib

import torch


def generator_for(seed: int, *indices: int) -> torch.Generator:
    """A CPU generator that depends on the seed and the indices only.

    The numbers are hashed together (SHA-256), so neighbouring indices and seeds share nothing.
    """
    return torch.Generator().manual_seed(seed_for(seed, *indices))


def seed_for(seed: int, *indices: int) -> int:
    """What :func:`generator_for` is seeded with; where many are wanted, one generator may be seeded again and again."""
    digest = hashlib.sha256(",".join(str(int(number)) for number in (seed, *indices)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
