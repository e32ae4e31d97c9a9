# SPDX-License-Identifier: Apache-2.0
"""RealHands, the photographs of GANerated Hands (Mueller et al., CVPR 2018): unlabelled hands before a green screen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.data.mask_refinement import refined_mask
from handcraft.data.pixels import read_photograph
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample, safe_key
from handcraft.errors import HandcraftError

Masks = Literal["refined", "stored"]


class RealHands:
    """A folder of recordings, each with ``color`` and ``mask``.

    - Layout: ``RECORDING/color/NAME_color.png`` and ``RECORDING/mask/NAME_mask.png`` (seed 002's code writes its own as
      ``NAME_mask.jpg``, which is taken where there is one). Recordings may lie in folders of folders.
    - Source and licence: handtracker.mpi-inf.mpg.de/projects/GANeratedHands; research only.
    - Counts: 7 people in 13 folders, 28,903 photographs in the paper; one user counted 49,332 with a mask.
    - Labels: none but masks. Which hand it is is not told. People are not told either: a recording stands for the
      subject, so one person may be two subjects.
    - Defects: the masks of the set have speckles and gaps and are not of two values, and JPEG smears others, so the
      darker half counts as background (``threshold``). Seed 002's code takes everything from 10 of 255 on, which adds
      JPEG's halo to the hand. It makes its masks anew: ``masks="refined"``.

    Args:
        folder: holds the recordings.
        masks: ``refined`` finds the hand in the photograph itself (``refined_mask``), ``stored`` reads the files.
        threshold: the least value of 255 that counts as hand in a stored mask.

    Raises:
        HandcraftError: no photographs, or a threshold that is no grey value. While iterating, photographs without a
            usable mask are listed in ``skipped`` with the reason.
    """

    def __init__(self, folder: Path, *, masks: Masks = "refined", threshold: int = 128) -> None:
        self.folder, self.masks = Path(folder), masks
        self.name, self.is_real = "RealHands", True
        self.skipped: list[SkippedFile] = []
        if not 1 <= threshold <= 255:
            raise HandcraftError(f"Expected `threshold` to be 1 to 255, but got {threshold}.")
        self._threshold = threshold / 255
        self._paths = sorted(self.folder.rglob("color/*_color.png"), key=Path.as_posix)
        if not self._paths:
            raise HandcraftError(f"Expected photographs like RECORDING/color/NAME_color.png in {folder}; found none.")

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[HandSample]:
        self.skipped = []
        for path in self._paths:
            try:
                yield self._sample(path)
            except HandcraftError as error:
                self.skipped.append(SkippedFile(path.relative_to(self.folder).as_posix(), str(error)))

    def _sample(self, path: Path) -> HandSample:
        image = read_photograph(path)
        recording = path.relative_to(self.folder).parent.parent
        subject = safe_key("_".join(recording.parts)) or "recording"
        return HandSample(
            key=f"{subject}-{safe_key(path.stem.removesuffix('_color'))}",
            image=image,
            source=self.name,
            is_real=True,
            subject=subject,
            mask=refined_mask(image) if self.masks == "refined" else self._stored_mask(path, image),
        )

    def _stored_mask(self, path: Path, image: Float[Tensor, "3 height width"]) -> Bool[Tensor, "height width"]:
        stem = path.parent.parent / "mask" / path.name.replace("_color.png", "_mask")
        found = [file for file in (stem.with_suffix(".jpg"), stem.with_suffix(".png")) if file.is_file()]
        if not found:
            raise HandcraftError(
                f"Expected a mask {stem.name}.png or .jpg beside it; there is none, try masks='refined'."
            )
        mask = read_photograph(found[0]).amax(dim=0) >= self._threshold
        if mask.shape != image.shape[1:]:
            sizes = f"{tuple(image.shape[1:])}, but it has {tuple(mask.shape)}"
            raise HandcraftError(f"Expected {found[0].name} to have the photograph's size {sizes}.")
        if not mask.any():
            raise HandcraftError(f"Expected a hand in {found[0].name}, but no pixel of it is above the threshold.")
        return mask


def is_realhands(folder: Path) -> bool:
    """Whether a folder has a recording with photographs and masks."""
    recordings = (path.parent for path in (*folder.glob("color"), *folder.glob("*/color"), *folder.glob("*/*/color")))
    return any((each / "mask").is_dir() and any((each / "color").glob("*_color.png")) for each in recordings)
