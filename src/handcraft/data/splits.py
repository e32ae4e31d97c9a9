# SPDX-License-Identifier: Apache-2.0
"""Splits by person: pictures of one hand on both sides of a split make any estimator look better than it is."""

import math
from collections.abc import Sequence

import torch

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for


def split_by_subject(subjects: Sequence[str], fractions: Sequence[float], seed: int) -> list[list[int]]:
    """Share samples out so that no subject is in two parts.

    Args:
        subjects: the subject of each sample.
        fractions: the share of the samples each part should have; above 0, with sum 1.
        seed: decides which subjects go where; the order of the samples does not.

    Returns:
        For each part the indices of its samples, rising. Subjects are dealt out in random order to the part that lacks
        the largest share of what it should have, so every part has a subject and shares are met as far as whole
        subjects allow.

    Raises:
        HandcraftError: fractions that are not shares, or fewer subjects than parts.
    """
    if not fractions or min(fractions) <= 0 or not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise HandcraftError(f"Expected `fractions` to be above 0 with sum 1, but got {list(fractions)}.")
    members: dict[str, list[int]] = {}
    for index, subject in enumerate(subjects):
        members.setdefault(subject, []).append(index)
    if len(members) < len(fractions):
        raise HandcraftError(f"Expected at least {len(fractions)} subjects to split by, but got {len(members)}.")
    parts: list[list[int]] = [[] for _ in fractions]
    names = sorted(members)
    for position in torch.randperm(len(names), generator=generator_for(seed)).tolist():
        filled = [len(part) / fraction for part, fraction in zip(parts, fractions, strict=True)]
        parts[filled.index(min(filled))] += members[names[position]]
    return [sorted(part) for part in parts]
