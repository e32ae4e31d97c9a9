# SPDX-License-Identifier: Apache-2.0
"""Range of motion (seed 003, figure 4.11): how far each finger's joints bend and lean, read off 21 joints.

Each finger has a frame of its own: ``y`` along its metacarpal (wrist to knuckle), ``n`` out of the back of the hand,
``x = n x y`` towards the thumb. The proximal bone's flexion is its turn from ``y`` towards the palm, its abduction the
angle it leaves the plane of ``y`` and ``n`` by; the outer joints' flexion is the turn from one bone to the next about
the axis that ``x`` has become. Hyperextension is negative.

In contrast to the seed, whose text measures from the knuckle to the fingertip, every joint is measured at its own
bones, so that a bent fingertip does not count as a bent knuckle. The thumb is left out: its axes are not the palm's.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.hand.joint_checks import expect_hands
from handcraft.hand.skeleton import FINGERS, KEYPOINTS

MEASURED_FINGERS = FINGERS[1:]
MEASURED_ANGLES = ("mcp_flexion", "mcp_abduction", "pip_flexion", "dip_flexion")

PIP_REFERENCE_DEG = (100.0, 110.0)
"""Where the greatest flexion of a proximal interphalangeal joint lies (seed 003, 4.3.1)."""
DIP_REFERENCE_DEG = 80.0
"""What a distal interphalangeal joint stays within (the same)."""

QUANTILES = {"min": 0.0, "p1": 0.01, "p50": 0.5, "p99": 0.99, "max": 1.0}

_CHUNK = 65_536  # hands at a time: millions of them fit into memory
_SHORTEST_BONE = 1e-3  # of the palm's length: a shorter bone has no direction


@dataclass(frozen=True)
class FingerAngles:
    """Angles of many hands; what hangs on a bone without length is not ``valid``."""

    angles_rad: Float[Tensor, "pose 4 4"]
    """Over ``MEASURED_FINGERS`` and ``MEASURED_ANGLES``; 0 where not valid."""
    valid: Bool[Tensor, "pose 4 4"]


@dataclass(frozen=True)
class RangeOfMotion:
    """For every measured finger and angle its quantiles in degrees."""

    source: str
    poses: int
    degrees: dict[str, dict[str, dict[str, float | int]]]
    """``degrees["index"]["pip_flexion"]["p99"]``; ``count`` is how many poses it is of."""

    def to_json(self) -> dict[str, Any]:
        """As JSON, with the reference the seed gives."""
        reference = {"pip_greatest_flexion_deg": list(PIP_REFERENCE_DEG), "dip_at_most_deg": DIP_REFERENCE_DEG}
        return {"schema": 1, "source": self.source, "poses": self.poses, "deg": self.degrees, "reference": reference}

    def beyond_reference(self) -> list[str]:
        """Which joints go further than the reference in 1 pose of 100 or more, as names like ``ring_dip``."""
        limits = {"pip": PIP_REFERENCE_DEG[1], "dip": DIP_REFERENCE_DEG}
        return [
            f"{finger}_{joint}"
            for finger in MEASURED_FINGERS
            for joint, limit in limits.items()
            if self.degrees[finger][f"{joint}_flexion"]["p99"] > limit
        ]


def range_of_motion(joints_m: Float[Tensor, "pose 21 3"], source: str) -> RangeOfMotion:
    """Measure right hands (mirror left ones first), wherever they are and however they are turned.

    Raises:
        HandcraftError: joints that are not hands in metres and in our order.

    >>> along_m = torch.tensor([0.09, 0.13, 0.155, 0.175])  # wrist to knuckle and on to the tip, dorsal x is 0
    >>> fingers_m = [torch.stack([0 * along_m, along_m, z_m / 0.09 * along_m], -1) for z_m in (0.02, 0, -0.02, -0.035)]
    >>> thumb_m = torch.tensor([[0, 0.02, 0.03], [0, 0.05, 0.05], [0, 0.075, 0.065], [0, 0.095, 0.075]])
    >>> flat_m = torch.cat([torch.zeros(1, 3), thumb_m, *fingers_m])
    >>> range_of_motion(flat_m[None], "a flat hand").degrees["index"]["pip_flexion"]["max"]
    0.0
    """
    expect_hands(joints_m)  # so most hands have all their bones, and no angle is without poses
    parts = [finger_angles(chunk) for chunk in joints_m.split(_CHUNK)]
    measured = FingerAngles(torch.cat([part.angles_rad for part in parts]), torch.cat([part.valid for part in parts]))
    degrees = {
        finger: {angle: _quantiles_deg(measured, row, column) for column, angle in enumerate(MEASURED_ANGLES)}
        for row, finger in enumerate(MEASURED_FINGERS)
    }
    return RangeOfMotion(source, len(joints_m), degrees)


def finger_angles(joints_m: Float[Tensor, "pose 21 3"]) -> FingerAngles:
    """Flexion and abduction of the four fingers of right hands.

    >>> along_m = torch.tensor([0.09, 0.13, 0.155, 0.175])
    >>> fingers_m = [torch.stack([0 * along_m, along_m, z_m / 0.09 * along_m], -1) for z_m in (0.02, 0, -0.02, -0.035)]
    >>> fingers_m[1][2:] = fingers_m[1][1] + torch.tensor([[-0.025, 0.0, 0.0], [-0.045, 0.0, 0.0]])  # towards the palm
    >>> hand_m = torch.cat([torch.zeros(5, 3), *fingers_m])
    >>> torch.rad2deg(finger_angles(hand_m[None]).angles_rad[0, 1]).round().abs()  # of the middle finger
    tensor([ 0.,  0., 90.,  0.])
    """
    wrist, chains = joints_m[:, 0], joints_m[:, [[_tip(f) - 3 + i for i in range(4)] for f in MEASURED_FINGERS]]
    metacarpals = chains[:, :, 0] - wrist[:, None]
    bones = chains.diff(dim=2)
    y, first, second, third = (_unit(bone) for bone in (metacarpals, *bones.unbind(2)))
    x, n = _lateral_and_dorsal(y, metacarpals)
    along, up, aside = _dot(first, y), _dot(first, n), _dot(first, x)
    axis_of_pip = _unit(x - aside[..., None] * first)
    axis_of_dip = _unit(axis_of_pip - _dot(axis_of_pip, second)[..., None] * second)
    angles = (
        torch.atan2(-up, along),
        torch.atan2(aside, torch.hypot(along, up)),
        _turn(first, second, axis_of_pip),
        _turn(second, third, axis_of_dip),
    )
    valid = _valid(metacarpals, bones, n)
    return FingerAngles(torch.where(valid, torch.stack(angles, -1), 0.0), valid)


def _lateral_and_dorsal(
    y: Float[Tensor, "pose 4 3"], metacarpals: Float[Tensor, "pose 4 3"]
) -> tuple[Float[Tensor, "pose 4 3"], Float[Tensor, "pose 4 3"]]:
    """Each finger's ``x`` and ``n``; the thumb is where the index's knuckle lies, seen from the little one's."""
    towards_thumb = (metacarpals[:, :1] - metacarpals[:, 3:]).expand_as(y)
    n = _unit(torch.linalg.cross(y, towards_thumb))
    return torch.linalg.cross(n, y), n


def _turn(
    before: Float[Tensor, "pose 4 3"], after: Float[Tensor, "pose 4 3"], axis: Float[Tensor, "pose 4 3"]
) -> Float[Tensor, "pose 4"]:
    return torch.atan2(_dot(torch.linalg.cross(before, after), axis), _dot(before, after))


def _valid(
    metacarpals: Float[Tensor, "pose 4 3"], bones: Float[Tensor, "pose 4 3 3"], n: Float[Tensor, "pose 4 3"]
) -> Bool[Tensor, "pose 4 4"]:
    palm = metacarpals.norm(dim=-1).amax(1)[:, None]
    long = bones.norm(dim=-1) > _SHORTEST_BONE * palm[..., None]
    framed = (metacarpals.norm(dim=-1) > _SHORTEST_BONE * palm) & (n.norm(dim=-1) > 0.5)
    knuckle = framed & long[..., 0]
    middle = knuckle & long[..., 1]
    return torch.stack([knuckle, knuckle, middle, middle & long[..., 2]], -1)


def _quantiles_deg(measured: FingerAngles, finger: int, angle: int) -> dict[str, float | int]:
    values = torch.rad2deg(measured.angles_rad[:, finger, angle][measured.valid[:, finger, angle]]).double()
    ordered = values.sort().values  # torch.quantile refuses more than 16 million values
    picked = {name: float(ordered[round(share * (len(ordered) - 1))]) for name, share in QUANTILES.items()}
    return {"count": len(values), **{name: round(value, 2) for name, value in picked.items()}}


def _tip(finger: str) -> int:
    return KEYPOINTS.index(f"{finger}_tip")


def _unit(vector: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
    """Of length 1; a vector without length stays as it is."""
    return vector / vector.norm(dim=-1, keepdim=True).clamp_min(1e-9)


def _dot(a: Float[Tensor, "*batch 3"], b: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
    return (a * b).sum(-1)
