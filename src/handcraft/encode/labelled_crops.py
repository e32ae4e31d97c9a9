# SPDX-License-Identifier: Apache-2.0
"""Crops of rendered hands with what the hand encoder learns from: parts, pose, view, skin tone and look.

Crops are those of ``handcraft.data.prepare``, blackened around the hand, with how much of each pixel the hand covers:
another backdrop can be put behind it.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from handcraft.data import HandSample, PreprocessConfig, hand_crop
from handcraft.data.mirror import mirrored
from handcraft.data.rendered import RenderedSet
from handcraft.errors import HandcraftError
from handcraft.hand.anatomy import joint_limits_rad
from handcraft.scene import Look, SceneConfig

RENDER_PX = 128
DARKEST_TONE = 9.0
"""Of the Monk scale."""


@dataclass(frozen=True)
class LabelledCrops:
    """``n`` crops of ``s`` by ``s`` pixels, every hand shown as a right one."""

    images: UInt8[Tensor, "n 3 s s"]
    """Black around the hand."""
    coverage: UInt8[Tensor, "n s s"]
    """How much of a pixel is hand: 0 to 255."""
    parts: UInt8[Tensor, "n s s"]
    """1 to 20 on the hand; 0 elsewhere, on forearm and occluder too."""
    pose: Float[Tensor, "n 22"]
    """Angles, each from -1 to 1 over the joint's range."""
    view: Float[Tensor, "n 6"]
    """The hand's x and y axis as the camera sees them."""
    tone: Float[Tensor, " n"]
    """From -1 (light) to 1 (dark); 0 where the look has no human skin."""
    is_photographic: Bool[Tensor, " n"]

    def __len__(self) -> int:
        """The number of crops."""
        return len(self.images)

    @staticmethod
    def joined(sets: Sequence["LabelledCrops"]) -> "LabelledCrops":
        """All crops of ``sets``, one after another.

        Raises:
            HandcraftError: no sets.
        """
        if not sets:
            raise HandcraftError("Expected `sets` to hold crops, but got none.")
        names = [field.name for field in dataclasses.fields(LabelledCrops)]
        return LabelledCrops(**{name: torch.cat([getattr(each, name) for each in sets]) for name in names})


def render_labelled_crops(look: Look, count: int, *, seed: int, size: int = 64, workers: int = 1) -> LabelledCrops:
    """``count`` rendered hands of ``look``, less those too small to be seen; the same ones for any ``workers``.

    Raises:
        HandcraftError: a count below 1, or no hand that can be seen.
    """
    rendered = RenderedSet(SceneConfig(look=look, size_px=RENDER_PX), seed, count, workers=workers)
    return LabelledCrops.joined([each for each in rendered.map_batches(partial(_cropped, size=size)) if len(each)])


def _cropped(samples: list[HandSample], size: int) -> LabelledCrops:
    config = PreprocessConfig(size=size)
    seen = [sample for sample in samples if _is_seen(sample, config)]
    right = [mirrored(sample) if sample.side == "left" else sample for sample in seen]
    rows = [_row(sample, config) for sample in right]
    names = [field.name for field in dataclasses.fields(LabelledCrops)]
    if not rows:
        return _none(size)
    return LabelledCrops(**{name: torch.stack([row[name] for row in rows]) for name in names})


def _is_seen(sample: HandSample, config: PreprocessConfig) -> bool:
    return sample.mask is not None and sample.mask.float().mean().item() >= config.min_mask_fraction


def _row(sample: HandSample, config: PreprocessConfig) -> dict[str, Tensor]:
    assert sample.mask is not None
    assert sample.parts is not None
    assert sample.angles_rad is not None
    assert sample.camera_from_hand is not None
    box = hand_crop(sample.mask, config.crop_scale)
    lowest, highest = joint_limits_rad()
    pixels = box.resample(sample.image * sample.mask, config.size)
    coverage = box.resample(sample.mask.float()[None], config.size)[0]
    tone = 0.0 if sample.skin_tone is None else 2 * sample.skin_tone / DARKEST_TONE - 1
    parts = (sample.parts * sample.mask).float()[None]
    return {
        "images": _bytes(pixels),
        "coverage": _bytes(coverage),
        "parts": box.resample(parts, config.size, "nearest")[0].to(torch.uint8),
        "pose": 2 * (sample.angles_rad - lowest) / (highest - lowest) - 1,
        "view": sample.camera_from_hand[:3, :2].T.reshape(6),
        "tone": torch.tensor(tone),
        "is_photographic": torch.tensor(sample.skin_tone is not None),
    }


def _bytes(values: Float[Tensor, "*shape"]) -> UInt8[Tensor, "*shape"]:
    return (values.clamp(0, 1) * 255).round().to(torch.uint8)


def _none(size: int) -> LabelledCrops:
    return LabelledCrops(
        images=torch.zeros(0, 3, size, size, dtype=torch.uint8),
        coverage=torch.zeros(0, size, size, dtype=torch.uint8),
        parts=torch.zeros(0, size, size, dtype=torch.uint8),
        pose=torch.zeros(0, 22),
        view=torch.zeros(0, 6),
        tone=torch.zeros(0),
        is_photographic=torch.zeros(0, dtype=torch.bool),
    )
