# SPDX-License-Identifier: Apache-2.0
"""Whether 21 points are a hand: numbers, unit and order, before anything is fitted to them.

Lengths of bones do not depend on the pose, so a wrong unit shows in the hand's length and a wrong order in bones that
no hand has. The shares below are wide (an adult's are in the middle); they tell orders apart, not people.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import BONES, FINGERS, KEYPOINTS

SHORTEST_HAND_M, LONGEST_HAND_M = 0.05, 0.40
"""From the wrist along the middle finger to its tip: a newborn's is 6 cm."""

_UNIT_FACTORS = {"millimetres": 1e-3, "centimetres": 1e-2, "decimetres": 1e-1}
_SHARES_OF_THUMB = ((0.04, 0.42), (0.08, 0.38), (0.07, 0.33), (0.05, 0.30))
_SHARES_OF_FINGER = ((0.28, 0.75), (0.10, 0.38), (0.05, 0.28), (0.04, 0.26))
"""Lowest and highest length of a finger's four bones, from the wrist to the tip, as shares of the hand's length."""


def hand_length_m(joints_m: Float[Tensor, "*batch 21 3"]) -> Float[Tensor, "*batch"]:
    """From the wrist over the middle finger's joints to its tip, along the bones: the same in every pose."""
    path = [0, *(KEYPOINTS.index(name) for name in KEYPOINTS if name.startswith("middle"))]
    return joints_m[..., path, :].diff(dim=-2).norm(dim=-1).sum(-1)


def hand_like(joints_m: Float[Tensor, "pose 21 3"]) -> Bool[Tensor, " pose"]:
    """Which rows are hands in metres and in our order: finite, of a hand's size, with bones and knuckles in place."""
    length = hand_length_m(joints_m)
    sized = (length >= SHORTEST_HAND_M) & (length <= LONGEST_HAND_M)
    return sized & ~_bones_outside(joints_m).any(1) & _knuckles_in_order(joints_m)


def expect_hands(joints_m: Float[Tensor, "pose 21 3"], name: str = "joints_m") -> None:
    """Refuse joints that are none, not finite, or for the most part not hands in metres and in our order.

    Raises:
        HandcraftError: naming what is wrong with ``name`` and the cure.
    """
    if len(joints_m) == 0:
        raise HandcraftError(f"Expected `{name}` to hold at least one hand, but got none; name another file.")
    broken = torch.nonzero(~joints_m.isfinite().flatten(1).all(1))[:, 0]
    if len(broken):
        raise HandcraftError(
            f"Expected `{name}` to be finite, but got NaN or infinity in {len(broken)} of {len(joints_m)} rows, "
            f"row {int(broken[0])} first; leave these rows out."
        )
    length = float(hand_length_m(joints_m).median())
    if not SHORTEST_HAND_M <= length <= LONGEST_HAND_M:
        raise HandcraftError(
            f"Expected `{name}` to be in metres (a hand is 0.05 to 0.4 long), but got hands {length:.4g} long; "
            f"{_cure_of_unit(length)}."
        )
    if hand_like(joints_m).float().mean() < 0.5:
        raise HandcraftError(
            f"Expected `{name}` in the order {', '.join(KEYPOINTS[:3])}, ... {KEYPOINTS[-1]}, "
            f"but got {_oddest(joints_m)}; give the order the joints are in."
        )


def _bones_outside(joints_m: Float[Tensor, "pose 21 3"]) -> Bool[Tensor, "pose bone"]:
    lowest, highest = torch.tensor([*_SHARES_OF_THUMB, *(_SHARES_OF_FINGER * 4)]).to(joints_m).unbind(1)
    share = _bone_shares(joints_m)
    return ~((share >= lowest) & (share <= highest))


def _bone_shares(joints_m: Float[Tensor, "pose 21 3"]) -> Float[Tensor, "pose bone"]:
    parents, children = (list(ends) for ends in zip(*BONES, strict=True))
    lengths = (joints_m[:, children] - joints_m[:, parents]).norm(dim=-1)
    return lengths / hand_length_m(joints_m).clamp_min(1e-9)[:, None]


def _knuckles_in_order(joints_m: Float[Tensor, "pose 21 3"]) -> Bool[Tensor, " pose"]:
    """Whether the knuckles of index, middle, ring and little finger lie in this order across the palm."""
    knuckles = joints_m[:, [KEYPOINTS.index(f"{finger}_mcp") for finger in FINGERS[1:]]]
    across = knuckles[:, 3] - knuckles[:, 0]
    return ((knuckles * across[:, None]).sum(-1).diff(dim=1) > 0).all(1)


def _cure_of_unit(length: float) -> str:
    for unit, factor in _UNIT_FACTORS.items():
        if SHORTEST_HAND_M <= length * factor <= LONGEST_HAND_M:
            return f"these look like {unit}: say so, or multiply them by {factor:g}"
    return "give the unit they are in"


def _oddest(joints_m: Float[Tensor, "pose 21 3"]) -> str:
    """The bone that is most often of no hand's length, in words."""
    outside = _bones_outside(joints_m).float().mean(0)
    if outside.max() == 0:
        return "knuckles that do not lie in this order across the palm"
    bone = int(outside.argmax())
    parent, child = (KEYPOINTS[end] for end in BONES[bone])
    share = float(_bone_shares(joints_m)[:, bone].median())
    return f"a bone from {parent} to {child} of {share:.2f} of the hand's length"
