# SPDX-License-Identifier: Apache-2.0
"""The one record every reader returns and every stage takes: a picture of a hand with whatever labels exist."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import Side

_SAFE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class HandSample:
    """One photograph or render. A label that does not exist is None; nothing is filled in.

    Pixel (0, 0) has its centre at (0.5, 0.5); the camera looks along +z with x right and y down.

    Raises:
        HandcraftError: a key that is not safe as a file name.
    """

    key: str
    """Unique in its data set; letters, digits, ``-`` and ``_`` only (a dot would end the name in a shard)."""
    image: Float[Tensor, "3 height width"]
    """RGB in [0, 1]."""
    source: str
    """What the picture is: "plain renders", "simulated photographs", "FreiHAND", a folder's name."""
    is_real: bool
    """True only for photographs taken by a camera."""
    subject: str
    """Person or rendered identity, for splits and intervals; the key itself when unknown."""
    side: Side | Literal["unknown"] = "unknown"
    """Which hand the pixels show."""
    mask: Bool[Tensor, "height width"] | None = None
    """True where the hand is seen, without its forearm; not where something hides it."""
    keypoints_px: Float[Tensor, "21 2"] | None = None
    """(x, y) in the order of ``handcraft.hand.skeleton.KEYPOINTS``; may lie outside the image."""
    confidence: Float[Tensor, " 21"] | None = None
    """0 to 1; 0 means not labelled."""
    visible: Bool[Tensor, " 21"] | None = None
    """By depth test."""
    joints_m: Float[Tensor, "21 3"] | None = None
    """Camera frame."""
    intrinsics: Float[Tensor, "3 3"] | None = None
    """Pixels; of a weak-perspective camera, which its set's configuration names, pixels per metre on the diagonal."""
    depth_m: Float[Tensor, "height width"] | None = None
    """Along the camera's z axis; 0 where nothing is."""
    parts: UInt8[Tensor, "height width"] | None = None
    """0 background, then ``handcraft.hand.skeleton.PARTS``, forearm, and what hides the hand (``OCCLUDER_ID``)."""
    normals: Float[Tensor, "3 height width"] | None = None
    """Unit, camera frame; 0 where nothing is."""
    sensed_depth_m: Float[Tensor, "height width"] | None = None
    """What a depth sensor beside the camera measured; 0 where it measured nothing."""
    flow_px: Float[Tensor, "2 height width"] | None = None
    """How far, right and down, what each pixel shows of the hand and its forearm has moved in the next frame; 0 off
    them. The last frame of a sequence has none."""
    angles_rad: Float[Tensor, " 22"] | None = None
    """Pose, in the order of ``handcraft.hand.anatomy.DOF_NAMES``; a left hand's are those of its mirror image."""
    shape: Float[Tensor, " parameter"] | None = None
    """Of the hand model: Anny's phenotypes, MANO's betas."""
    vertices_m: Float[Tensor, "vertex 3"] | None = None
    """The mesh, camera frame."""
    camera_from_hand: Float[Tensor, "4 4"] | None = None
    skin_tone: float | None = None
    """Place on the Monk scale, 0 light to 9 dark."""
    seed: int | None = None
    """With ``index`` and the set's configuration, what makes the sample again."""
    index: int | None = None
    sequence: int | None = None
    """Which motion the sample is a frame of; its frames have one subject, shape and skin."""
    frame: int | None = None
    """The place in its sequence, from 0."""

    def __post_init__(self) -> None:
        """Refuse a key that would not survive as a file name."""
        if not _SAFE_KEY.fullmatch(self.key):
            raise HandcraftError(f"Expected `key` to be letters, digits, '-' and '_' only, but got {self.key!r}.")


def safe_key(text: str) -> str:
    """``text`` with every character a key must not have replaced by ``_``."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)


@dataclass(frozen=True)
class HandBatch:
    """Samples of one image size, stacked. A label absent from any of them is absent here."""

    keys: tuple[str, ...]
    image: Float[Tensor, "batch 3 height width"]
    sources: tuple[str, ...]
    is_real: tuple[bool, ...]
    subjects: tuple[str, ...]
    sides: tuple[Side | Literal["unknown"], ...]
    mask: Bool[Tensor, "batch height width"] | None = None
    keypoints_px: Float[Tensor, "batch 21 2"] | None = None
    confidence: Float[Tensor, "batch 21"] | None = None
    visible: Bool[Tensor, "batch 21"] | None = None
    joints_m: Float[Tensor, "batch 21 3"] | None = None
    intrinsics: Float[Tensor, "batch 3 3"] | None = None
    depth_m: Float[Tensor, "batch height width"] | None = None
    parts: UInt8[Tensor, "batch height width"] | None = None
    normals: Float[Tensor, "batch 3 height width"] | None = None
    sensed_depth_m: Float[Tensor, "batch height width"] | None = None
    flow_px: Float[Tensor, "batch 2 height width"] | None = None
    angles_rad: Float[Tensor, "batch 22"] | None = None
    shape: Float[Tensor, "batch parameter"] | None = None
    vertices_m: Float[Tensor, "batch vertex 3"] | None = None
    camera_from_hand: Float[Tensor, "batch 4 4"] | None = None
    skin_tone: Float[Tensor, " batch"] | None = None
    seed: Int64[Tensor, " batch"] | None = None
    index: Int64[Tensor, " batch"] | None = None
    sequence: Int64[Tensor, " batch"] | None = None
    frame: Int64[Tensor, " batch"] | None = None

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.keys)


LABELS = tuple(field.name for field in dataclasses.fields(HandSample) if field.default is None)
"""The fields that may be None, by name."""


def collate(samples: Sequence[HandSample]) -> HandBatch:
    """Stack samples of one image size into a batch.

    Raises:
        HandcraftError: no samples, or pictures of different sizes.
    """
    if not samples:
        raise HandcraftError("Expected `samples` to hold at least one sample, but got none.")
    sizes = {tuple(sample.image.shape[-2:]) for sample in samples}
    if len(sizes) > 1:
        raise HandcraftError(f"Expected images of one size, but got {sorted(sizes)}; crop them first.")
    return HandBatch(
        keys=tuple(sample.key for sample in samples),
        image=torch.stack([sample.image for sample in samples]),
        sources=tuple(sample.source for sample in samples),
        is_real=tuple(sample.is_real for sample in samples),
        subjects=tuple(sample.subject for sample in samples),
        sides=tuple(sample.side for sample in samples),
        **{label: _stacked(samples, label) for label in LABELS},
    )


def _stacked(samples: Sequence[HandSample], label: str) -> Tensor | None:
    values = [getattr(sample, label) for sample in samples]
    if any(value is None for value in values):
        return None
    return torch.stack(values) if isinstance(values[0], Tensor) else torch.tensor(values)
