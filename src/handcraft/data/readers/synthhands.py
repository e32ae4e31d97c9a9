# SPDX-License-Identifier: Apache-2.0
"""SynthHands (Mueller et al., ICCV 2017): rendered hands seen from the wearer's head, before a screen of one green."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.data.pixels import read_photograph
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample, safe_key
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS

Objects = Literal["without", "with", "both"]

FOLDERS: dict[Objects, tuple[str, ...]] = {
    "without": ("female_noobject", "male_noobject"),
    "with": ("female_object", "male_object"),
    "both": ("female_noobject", "female_object", "male_noobject", "male_object"),
}

_SCREEN = (14, 255, 14)
_COLOUR_FROM_DEPTH_M = (0.0247, -0.0000471401, 0.00372045)
_FOCAL_PX, _CENTRE_X_PX, _CENTRE_Y_PX = 617.173, 315.453, 242.259
_HALF_PIXEL_PX = 0.5


class SynthHands:
    """The folder ``SynthHands_Release``.

    - Layout: ``{female,male}_{noobject,object}/seq%02d/cam%02d/%02d/%08d_{color.png,joint_pos.txt}``; the ``depth.png``
      and ``color_on_depth.png`` beside them are another camera's and are not read. 640 x 480 px.
    - Source and licence: handtracker.mpi-inf.mpg.de/projects/OccludedHands; research only.
    - Counts: about 93,500 frames without an object and 92,200 with one (as users counted them).
    - Joints: ``joint_pos.txt`` is one line of 63 millimetres in our order, in the depth camera's frame; the colour
      camera sees them moved by (24.7, -0.047, 3.720) mm, unturned. Pixels are the projection by the colour camera's
      published numbers, which are an Intel camera's: they count from the first pixel's centre, so half a pixel is
      added. The set itself does not say how it counts.
    - Masks: what is not exactly the screen's (14, 255, 14), so they take in what there is of the arm. An object cannot
      be told from the hand by its colour: frames with one have no mask.
    - Sides: all left, as public readers of the set take it; its own pages were not at hand to check.
    - Subjects are not published. Frames of one ``seq`` show one motion from five cameras, so it stands for the subject:
      a split by frames would put nearly equal pictures on both sides.

    Args:
        folder: holds ``female_noobject`` and the others; those that are not there are passed over.
        objects: frames without an object (seed 002 takes those), with one, or both.

    Raises:
        HandcraftError: no such frames; while iterating, files that do not fit are listed in ``skipped``.
    """

    def __init__(self, folder: Path, *, objects: Objects = "without") -> None:
        self.folder = Path(folder)
        self.name, self.is_real = "SynthHands", False
        self.skipped: list[SkippedFile] = []
        found = (path for name in FOLDERS[objects] for path in (self.folder / name).glob("seq*/cam*/*/*_color.png"))
        self._paths = sorted(found, key=Path.as_posix)
        if not self._paths:
            looked_for = f"{FOLDERS[objects][0]}/seq01/cam01/01/00000000_color.png"
            raise HandcraftError(f"Expected pictures like {looked_for} in {self.folder}, but found none.")

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
        joints_m = _joints_m(path.with_name(path.name.replace("_color.png", "_joint_pos.txt")))
        kind, sequence, *_ = path.relative_to(self.folder).parts
        mask = None if kind.endswith("_object") else not_screen(image)
        if mask is not None and not mask.any():
            raise HandcraftError("Expected a hand before the screen, but every pixel is the screen's green.")
        return HandSample(
            key=safe_key("-".join(path.relative_to(self.folder).with_suffix("").parts).removesuffix("_color")),
            image=image,
            source=self.name,
            is_real=False,
            subject=sequence,
            side="left",
            mask=mask,
            keypoints_px=_projected_px(joints_m),
            joints_m=joints_m,
            intrinsics=_intrinsics(),
        )


def is_synthhands(folder: Path) -> bool:
    """Whether a folder has one of the set's four."""
    return any((folder / name / "seq01").is_dir() for name in FOLDERS["both"])


def not_screen(image: Float[Tensor, "3 height width"]) -> Bool[Tensor, "height width"]:
    """True where an 8-bit picture is not exactly the screen's green."""
    screen = torch.tensor(_SCREEN).to(image)[:, None, None]
    return ((image * 255).round() != screen).any(dim=0)


def _joints_m(path: Path) -> Float[Tensor, "21 3"]:
    """In the colour camera's frame."""
    try:
        numbers = [float(word) for word in path.read_text(encoding="utf-8").replace("\n", " ").strip(" ,").split(",")]
    except (OSError, ValueError) as error:
        raise HandcraftError(f"Expected 63 numbers parted by commas in {path.name}, but got: {error}.") from error
    in_depth_m = torch.tensor(numbers) / 1000
    if len(numbers) != 3 * len(KEYPOINTS) or not in_depth_m.isfinite().all():
        raise HandcraftError(
            f"Expected 63 finite numbers in {path.name}, but got {len(numbers)}; unpack the set again."
        )
    joints_m = in_depth_m.reshape(-1, 3) + torch.tensor(_COLOUR_FROM_DEPTH_M)
    if not (joints_m[:, 2] > 0).all():
        raise HandcraftError(f"Expected every joint of {path.name} before the camera, but one is behind it.")
    return joints_m


def _intrinsics() -> Float[Tensor, "3 3"]:
    centre_px = (_CENTRE_X_PX + _HALF_PIXEL_PX, _CENTRE_Y_PX + _HALF_PIXEL_PX)
    return torch.tensor([[_FOCAL_PX, 0.0, centre_px[0]], [0.0, _FOCAL_PX, centre_px[1]], [0.0, 0.0, 1.0]])


def _projected_px(joints_m: Float[Tensor, "21 3"]) -> Float[Tensor, "21 2"]:
    homogeneous = joints_m.double() @ _intrinsics().double().T
    return (homogeneous[:, :2] / homogeneous[:, 2:]).float()
