# SPDX-License-Identifier: Apache-2.0
"""MANO's joints by name, and the 21 keypoints that publications make of them.

MANO has 16 joints and no fingertips. Which vertices stand for the tips differs between publications by up to some
millimetres, so a comparison names its variant.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.hand.skeleton import FINGERS, KEYPOINTS, reorder

MANO_JOINTS = (
    "wrist",
    *(f"{finger}_{joint}" for finger in ("index", "middle", "little", "ring") for joint in ("mcp", "pip", "dip")),
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip")),
)
"""The order of MANO's own joints: the little finger comes before the ring finger."""

MANO_PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)

TipVariant = Literal["manopth", "manopth_left", "smplx", "freihand", "ho3d", "mobrecon"]

TIP_VERTICES: dict[TipVariant, tuple[int, int, int, int, int]] = {
    "manopth": (745, 317, 444, 556, 673),
    "manopth_left": (745, 317, 445, 556, 673),
    "smplx": (744, 320, 443, 554, 671),
    "freihand": (744, 320, 443, 555, 672),
    "ho3d": (744, 333, 444, 555, 672),
    "mobrecon": (744, 333, 444, 555, 672),
}
"""The vertices that stand for the tips of thumb to little finger. ``manopth`` is manotorch's too, ``smplx`` is HaMeR's
and WiLoR's, ``freihand`` is the FreiHAND toolbox's; ``mobrecon`` (HandMesh) came to the same as ``ho3d``."""


def freihand_from_mano(
    joints_m: Float[Tensor, "batch 16 3"], vertices_m: Float[Tensor, "batch 778 3"], tips: TipVariant
) -> Float[Tensor, "batch 21 3"]:
    """The 21 keypoints in the order of ``KEYPOINTS``."""
    tips_m = vertices_m[:, list(TIP_VERTICES[tips])]
    names = (*MANO_JOINTS, *(f"{finger}_tip" for finger in FINGERS))
    return torch.cat([joints_m, tips_m], 1)[:, reorder(target=KEYPOINTS, source=names)]
