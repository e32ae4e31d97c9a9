# SPDX-License-Identifier: Apache-2.0
"""Opening the touching poses of a motion without a jerk: neighbours open with them."""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.model import ShapedHand
from handcraft.hand.poses import OPENING_FACTOR, OPENING_STEPS, touching

STEPS_PER_FRAME = 0.5
"""How much less than its neighbour, in steps of opening, a frame may be opened."""


def open_smoothly(shaped: ShapedHand, angles_rad: Float[Tensor, "batch frame 22"]) -> Float[Tensor, "batch frame 22"]:
    """Motions whose touching frames are opened until they are free, and the frames around them a little less.

    The wrist stays as it is. A motion that never touches comes back unchanged, to the bit.
    """
    batch, frames = angles_rad.shape[:2]
    each = shaped.select(torch.arange(batch).repeat_interleave(frames))
    bends = torch.tensor([not name.startswith("wrist") for name in DOF_NAMES])
    flat, steps = angles_rad.flatten(0, 1), torch.zeros(batch * frames)
    for _ in range(OPENING_STEPS):
        touches = touching(each, torch.where(bends, flat * OPENING_FACTOR ** steps[:, None], flat))
        steps = steps + touches
    apart = (torch.arange(frames)[:, None] - torch.arange(frames)).abs() * STEPS_PER_FRAME
    shared = (steps.view(batch, frames, 1) - apart).clamp_min(0).amax(1)
    factor = OPENING_FACTOR ** shared[..., None]
    return torch.where(bends, angles_rad * factor, angles_rad)
