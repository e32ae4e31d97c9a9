# SPDX-License-Identifier: Apache-2.0
"""Training crops of the hand network, cut from pictures and moved with all their labels.

A crop is a square about the box of the 21 keypoints, ``box_scale`` times as wide as the box is long, and turned: half
of them nearly so that the hand points up, as crops are once a first look has told the roll; half of them anyhow.
Some are beside the hand, for the network to say that none is there.
"""

import math
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError, expect_above, expect_at_least, expect_below_one
from handcraft.estimate.degrade import DegradeConfig, degrade
from handcraft.estimate.hand.examples import WRIST, HandExamples
from handcraft.hand.skeleton import KEYPOINTS

MIDDLE_MCP = KEYPOINTS.index("middle_mcp")
BLOTCHES = 4
"""Cells along a side of the colour fields that replace backdrops."""


@dataclass(frozen=True)
class HandCropConfig:
    """How crops lie about the hand, and how their look is changed.

    Raises:
        HandcraftError: values outside their range.
    """

    box_scale: float = 1.35
    """Side of the crop over the longer side of the box around the keypoints."""
    scale: float = 1.25
    """The crop's side is this many times larger or smaller, log-uniform."""
    shift: float = 0.1
    """Its centre lies off the box's by this share of the box's longer side, along each axis."""
    upright_share: float = 0.5
    """Share of crops in which the hand points up, within ``upright_deg``; the others are turned anyhow."""
    upright_deg: float = 40.0
    beside_share: float = 0.06
    """Share of crops that miss the hand."""
    backdrop_share: float = 0.35
    """Share of crops whose backdrop is replaced by one colour, a gradient or blotches."""
    cover_share: float = 0.15
    """Share of crops with a patch of one colour over part of the hand."""
    look: DegradeConfig = field(
        default_factory=lambda: DegradeConfig(
            colour=0.4, brightness=0.2, contrast=0.4, saturation=1.0, blur=0.7, noise=0.05
        )
    )
    """How far colours, sharpness and noise are changed."""

    def __post_init__(self) -> None:
        expect_above(1, box_scale=self.box_scale)
        expect_at_least(1, scale=self.scale)
        expect_at_least(0, shift=self.shift, upright_deg=self.upright_deg)
        for name in ("upright_share", "backdrop_share", "cover_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise HandcraftError(f"Expected `{name}` to be from 0 to 1, but got {getattr(self, name)}.")
        expect_below_one(beside_share=self.beside_share)

    @property
    def reach(self) -> float:
        """Side of the upright square that holds every crop about a hand, over the longer side of the hand's box."""
        return math.sqrt(2) * self.box_scale * self.scale + 2 * self.shift


@dataclass(frozen=True)
class HandCrops:
    """What one step trains on: the labels of ``HandExamples``, moved into the crop."""

    images: Float[Tensor, "n 3 side side"]
    labels: HandExamples
    """``keypoints_px`` in pixels of the crop, 3D turned with it; its pictures are those before."""
    present: Bool[Tensor, " n"]
    """False where the crop misses the hand."""

    def to(self, device: torch.device) -> "HandCrops":
        """The same on another device."""
        return HandCrops(self.images.to(device), self.labels.to(device), self.present.to(device))


@dataclass(frozen=True)
class CropPlaces:
    """Squares in pictures: their middle, side and turn (clockwise as seen, from the picture to the crop's up)."""

    centre_px: Float[Tensor, "n 2"]
    side_px: Float[Tensor, " n"]
    turn_rad: Float[Tensor, " n"]

    def picture_from_crop(self) -> Float[Tensor, "n 2 2"]:
        """What turns a direction in the crop into one in the picture."""
        cosine, sine = torch.cos(self.turn_rad), torch.sin(self.turn_rad)
        return torch.stack([torch.stack([cosine, -sine], -1), torch.stack([sine, cosine], -1)], -2)

    def keypoints_in_crop(self, points_px: Float[Tensor, "n joint 2"], size: int) -> Float[Tensor, "n joint 2"]:
        """Points of the picture in pixels of a crop resampled to ``size``."""
        turned = (points_px - self.centre_px[:, None]) @ self.picture_from_crop()
        return turned * (size / self.side_px)[:, None, None] + size / 2

    def resample(self, images: Float[Tensor, "n channels side side"], size: int) -> Float[Tensor, "n channels _ _"]:
        """The crops, bilinear; black outside the picture."""
        picture_px = images.shape[-1]
        linear = self.picture_from_crop() * (self.side_px / picture_px)[:, None, None]
        offset = 2 * self.centre_px / picture_px - 1
        theta = torch.cat([linear, offset[..., None]], -1)
        grid = F.affine_grid(theta, [len(images), 1, size, size], align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def hand_turns(keypoints_px: Float[Tensor, "n 21 2"], weights: Float[Tensor, "n 21"]) -> Float[Tensor, " n"]:
    """By how much hands are turned from pointing up (wrist to middle knuckle), clockwise as seen; 0 if unknown."""
    along = keypoints_px[:, MIDDLE_MCP] - keypoints_px[:, WRIST]
    is_known = (weights[:, MIDDLE_MCP] > 0) & (weights[:, WRIST] > 0)
    return torch.where(is_known, torch.atan2(along[:, 0], -along[:, 1]), 0.0)


def keypoint_boxes(
    keypoints_px: Float[Tensor, "n 21 2"], weights: Float[Tensor, "n 21"]
) -> tuple[Float[Tensor, "n 2"], Float[Tensor, " n"]]:
    """Centres and longer sides of the boxes around the keypoints whose weight is above 0."""
    is_known = weights[..., None] > 0
    low = torch.where(is_known, keypoints_px, torch.inf).amin(1)
    high = torch.where(is_known, keypoints_px, -torch.inf).amax(1)
    return (low + high) / 2, (high - low).amax(-1).clamp_min(1.0)


def hand_places(examples: HandExamples, config: HandCropConfig, *, generator: torch.Generator) -> CropPlaces:
    """Crops about the hands, as far off as a finder may be."""
    count = len(examples)
    centre_px, longer_px = keypoint_boxes(examples.keypoints_px, examples.keypoint_weights)
    turn_rad = hand_turns(examples.keypoints_px, examples.keypoint_weights)
    side_px = config.box_scale * longer_px * torch.exp(_signed(count, generator) * math.log(config.scale))
    offset = torch.stack([_signed(count, generator), _signed(count, generator)], -1) * config.shift
    is_upright = torch.rand(count, generator=generator) < config.upright_share
    off_rad = _signed(count, generator) * torch.where(is_upright, math.radians(config.upright_deg), math.pi)
    return CropPlaces(centre_px + offset * longer_px[:, None], side_px, turn_rad + off_rad)


def places_beside(count: int, picture_px: int, *, generator: torch.Generator) -> CropPlaces:
    """Small crops in the corners of pictures, where the hand seldom is."""
    corner = (torch.rand(count, 2, generator=generator) < 0.5).float()
    inwards = 0.2 * torch.rand(count, 2, generator=generator)
    centre_px = picture_px * (corner * (1 - inwards) + (1 - corner) * inwards)
    side_px = picture_px * (0.15 + 0.3 * torch.rand(count, generator=generator))
    return CropPlaces(centre_px, side_px, math.pi * _signed(count, generator))


def cut(examples: HandExamples, size: int, config: HandCropConfig, *, generator: torch.Generator) -> HandCrops:
    """One crop of every example, moved and recoloured; half of them in a mirror.

    No crop misses the hand of an example without a known pose: a photograph may show hands that nobody labelled.
    """
    count = len(examples)
    examples = examples.mirrored(torch.rand(count, generator=generator) < 0.5)
    about = hand_places(examples, config, generator=generator)
    beside = places_beside(count, examples.images.shape[-1], generator=generator)
    missing = (torch.rand(count, generator=generator) < config.beside_share) & examples.has_pose
    places = CropPlaces(
        torch.where(missing[:, None], beside.centre_px, about.centre_px),
        torch.where(missing, beside.side_px, about.side_px),
        torch.where(missing, beside.turn_rad, about.turn_rad),
    )
    seen = torch.cat([examples.images.float() / 255, examples.foreground[:, None].float()], 1)
    crops = places.resample(seen, size)
    images = _on_backdrops(crops[:, :3], crops[:, 3:], config.backdrop_share, generator=generator)
    images = degrade(images, config.look, generator=generator)
    images = _covered(images, config.cover_share, generator=generator)
    labels = _turned(examples, places, size)
    is_known = labels.keypoint_weights > 0
    inside = ((labels.keypoints_px > 0) & (labels.keypoints_px < size)).all(-1) & is_known
    return HandCrops(images, labels, inside.sum(-1) > is_known.sum(-1) // 3)


def _turned(examples: HandExamples, places: CropPlaces, size: int) -> HandExamples:
    """Labels as the crop shows them: 3D turns about the camera's axis."""
    crop_from_picture = torch.eye(3).repeat(len(examples), 1, 1)
    crop_from_picture[:, :2, :2] = places.picture_from_crop().mT
    return replace(
        examples,
        keypoints_px=places.keypoints_in_crop(examples.keypoints_px, size),
        joints_m=examples.joints_m @ crop_from_picture.mT,
        camera_from_hand=crop_from_picture @ examples.camera_from_hand,
    )


def _signed(count: int, generator: torch.Generator) -> Float[Tensor, " n"]:
    return 2 * torch.rand(count, generator=generator) - 1


def _on_backdrops(
    images: Float[Tensor, "n 3 side side"],
    foreground: Float[Tensor, "n 1 side side"],
    share: float,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "n 3 side side"]:
    """Some hands before one colour (often a light one), a gradient or blotches."""
    count, size = len(images), images.shape[-1]
    chosen = torch.rand(count, generator=generator) < share
    base = torch.rand(count, 3, 1, 1, generator=generator)
    light = torch.rand(count, 1, 1, 1, generator=generator) < 0.5
    base = torch.where(light, 0.75 + 0.25 * base, base)
    contrast = torch.rand(count, 1, 1, 1, generator=generator) * (torch.rand(count, 1, 1, 1, generator=generator) < 0.6)
    field = torch.rand(count, 3, BLOTCHES, BLOTCHES, generator=generator) - 0.5
    smooth = F.interpolate(field, size=(size, size), mode="bilinear", align_corners=False)
    backdrop = (base + contrast * smooth).clamp(0, 1)
    return torch.where(chosen[:, None, None, None], images * foreground + backdrop * (1 - foreground), images)


def _covered(
    images: Float[Tensor, "n 3 side side"], share: float, *, generator: torch.Generator
) -> Float[Tensor, "n 3 side side"]:
    """A patch of one colour over some, up to four tenths as wide as the crop."""
    count, size = len(images), images.shape[-1]
    middle = size * torch.rand(count, 2, generator=generator)
    half = size * (0.05 + 0.15 * torch.rand(count, 2, generator=generator))
    chosen = torch.rand(count, generator=generator) < share
    colour = torch.rand(count, 3, 1, 1, generator=generator)
    place = torch.arange(size) + 0.5
    across = (place - middle[:, :1]).abs() < half[:, :1]
    down = (place - middle[:, 1:]).abs() < half[:, 1:]
    covered = (down[:, :, None] & across[:, None] & chosen[:, None, None])[:, None]
    return torch.where(covered, colour, images)
