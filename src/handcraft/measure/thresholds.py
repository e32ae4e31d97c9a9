# SPDX-License-Identifier: Apache-2.0
"""Whose thresholds: the grids over which papers draw PCK and take the area under it, by name.

Two areas compare only over one grid. "AUC 20-50 mm" alone names three: hand3d starts at the ninth of its 20 thresholds,
Minimal-Hand takes 15 and BiHand 20 of them, and a figure moves in its third decimal between them.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric


@dataclass(frozen=True)
class ThresholdGrid:
    """Evenly spaced thresholds, both ends included.

    >>> ThresholdGrid("mine", "mm", low=0.0, high=40.0, steps=5).values().tolist()
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """

    owner: str
    """Whose it is: the code or benchmark that made it known."""
    unit: Literal["px", "mm"]
    low: float
    high: float
    steps: int

    def __post_init__(self) -> None:
        """Refuse what spans nothing."""
        if self.steps < 2 or not self.low < self.high:
            raise HandcraftError(
                "Expected a grid of two or more rising thresholds, but got "
                f"{self.steps} from {self.low:g} to {self.high:g}."
            )

    @property
    def name(self) -> str:
        """Owner, ends, unit and number: what a table says beside an area."""
        return f"{self.owner}, {self.low:.4g}-{self.high:g} {self.unit}, {self.steps} steps"

    @property
    def area(self) -> Metric:
        """The area under PCK over these thresholds, as a metric."""
        return Metric(f"AUC ({self.name})", unit="", better="higher")

    def values(self) -> Float[Tensor, " threshold"]:
        """The thresholds, rising, in float64."""
        return torch.linspace(self.low, self.high, self.steps, dtype=torch.float64)


HAND3D_PX = ThresholdGrid("hand3d", "px", 0.0, 30.0, 20)
"""2D keypoints in hand3d (Zimmermann and Brox, ICCV 2017); the same values as ``thresholds_px()``."""

MMPOSE_PX = ThresholdGrid("mmpose", "px", 0.0, 28.5, 20)
"""2D keypoints in mmpose: 20 shares of 30 px, 0 to 0.95."""

HAND3D_MM = ThresholdGrid("hand3d", "mm", 0.0, 50.0, 20)
"""3D joints in hand3d, on RHD and STB."""

HAND3D_STB_MM = ThresholdGrid("hand3d STB", "mm", 400 / 19, 50.0, 12)
"""What hand3d calls 20 to 50 mm on STB: its 20 thresholds without the first eight, so it starts at 21.05 mm."""

MINIMAL_HAND_MM = ThresholdGrid("Minimal-Hand", "mm", 20.0, 50.0, 15)
"""20 to 50 mm as Minimal-Hand takes it, on STB, RHD, Dexter+Object and EgoDexter."""

BIHAND_MM = ThresholdGrid("BiHand", "mm", 20.0, 50.0, 20)
"""20 to 50 mm as BiHand takes it, on RHD and STB."""

FREIHAND_MM = ThresholdGrid("FreiHAND, HO-3D, DexYCB", "mm", 0.0, 50.0, 100)
"""0 to 5 cm in 100 steps: FreiHAND's scorer, of joints and of vertices, and those of HO-3D and DexYCB after it."""

MAX_ERROR_MM = ThresholdGrid("depth sets", "mm", 0.0, 80.0, 81)
"""Every millimetre to 80: the curve of frames by their worst joint, on NYU, ICVL and MSRA15."""

JOINT_GRIDS_MM = (HAND3D_MM, HAND3D_STB_MM, MINIMAL_HAND_MM, BIHAND_MM, FREIHAND_MM)
"""Over which 3D joints are scored."""
