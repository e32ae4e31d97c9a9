# SPDX-License-Identifier: Apache-2.0
"""Pad images to the sizes a network can halve, and cut its answer back to the true size."""

from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Padding:
    """Pixels added on each side. The two halves differ by at most one pixel, so the image stays in the middle."""

    left: int
    right: int
    top: int
    bottom: int

    @classmethod
    def to_multiple(
        cls, images: Float[Tensor, "batch channels height width"], multiple: int, *, minimum: int = 1
    ) -> "Padding":
        """The smallest padding that brings both sides to a multiple of ``multiple`` and to at least ``minimum``."""
        height, width = images.shape[-2:]
        rows = _missing(height, multiple, minimum)
        columns = _missing(width, multiple, minimum)
        return cls(left=columns // 2, right=columns - columns // 2, top=rows // 2, bottom=rows - rows // 2)

    def add(self, images: Float[Tensor, "batch channels _ _"]) -> Float[Tensor, "batch channels _ _"]:
        """Repeat the border pixels outwards: no edge appears that the image does not have."""
        return F.pad(images, (self.left, self.right, self.top, self.bottom), mode="replicate")

    def remove(self, images: Float[Tensor, "batch channels _ _"]) -> Float[Tensor, "batch channels _ _"]:
        """The inverse of ``add``."""
        height, width = images.shape[-2:]
        return images[..., self.top : height - self.bottom, self.left : width - self.right]


def _missing(size: int, multiple: int, minimum: int) -> int:
    wanted = -(-max(size, minimum) // multiple) * multiple
    return wanted - size
