# SPDX-License-Identifier: Apache-2.0
"""Backdrops cut out of the user's photographs: windows, as values that can be moved, over the pictures of a folder."""

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from PIL import Image, ImageOps
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.files import PICTURE_SUFFIXES, picture_paths
from handcraft.scene.skin import linear_from_srgb

WINDOW_UNIFORMS = 5

LARGEST_SIDE_PX = 1024
"""Larger pictures are halved while they are read until they would be smaller than this."""


@dataclass(frozen=True)
class BackdropConfig:
    """Which photographs stand behind the hands, and how much of one is seen."""

    folder: Path | None = None
    """Where they are: any folder, its subfolders included, or one in the layout of VOC2012 (`JPEGImages`)."""
    exclude: Path | None = None
    """A list of names to leave out, one a line. Where a number follows the name, as in VOC2012's
    `person_trainval.txt`, only names with 0 or 1 are left out: with that file no person stands behind a hand."""
    window: tuple[float, float] = (0.4, 1.0)
    """How much of a picture a window shows: from this share of its shorter side to that."""

    def __post_init__(self) -> None:
        if not 0 < self.window[0] <= self.window[1] <= 1:
            raise HandcraftError(f"Expected `window` to be two rising shares within 0 and 1, but got {self.window}.")


@dataclass(frozen=True)
class BackdropWindows:
    """One window per frame."""

    picture: Int[Tensor, " batch"]
    """Which file, in their sorted order."""
    centre: Float[Tensor, "batch 2"]
    """Where the window stands, across and down: 0 and 1 at the ends of what its size leaves it."""
    share: Float[Tensor, " batch"]
    """Its size, as a share of the largest window of its shape."""
    mirrored: Bool[Tensor, " batch"]

    def towards(self, centre: Float[Tensor, "batch 2"], progress: Float[Tensor, " batch"]) -> "BackdropWindows":
        """The same windows ``progress`` of the way to ``centre``: what a turning camera sees."""
        return replace(self, centre=torch.lerp(self.centre, centre, progress[:, None]))


def sample_windows(uniform: Float[Tensor, "batch 5"], pictures: int, config: BackdropConfig) -> BackdropWindows:
    """Windows of any place and size on any of so many ``pictures``."""
    picture = (uniform[:, 0].double() * pictures).long().clamp_max(pictures - 1)
    share = config.window[0] + (config.window[1] - config.window[0]) * uniform[:, 3]
    return BackdropWindows(picture, uniform[:, 1:3], share, uniform[:, 4] < 0.5)


class BackdropFolder:
    """The photographs of a folder, sorted by path. One that cannot be read is replaced by the next and listed.

    Raises:
        HandcraftError: a folder that is missing or has no picture; while cutting, one without a readable picture.
    """

    def __init__(self, config: BackdropConfig) -> None:
        self.folder = _picture_folder(config)
        excluded = _excluded_names(config.exclude)
        self.paths = tuple(path for path in picture_paths(self.folder) if path.stem not in excluded)
        if not self.paths:
            raise HandcraftError(
                f"Expected pictures ({' '.join(PICTURE_SUFFIXES)}) for backdrops in {self.folder}, but found none"
                f"{' that are not excluded' if excluded else ''}; name a folder with photographs."
            )
        self.skipped: set[Path] = set()

    @property
    def fingerprint(self) -> str:
        """Changes when a file is added, taken away, renamed or replaced by one of another length."""
        lines = (f"{path.as_posix()} {(self.folder / path).stat().st_size}\n" for path in self.paths)
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def cut(self, windows: BackdropWindows, height_px: int, width_px: int) -> Float[Tensor, "batch 3 height width"]:
        """What the windows show, in linear light."""
        cuts = [
            _cut(self._readable(int(picture)), centre.tolist(), float(share), height_px, width_px)
            for picture, centre, share in zip(windows.picture, windows.centre, windows.share, strict=True)
        ]
        linear = linear_from_srgb(torch.arange(256) / 255)
        light = linear[torch.from_numpy(np.stack(cuts)).long()].permute(0, 3, 1, 2)
        return torch.where(windows.mirrored[:, None, None, None], light.flip(-1), light).contiguous()

    def _readable(self, picture: int) -> Image.Image:
        """That picture, or the first after it that can be read."""
        for step in range(len(self.paths)):
            path = self.paths[(picture + step) % len(self.paths)]
            if path not in self.skipped:
                try:
                    return _decoded(self.folder / path)
                except Exception:  # Pillow's decoders raise nearly every type of error on damaged files
                    self.skipped.add(path)
        raise HandcraftError(
            f"Expected pictures that can be read in {self.folder}, but none of its {len(self.paths)} can, such as "
            f"{self.paths[0].as_posix()}; copy them again or name another folder."
        )


@lru_cache(maxsize=4)
def backdrop_folder(config: BackdropConfig) -> BackdropFolder:
    """The folder, listed once in each process."""
    return BackdropFolder(config)


def _picture_folder(config: BackdropConfig) -> Path:
    if config.folder is None:
        raise HandcraftError("Expected `folder` of the backdrops to be named, but got none; name one with photographs.")
    if not config.folder.is_dir():
        raise HandcraftError(
            f"Expected {config.folder} to be a folder of photographs, but there is no such folder; name another."
        )
    of_voc = config.folder / "JPEGImages"
    return of_voc if of_voc.is_dir() else config.folder


def _excluded_names(exclude: Path | None) -> frozenset[str]:
    if exclude is None:
        return frozenset()
    try:
        lines = [line.split() for line in exclude.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise HandcraftError(f"Expected {exclude} to be a list of names, but it cannot be read: {error}.") from error
    return frozenset(Path(name).stem for name, *label in lines if not label or label[0] in ("0", "1"))


@lru_cache(maxsize=16)
def _decoded(path: Path) -> Image.Image:
    """The picture as sRGB, upright and of a moderate size."""
    with Image.open(path) as opened:
        opened.draft("RGB", (LARGEST_SIDE_PX, LARGEST_SIDE_PX))  # a JPEG is read at a half, a quarter or an eighth
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    shrink = max(upright.size) // LARGEST_SIDE_PX
    return upright.reduce(shrink) if shrink > 1 else upright


def _cut(picture: Image.Image, centre: list[float], share: float, height_px: int, width_px: int) -> np.ndarray:
    scale = share * min(picture.width / width_px, picture.height / height_px)
    width, height = scale * width_px, scale * height_px
    left, top = centre[0] * (picture.width - width), centre[1] * (picture.height - height)
    box = (left, top, min(left + width, picture.width), min(top + height, picture.height))
    return np.asarray(picture.resize((width_px, height_px), Image.Resampling.BILINEAR, box=box))
