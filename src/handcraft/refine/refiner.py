# SPDX-License-Identifier: Apache-2.0
"""A trained refiner of any kind: renders in, the same hands looking photographed out, one image at a time in meaning.

In contrast to the thesis' refined data sets: what an image becomes depends on that image (its mask and number) alone,
not on the batch it was stored with; and everything needed to apply a refiner stands in its checkpoint.
"""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.files import sha256_of
from handcraft.networks import Padding
from handcraft.refine.kinds import KINDS
from handcraft.refine.translator import ExemplarTranslator, Given, Translator
from handcraft.training import Checkpoint, RunFolder, load_checkpoint


@dataclass(frozen=True)
class Refiner:
    """``refiner(images)`` for RGB in [0, 1] of any size; labels of the images stay true as far as the hand stays."""

    translator: Translator
    description: dict[str, Any]
    """Where it comes from, as JSON data: kind, steps, checkpoint_sha256, configuration, the frozen network that its
    discriminators looked through (``seen_through``), if they did, and the photograph whose style it paints in
    (``exemplar_sha256``, of the crop's pixels), if it is one's."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """Where the translator lies."""

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu") -> "Refiner":
        """The refiner of a run folder, or of a checkpoint file, whatever its kind.

        Raises:
            HandcraftError: no checkpoint there, or one that is damaged or of no refiner.
        """
        file = RunFolder.open(path).checkpoint if Path(path).is_dir() else Path(path)
        checkpoint = load_checkpoint(file, kind=tuple(KINDS))
        description = {
            "kind": checkpoint.kind,
            "steps": checkpoint.step,
            "checkpoint_sha256": sha256_of(file),
            "config": checkpoint.config,
        }
        if seen_through := checkpoint.state.get("learner", {}).get("seen_through"):
            description["seen_through"] = seen_through
        return cls(_opened(checkpoint, file).to(torch.device(device)), description, torch.device(device))

    @property
    def is_one_to_many(self) -> bool:
        """Whether one render has as many answers as it is given numbers; not in the style of one exemplar."""
        return KINDS[self.description["kind"]].is_one_to_many and "exemplar_sha256" not in self.description

    @torch.no_grad()
    def in_style_of(self, exemplar: Float[Tensor, "3 height width"]) -> "Refiner":
        """The same refiner, painting every render in the style of one photograph.

        Args:
            exemplar: RGB in [0, 1], cropped as the photographs it was trained on.

        Raises:
            HandcraftError: a refiner that has no styles.
        """
        if not isinstance(self.translator, ExemplarTranslator):
            raise HandcraftError(
                f"Expected a refiner of kind style to paint as an exemplar looks, but got one of kind "
                f"{self.description['kind']}; train one with --preset style."
            )
        pixels = (exemplar * 255).round().to(torch.uint8).cpu().contiguous().numpy().tobytes()
        described = self.description | {"exemplar_sha256": hashlib.sha256(pixels).hexdigest()}
        return replace(self, translator=self.translator.in_style_of(exemplar.to(self.device)), description=described)

    @torch.no_grad()
    def __call__(
        self,
        images: Float[Tensor, "batch 3 height width"],
        *,
        masks: Bool[Tensor, "_ _ _"] | None = None,
        numbers: Int64[Tensor, " batch"] | None = None,
        seed: int = 0,
        strength: float = 1.0,
    ) -> Float[Tensor, "batch 3 height width"]:
        """Refine images in [0, 1]; the answer is in [0, 1] and lies where ``images`` lies.

        Sizes the network cannot halve are padded by repeating border pixels, and cut back.

        Args:
            images: renders.
            masks: what is seen of the hand, where the refiner needs it.
            numbers: each image's own; what a one-to-many refiner draws depends on (seed, number) only. Places in the
                batch unless given.
            seed: of what is drawn.
            strength: 0 leaves renders as they are, 1 is the refiner's answer; for kinds with a slider.

        Raises:
            HandcraftError: masks of another size, masks that are needed and not given, or a strength it cannot have.
        """
        self._expect_fitting(images, masks)
        padding = Padding.to_multiple(images, self.translator.size_multiple, minimum=self.translator.size_minimum)
        given = Given(
            masks=None if masks is None else padding.add(masks[:, None].float())[:, 0].to(self.device) > 0.5,
            numbers=torch.arange(len(images)) if numbers is None else numbers,
            seed=seed,
            strength=strength,
        )
        refined = self.translator.translate(padding.add(images.to(self.device)), given)
        return padding.remove(refined).to(images.device)

    def _expect_fitting(self, images: Tensor, masks: Tensor | None) -> None:
        if masks is not None and (masks.shape[0], *masks.shape[1:]) != (images.shape[0], *images.shape[2:]):
            raise HandcraftError(
                f"Expected `masks` to be {len(images)} of {images.shape[-1]}x{images.shape[-2]} pixels, as the images, "
                f"but got {len(masks)} of {masks.shape[-1]}x{masks.shape[-2]}."
            )


def _opened(checkpoint: Checkpoint, file: Path) -> Translator:
    try:
        return KINDS[checkpoint.kind].translator_from(checkpoint)
    except (KeyError, TypeError, RuntimeError) as error:
        raise HandcraftError(f"Expected {file} to hold its refiner's weights; train again.") from error
