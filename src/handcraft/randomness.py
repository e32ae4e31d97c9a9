# SPDX-License-Identifier: Apache-2.0
"""Randomness is passed in: item ``(seed, i, ...)`` has a generator of its own, whoever makes it and when."""

import hashlib

import torch


def generator_for(seed: int, *indices: int) -> torch.Generator:
    """A CPU generator that depends on the seed and the indices only.

    The numbers are hashed together (SHA-256), so neighbouring indices and seeds share nothing.
    """
    digest = hashlib.sha256(",".join(str(int(number)) for number in (seed, *indices)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
