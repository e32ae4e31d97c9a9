# SPDX-License-Identifier: Apache-2.0
"""What every trained refiner does to images, whatever it was trained as: the seam between the kinds and ``Refiner``."""

from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

Moved = TypeVar("Moved")


@dataclass(frozen=True)
class Given:
    """What else a translation may need, image by image; on the images' device, padded as they are."""

    masks: Bool[Tensor, "batch height width"] | None
    """What is seen of the hand; None where the caller has no masks."""
    numbers: Int64[Tensor, " batch"]
    """Each image's own number: whatever a one-to-many refiner draws for it depends on ``(seed, number)`` only."""
    seed: int
    strength: float = 1.0
    """0 leaves the render as it is, 1 is the refiner's answer; kinds without a slider refuse anything but 1."""


@runtime_checkable
class Translator(Protocol):
    """A trained refiner's network and what surrounds it. An ``nn.Module`` in evaluation mode, as loaded.

    Its module also has ``translator_from(checkpoint) -> Translator``.
    """

    size_multiple: int
    """Heights and widths it can translate are multiples of this ..."""
    size_minimum: int
    """... and at least this; ``Refiner`` pads to it."""

    def translate(
        self, images: Float[Tensor, "batch 3 height width"], given: Given
    ) -> Float[Tensor, "batch 3 height width"]:
        """Refine images in [0, 1]; the answer is in [0, 1]. Called without gradients.

        Raises:
            HandcraftError: masks are needed and not given, or a strength it cannot have.
        """
        ...

    def to(self: Moved, device: torch.device) -> Moved:
        """Move to a device, as ``nn.Module`` does."""
        ...


@runtime_checkable
class ExemplarTranslator(Translator, Protocol):
    """One that can also paint as a photograph looks."""

    def in_style_of(self, exemplar: Float[Tensor, "3 height width"]) -> Translator:
        """The same network painting whatever it is given in the style of one photograph in [0, 1]."""
        ...
