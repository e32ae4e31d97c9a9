# SPDX-License-Identifier: Apache-2.0
"""Refines plain pictures, one or a folder of them: same names, same formats, same sizes."""

from pathlib import Path

import torch

from handcraft.data import SkippedFile, open_picture, picture_files, write_picture
from handcraft.errors import HandcraftError
from handcraft.refine.refiner import Refiner


def refine_pictures(
    refiner: Refiner, source: Path, target: Path, *, seed: int = 0, strength: float = 1.0
) -> tuple[int, list[SkippedFile]]:
    """Refine the picture ``source``, or all pictures in that folder and below it, into the folder ``target``.

    Pictures may have any size and mode (``data.open_picture``); transparent pixels are no hand. One that cannot be read
    is left out and named.

    Returns:
        How many were written, and what was left out.

    Raises:
        HandcraftError: no picture there, a target that would write over its source, or a refiner that cannot do it.
    """
    files, written, skipped = picture_files(source), 0, []
    if any((Path(target) / file.name).resolve() == file.path.resolve() for file in files):
        raise HandcraftError(f"Expected `target` to be another folder than `source`, but {target} holds its pictures.")
    for number, file in enumerate(files):
        try:
            picture = open_picture(file.path)
        except HandcraftError as error:
            skipped.append(SkippedFile(str(file.path), str(error)))
            continue
        masks = None if picture.mask is None else picture.mask[None]
        numbers = torch.tensor([number])
        refined = refiner(picture.image[None], masks=masks, numbers=numbers, seed=seed, strength=strength)[0]
        (Path(target) / file.name).parent.mkdir(parents=True, exist_ok=True)
        write_picture(Path(target) / file.name, refined, like=file.path)
        written += 1
    return written, skipped
