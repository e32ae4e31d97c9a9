# SPDX-License-Identifier: Apache-2.0
"""What the reprojection loss compares: which joints, where they are labelled, and how sure the label is.

Seed 001 trains on MANO's 16 joints, in MANO's order; the fingertips that OpenPose labels are left out (section 6.2).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.estimate.regressor.camera import places_from_pixels
from handcraft.hand import KEYPOINTS, MANO_JOINTS
from handcraft.hand.skeleton import reorder

Supervision = Literal["joints", "keypoints"]

SUPERVISED: dict[Supervision, tuple[str, ...]] = {"joints": MANO_JOINTS, "keypoints": KEYPOINTS}
"""``joints``: seed 001's 16, in MANO's order. ``keypoints``: all 21, so that fingertips do not go astray (its figure
7.3)."""

THUMB_CMC_CERTAINTY = 0.2
"""Of seed 001: where the thumb's metacarpal begins differs between MANO and who labels."""

_THUMB_CMC = KEYPOINTS.index("thumb_cmc")


@dataclass(frozen=True)
class Targets:
    """Labelled places, -1 to 1 over the crop, with certainties from 0 to 1."""

    places: Float[Tensor, "n joint 2"]
    certainty: Float[Tensor, "n joint"]


def supervised_rows(supervision: Supervision) -> list[int]:
    """Which of the 21 keypoints are compared, in order; of ``joints`` OpenPose's order to MANO's (figure 6.1)."""
    return reorder(target=SUPERVISED[supervision], source=KEYPOINTS)


def targets_of(
    keypoints_px: Float[Tensor, "n 21 2"],
    confidence: Float[Tensor, "n 21"],
    *,
    side_px: int,
    supervision: Supervision,
    thumb_cmc_certainty: float,
) -> Targets:
    """The targets of crops of ``side_px``: certainties end at 0 and 1, and the thumb's first joint has its own.

    A joint that is not labelled keeps certainty 0.
    """
    certainty = confidence.clamp(0, 1).clone()
    certainty[:, _THUMB_CMC] = torch.where(certainty[:, _THUMB_CMC] > 0, thumb_cmc_certainty, 0.0)
    rows = supervised_rows(supervision)
    return Targets(places_from_pixels(keypoints_px, side_px)[:, rows], certainty[:, rows])
