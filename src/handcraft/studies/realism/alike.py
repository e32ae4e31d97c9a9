# SPDX-License-Identifier: Apache-2.0
"""Both sides prepared alike, for what only one side went through tells them apart, not what the images show.

Traps that published figures fell into: JPEG on one side only, enlarging on one side only, crops of another extent.
"""

import dataclasses
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError
from handcraft.files import picture_paths

_JPEG_SUFFIXES = (".jpg", ".jpeg")
_ENLARGED = 1.1  # crops of a median side this many times smaller than their size show that they were enlarged


def expect_alike(photographs: PreparedSet, made: Mapping[str, PreparedSet]) -> None:
    """Refuse crops of different sizes.

    Raises:
        HandcraftError: the set that differs, with both sizes.
    """
    for name, each in made.items():
        if each.size != photographs.size:
            raise HandcraftError(
                f"Expected crops of {name} to have the photographs' {photographs.size} px, but got {each.size} px; "
                "cut both alike."
            )


def as_jpeg(prepared: PreparedSet, quality: int) -> PreparedSet:
    """Every crop as JPEG of ``quality`` leaves it: do it to both sides or to none.

    Raises:
        HandcraftError: a quality that is not from 1 to 95.
    """
    if not 1 <= quality <= 95:
        raise HandcraftError(f"Expected `jpeg` to be a quality from 1 to 95, but got {quality}.")
    compressed = []
    for image in prepared.images:
        buffer = io.BytesIO()
        Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()).save(buffer, "JPEG", quality=quality)
        compressed.append(torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1))
    return dataclasses.replace(prepared, images=torch.stack(compressed))


def jpeg_share(folder: Path) -> float:
    """The share of a data set's pictures that are JPEG; of shards, those of the first one; 0 where crops lie ready."""
    names = [path.name for path in picture_paths(folder)]
    for shard in sorted(folder.glob("*.tar"))[:1]:
        with tarfile.open(shard) as tar:
            names += [name for name in tar.getnames() if ".rgb." in name]
    jpegs = sum(name.lower().endswith(_JPEG_SUFFIXES) for name in names)
    return jpegs / len(names) if names else 0.0


def differences_in_preparation(
    photographs: PreparedSet, made: Mapping[str, PreparedSet], jpeg_shares: Mapping[str, float], *, compressed: bool
) -> list[str]:
    """What still tells the sides apart without any realism, in sentences.

    Args:
        photographs: real side; its share of JPEG files is ``jpeg_shares["photographs"]``.
        made: the other side.
        jpeg_shares: by set.
        compressed: whether both sides were compressed alike afterwards.
    """
    found = []
    real_share = jpeg_shares["photographs"]
    for name, each in made.items():
        if not compressed and abs(jpeg_shares[name] - real_share) > 0.5:
            found.append(
                f"{real_share:.0%} of the photographs are JPEG files, but {jpeg_shares[name]:.0%} of {name}: what "
                "compression left behind may tell them apart; compress both with --jpeg 75."
            )
        scales = [float(photographs.size / side) for side in (_side(photographs), _side(each))]
        if (scales[0] > _ENLARGED) != (scales[1] > _ENLARGED):
            found.append(
                f"Crops of the photographs were resampled by {scales[0]:.2f}, those of {name} by {scales[1]:.2f}: "
                "sharpness may tell them apart; choose a smaller --size."
            )
    return found


def _side(prepared: PreparedSet) -> float:
    """Median side of the crops in pixels of their pictures."""
    return float(prepared.crops[:, 2].median())
