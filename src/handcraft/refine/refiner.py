# SPDX-License-Identifier: Apache-2.0
"""A trained refiner: renders in, the same hands looking photographed out, one image at a time in meaning.

In contrast to the thesis' refined data sets: what an image becomes depends on that image alone, not on the batch it
was stored with; and everything needed to apply a refiner stands in its checkpoint.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.networks import Padding
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.cyclegan import CycleGANLearner
from handcraft.refine.networks import SIZE_MINIMUM, SIZE_MULTIPLE, CycleGenerator
from handcraft.refine.range import RenderedInput, generator_input, unit_from_signed
from handcraft.training import RunFolder, load_checkpoint


@dataclass(frozen=True)
class Refiner:
    """``refiner(images)`` for RGB in [0, 1] of any size; labels of the images stay true as far as the hand stays."""

    photographed_from_rendered: CycleGenerator
    input: RenderedInput
    """What is done to renders first; as in training."""
    description: dict[str, Any]
    """Where it comes from, as JSON data: kind, steps, checkpoint_sha256, configuration."""

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu") -> "Refiner":
        """The refiner of a run folder, or of a checkpoint file.

        Raises:
            HandcraftError: no checkpoint there, or one that is damaged or of another kind.
        """
        file = RunFolder.open(path).checkpoint if Path(path).is_dir() else Path(path)
        checkpoint = load_checkpoint(file, kind=CycleGANLearner.kind)
        config = CycleGANConfig.from_recorded(checkpoint.config)
        generator = config.generator()
        try:
            generator.load_state_dict(checkpoint.state["learner"]["average"])
        except (KeyError, TypeError, RuntimeError) as error:
            raise HandcraftError(f"Expected {file} to hold its refiner's weights; train again.") from error
        description = {
            "kind": checkpoint.kind,
            "steps": checkpoint.step,
            "checkpoint_sha256": _sha256(file),
            "config": checkpoint.config,
        }
        return cls(generator.to(device).requires_grad_(False), config.input, description)

    @torch.no_grad()
    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Refine images in [0, 1]; the answer is in [0, 1] and lies where ``images`` lies.

        Sizes the generator cannot halve twice are padded by repeating border pixels, and cut back.
        """
        padding = Padding.to_multiple(images, SIZE_MULTIPLE, minimum=SIZE_MINIMUM)
        device = next(self.photographed_from_rendered.parameters()).device
        padded = padding.add(generator_input(images.to(device), self.input))
        return unit_from_signed(padding.remove(self.photographed_from_rendered(padded))).to(images.device)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
