# SPDX-License-Identifier: Apache-2.0
"""From samples of any size to equal crops around the hand (Murphy, seed 000, sections on data preparation)."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from handcraft.data.crop import CropBox, hand_crop
from handcraft.data.label_crop import label_crop
from handcraft.data.mirror import mirrored
from handcraft.data.native_crop import drawn_native_crop, fixed_native_crop
from handcraft.data.prepared import PreparedSet
from handcraft.data.sample import HandSample
from handcraft.data.variance_crop import MURPHY_SCALE, centre_crop, variance_crop
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for

__all__ = [
    "HGAN_TEST",
    "HGAN_TRAINING",
    "KOMOROWICZ",
    "MURPHY_PHOTOGRAPHS",
    "MURPHY_RENDERS",
    "CropBox",
    "PreparedSet",
    "PreprocessConfig",
    "Segment",
    "crop_box",
    "hand_crop",
    "normalise_colour",
    "prepare",
]

Segment = Callable[[Float[Tensor, "batch 3 height width"]], Float[Tensor, "batch height width"]]
"""Mask probabilities of images in [0, 1]."""

_FLAT_CHANNEL_STD = 1e-5


@dataclass(frozen=True)
class PreprocessConfig:
    """How a sample becomes a crop.

    Raises:
        HandcraftError: a size, scale or fraction that makes no crop.
    """

    size: int = 64
    """Side of the crop in pixels."""
    crop: Literal["area", "variance", "centre", "native", "native-fixed", "labels"] = "area"
    """Where the square lies: ``area`` about the mask, by its area (``hand_crop``); ``variance`` by its variance, as the
    thesis' renders; ``centre`` in the middle of the picture, its shorter side over `crop_scale`, as its photographs;
    ``native`` at the picture's own scale about a drawn pixel of the hand and ``native-fixed`` about its centre, as seed
    002's for training and for tests; ``labels`` about the labelled keypoints, as seed 001's."""
    crop_scale: float = 2.1
    """Side of the square over the square root of the mask's area. The thesis' crops are about 1.75; they cut off
    fingertips of a hand that is spread. Native crops and those about labels have no scale."""
    crop_seed: int = 0
    """What ``native`` draws with: the crop of sample i depends on it and i only."""
    background: Literal["masked", "white", "kept"] = "masked"
    """``masked`` blackens everything outside the hand's mask, as seed 000 does, and ``white`` whitens it, as 002."""
    left_hands: Literal["mirrored", "kept"] = "mirrored"
    """``mirrored`` shows every left hand as the right hand in a mirror, so that a network need not know both; hands of
    unknown side stay as they are."""
    min_mask_fraction: float = 0.005
    """A mask with a smaller share of the picture has no hand in it; the sample is skipped and counted."""

    def __post_init__(self) -> None:
        """Refuse values that make no crop."""
        if self.size < 1:
            raise HandcraftError(f"Expected `size` to be at least 1, but got {self.size}.")
        if not 0 < self.crop_scale < math.inf:
            raise HandcraftError(f"Expected `crop_scale` to be above 0, but got {self.crop_scale}.")
        if not 0 <= self.min_mask_fraction < 1:
            raise HandcraftError(f"Expected `min_mask_fraction` to be in [0, 1), but got {self.min_mask_fraction}.")


MURPHY_RENDERS = PreprocessConfig(crop="variance", crop_scale=MURPHY_SCALE, left_hands="kept", min_mask_fraction=0.0)
"""Seed 000's crops of RHD."""
MURPHY_PHOTOGRAPHS = PreprocessConfig(crop="centre", crop_scale=2.0, left_hands="kept", min_mask_fraction=0.0)
"""Seed 000's crops of FreiHAND."""
HGAN_TRAINING = PreprocessConfig(size=128, crop="native", background="white", left_hands="kept")
"""Seed 002's crops of SynthHands and RealHands for training."""
HGAN_TEST = PreprocessConfig(size=256, crop="native-fixed", background="white", left_hands="kept")
"""Seed 002's crops of both for validation and test."""
KOMOROWICZ = PreprocessConfig(size=224, crop="labels", background="kept")
"""Seed 001's crops of the 11k Hands. It turns them by 180 degrees, for their hands hang down; a regressor can start
from a mean hand that hangs down too (``roll_deg``), which is the same."""


def crop_box(sample: HandSample, mask: Bool[Tensor, "height width"], config: PreprocessConfig, number: int) -> CropBox:
    """The square that ``config`` cuts out of sample ``number``, which shows a hand.

    Raises:
        HandcraftError: a mask without the hand, or beside whose hand there is nothing, for ``variance``; no labelled
            keypoint, for ``labels``.
    """
    match config.crop:
        case "area":
            return hand_crop(mask, config.crop_scale)
        case "variance":
            return variance_crop(mask, config.crop_scale)
        case "centre":
            return centre_crop(mask.shape[0], mask.shape[1], config.crop_scale)
        case "native":
            return drawn_native_crop(mask, config.size, generator_for(config.crop_seed, number))
        case "native-fixed":
            return fixed_native_crop(mask, config.size)
        case "labels":
            return label_crop(sample)


def normalise_colour(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Take the tint out of images: per image and channel z-score, sigmoid, then stretch to [0, 1] (seed 000).

    Every channel ends with the same statistics, so a positive gain and an offset of a channel change nothing. A
    channel of one value becomes 0. The background counts among the pixels, as in the thesis.
    """
    mean = images.mean(dim=(2, 3), keepdim=True)
    std = images.std(dim=(2, 3), keepdim=True, correction=0)
    squashed = torch.sigmoid((images - mean) / std.clamp(min=_FLAT_CHANNEL_STD))
    low, high = squashed.amin(dim=(2, 3), keepdim=True), squashed.amax(dim=(2, 3), keepdim=True)
    flat = std < _FLAT_CHANNEL_STD
    return torch.where(flat, 0.0, (squashed - low) / torch.where(flat, 1.0, high - low))


def prepare(samples: Iterable[HandSample], config: PreprocessConfig, *, segment: Segment | None = None) -> PreparedSet:
    """Crop every sample around its hand; memory holds the crops only, so ``samples`` may be a stream.

    Args:
        samples: of one source; sizes may differ.
        config: size and extent of the crops.
        segment: gives mask probabilities (a hand where above 0.5) for samples without a mask, one picture at a time.

    Where ``config`` says so, left hands are mirrored first; ``mirrored`` of the set tells which.

    A sample without keypoints among others with keypoints gets confidence 0. Keypoints that fall outside their crop
    keep coordinates and confidence.

    Raises:
        HandcraftError: no sample with a hand, samples of several sources, no mask and no ``segment``, or a mask of
            another size than its picture.
    """
    gathered = _Gathered()
    for number, original in enumerate(samples):
        gathered.check_source(original)
        is_mirrored = config.left_hands == "mirrored" and original.side == "left"
        sample = mirrored(original) if is_mirrored else original
        mask = _mask_of(sample, segment)
        _expect_one_size(sample, mask)
        if not _has_hand(mask, config):
            gathered.skipped += 1
        else:
            gathered.add(sample, mask, crop_box(sample, mask, config, number), config, is_mirrored=is_mirrored)
    return gathered.finish()


def _has_hand(mask: Bool[Tensor, "height width"], config: PreprocessConfig) -> bool:
    """Some hand, enough of it, and for a crop by the variance something else too."""
    is_cut = config.crop != "variance" or not mask.all()
    return bool(mask.any()) and is_cut and mask.float().mean().item() >= config.min_mask_fraction


def _mask_of(sample: HandSample, segment: Segment | None) -> Bool[Tensor, "height width"]:
    if sample.mask is not None:
        return sample.mask
    if segment is None:
        raise HandcraftError(f"Expected sample {sample.key!r} to have a mask; pass `segment` to find the hand in it.")
    with torch.no_grad():
        return segment(sample.image[None])[0].cpu() > 0.5


def _expect_one_size(sample: HandSample, mask: Bool[Tensor, "rows columns"]) -> None:
    if mask.shape != sample.image.shape[1:]:
        sizes = f"{tuple(sample.image.shape[1:])}, but got {tuple(mask.shape)}"
        raise HandcraftError(
            f"Expected the mask of sample {sample.key!r} to have its picture's size {sizes}; take both of one set."
        )


@dataclass
class _Gathered:
    """The crops so far."""

    samples: list[tuple[str, str]] = field(default_factory=list)
    source: tuple[str, bool] | None = None
    images: list[UInt8[Tensor, "3 size size"]] = field(default_factory=list)
    masks: list[Bool[Tensor, "size size"]] = field(default_factory=list)
    keypoints_px: list[Float[Tensor, "21 2"]] = field(default_factory=list)
    confidence: list[Float[Tensor, " 21"]] = field(default_factory=list)
    crops: list[tuple[float, float, float]] = field(default_factory=list)
    mirrored: list[bool] = field(default_factory=list)
    skipped: int = 0
    labelled: bool = False

    def check_source(self, sample: HandSample) -> None:
        self.source = self.source or (sample.source, sample.is_real)
        if self.source != (sample.source, sample.is_real):
            raise HandcraftError(
                f"Expected samples of one source, but got {self.source[0]!r} and {sample.source!r}; prepare each alone."
            )

    def add(
        self,
        sample: HandSample,
        mask: Bool[Tensor, "height width"],
        box: CropBox,
        config: PreprocessConfig,
        *,
        is_mirrored: bool,
    ) -> None:
        shown = sample.image if config.background == "kept" else sample.image * mask
        pixels, coverage = (box.resample(each, config.size).clamp(0, 1) for each in (shown, mask.float()[None]))
        if config.background == "white":
            pixels = pixels + (1 - coverage)  # of pixels the hand covers in part, the rest is white; so is the outside
        self.samples.append((sample.key, sample.subject))
        self.images.append((pixels.clamp(0, 1) * 255).round().to(torch.uint8))
        self.masks.append(coverage[0] > 0.5)
        self.mirrored.append(is_mirrored)
        self.crops.append((box.left_px, box.top_px, box.side_px))
        self._add_keypoints(sample, box, config.size)

    def _add_keypoints(self, sample: HandSample, box: CropBox, size: int) -> None:
        if sample.keypoints_px is None:
            self.keypoints_px.append(torch.zeros(21, 2))
            self.confidence.append(torch.zeros(21))
            return
        self.labelled = True
        self.keypoints_px.append(box.crop_from_image(sample.keypoints_px.double(), size).float())
        self.confidence.append(torch.ones(21) if sample.confidence is None else sample.confidence.float())

    def finish(self) -> PreparedSet:
        if self.source is None or not self.samples:
            name = f" of {self.source[0]}" if self.source else ""
            raise HandcraftError(
                f"Expected a sample with a hand, but found a hand in none of {self.skipped} pictures{name}; take other "
                "pictures, another segmenter or a lower `min_mask_fraction`."
            )
        return PreparedSet(
            keys=tuple(key for key, _ in self.samples),
            subjects=tuple(subject for _, subject in self.samples),
            source=self.source[0],
            is_real=self.source[1],
            images=torch.stack(self.images),
            masks=torch.stack(self.masks),
            keypoints_px=torch.stack(self.keypoints_px) if self.labelled else None,
            confidence=torch.stack(self.confidence) if self.labelled else None,
            crops=torch.tensor(self.crops),
            mirrored=torch.tensor(self.mirrored),
            skipped=self.skipped,
        )
