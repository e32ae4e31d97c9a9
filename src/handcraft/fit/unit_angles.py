# SPDX-License-Identifier: Apache-2.0
"""Finger angles between -1 (lowest) and 1 (highest of their limits), which is what networks speak of poses in."""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.hand.anatomy import DOF_NAMES, joint_limits_rad

FINGER_ANGLES = [i for i, name in enumerate(DOF_NAMES) if not name.startswith("wrist")]
"""The 20 angles beyond the wrist, which a pose library holds straight."""


def unit_from_angles(angles_rad: Float[Tensor, "pose 22"]) -> Float[Tensor, "pose 20"]:
    """Where each finger angle lies between its limits; the wrist is dropped."""
    lowest, highest = _limits(angles_rad)
    return 2 * (angles_rad[:, FINGER_ANGLES] - lowest) / (highest - lowest) - 1


def angles_from_unit(unit: Float[Tensor, "pose 20"]) -> Float[Tensor, "pose 22"]:
    """The inverse, for a straight wrist; what lies beyond -1 or 1 is put to the limit."""
    lowest, highest = _limits(unit)
    angles_rad = unit.new_zeros(len(unit), len(DOF_NAMES))
    angles_rad[:, FINGER_ANGLES] = lowest + (unit.clamp(-1, 1) + 1) / 2 * (highest - lowest)
    return angles_rad


def _limits(like: Tensor) -> tuple[Float[Tensor, " angle"], Float[Tensor, " angle"]]:
    lowest, highest = (limit[torch.tensor(FINGER_ANGLES)].to(like) for limit in joint_limits_rad())
    return lowest, highest
