# SPDX-License-Identifier: Apache-2.0
"""Splits by person: pictures of one hand on both sides of a split make any estimator look better than it is."""

import math
from collections.abc import Sequence

import torch

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for

LAST_FOR_TRAINING = "Hand_0010040"
"""Seed 001's first 4,618 of 5,773 accepted pictures of the 11k Hands, in the order of their names, end here."""


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


def komorowicz_split(keys: Sequence[str]) -> list[list[int]]:
    """Seed 001's training and validation parts of its labelled 11k Hands, for comparison with its figures.

    It calls them apart by subject, but person 0000066 is in both (20 pictures and 33, 2.9 % of the second part), and
    the second has three times as many men's hands as women's where the first has half as many. ``split_by_subject``
    keeps people apart.

    Raises:
        HandcraftError: keys that are not of the 11k Hands, or all of one part.
    """
    foreign = [key for key in keys if not key.startswith("Hand_")]
    if foreign:
        raise HandcraftError(f"Expected pictures of the 11k Hands, but got {foreign[0]!r}; split by subject instead.")
    parts = [
        [index for index, key in enumerate(keys) if (key > LAST_FOR_TRAINING) == is_later] for is_later in (False, True)
    ]
    if not all(parts):
        raise HandcraftError(
            f"Expected pictures up to {LAST_FOR_TRAINING} and later ones, but got {len(parts[0])} and {len(parts[1])}; "
            "split by subject instead."
        )
    return parts
