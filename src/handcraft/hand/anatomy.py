# SPDX-License-Identifier: Apache-2.0
"""The hand's degrees of freedom and how far they go.

A pose is a vector of 22 joint angles in the order of ``DEGREES_OF_FREEDOM``. Signs are anatomical: flexion bends
towards the palm, deviation leans towards the thumb, and zero is the flat hand with parallel fingers (for the thumb: the
relaxed rest of the template).

Limits follow the clinical ranges of the American Academy of Orthopaedic Surgeons ("Joint Motion: Method of Measuring
and Recording", 1965) with deliberate deviations towards what hands do by themselves: passive hyperextension (45 degrees
at the fingers' MCP joints) is cut to what muscles reach, the outermost joints and the thumb's MCP joint give way
backwards a little (5 and 10 degrees), and the deviation range of the fingers is the active one (20 degrees either way;
25 for the little finger). The thumb's carpometacarpal limits are given about the template's rest, which stands in
mid-range.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.hand.skeleton import FINGERS

Motion = Literal["flexion", "deviation"]


@dataclass(frozen=True)
class DegreeOfFreedom:
    """One angle of one joint, with its limits in degrees."""

    joint: str
    motion: Motion
    lowest_deg: float
    highest_deg: float

    @property
    def name(self) -> str:
        """``index_mcp_flexion``."""
        return f"{self.joint}_{self.motion}"


def _finger(name: str, deviation_deg: float) -> tuple[DegreeOfFreedom, ...]:
    return (
        DegreeOfFreedom(f"{name}_mcp", "flexion", -20.0, 90.0),
        DegreeOfFreedom(f"{name}_mcp", "deviation", -deviation_deg, deviation_deg),
        DegreeOfFreedom(f"{name}_pip", "flexion", 0.0, 100.0),
        DegreeOfFreedom(f"{name}_dip", "flexion", -5.0, 90.0),
    )


DEGREES_OF_FREEDOM = (
    DegreeOfFreedom("wrist", "flexion", -70.0, 80.0),
    DegreeOfFreedom("wrist", "deviation", -30.0, 20.0),
    DegreeOfFreedom("thumb_cmc", "flexion", -20.0, 30.0),
    DegreeOfFreedom("thumb_cmc", "deviation", -30.0, 25.0),
    DegreeOfFreedom("thumb_mcp", "flexion", -10.0, 50.0),
    DegreeOfFreedom("thumb_ip", "flexion", -20.0, 80.0),
    *_finger("index", 20.0),
    *_finger("middle", 20.0),
    *_finger("ring", 20.0),
    *_finger("little", 25.0),
)
"""For the thumb, ``deviation`` of the carpometacarpal joint is palmar abduction: out of the palm's plane."""

DOF_NAMES = tuple(dof.name for dof in DEGREES_OF_FREEDOM)


def joint_limits_rad() -> tuple[Float[Tensor, " dof"], Float[Tensor, " dof"]]:
    """Lowest and highest angle of every degree of freedom, in radians."""
    lowest = torch.tensor([dof.lowest_deg for dof in DEGREES_OF_FREEDOM])
    highest = torch.tensor([dof.highest_deg for dof in DEGREES_OF_FREEDOM])
    return torch.deg2rad(lowest), torch.deg2rad(highest)


def within_limits(angles_rad: Float[Tensor, "*batch dof"], *, tolerance_deg: float = 0.01) -> Bool[Tensor, "*batch"]:
    """Whether each pose stays inside every joint's limits."""
    lowest, highest = (limit.to(angles_rad) for limit in joint_limits_rad())
    tolerance = torch.deg2rad(torch.tensor(tolerance_deg)).to(angles_rad)
    return ((angles_rad >= lowest - tolerance) & (angles_rad <= highest + tolerance)).all(-1)


def dof_indices(motion: Motion, joint_suffix: str) -> list[int]:
    """Indices of one motion at one kind of joint, in finger order: ``("flexion", "mcp")`` gives five, thumb first."""
    names = [f"{finger}_{joint_suffix}_{motion}" for finger in FINGERS]
    return [DOF_NAMES.index(name) for name in names if name in DOF_NAMES]
