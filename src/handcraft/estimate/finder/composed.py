# SPDX-License-Identifier: Apache-2.0
"""Whole pictures with no hand or several, composed of hands cut out of renders; and where the hands are.

A composed picture looks as a photograph does after it was fitted into a square: black beside it, and hands of either
side anywhere in it, with forearms that come from outside the picture.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from PIL import Image
from torch import Tensor

from handcraft.estimate.degrade import degrade
from handcraft.estimate.finder.config import SLOTS, ComposedConfig
from handcraft.estimate.finder.cutouts import WRIST, HandCutouts
from handcraft.estimate.finder.labels import SceneLabels
from handcraft.estimate.finder.layers import Views, hand_layers, turned_views
from handcraft.estimate.finder.surroundings import (
    any_arms,
    backdrops,
    covering_shapes,
    log_uniform,
    uniform,
    with_distractors,
)
from handcraft.hand.skeleton import KEYPOINTS

MIDDLE_MCP = KEYPOINTS.index("middle_mcp")
MOST_ASPECT = 2.0
SQUARE_SHARE = 0.15
SHARED_SIZE = (1.0, 0.65, 0.45)
"""How large hands may be where one, two or three share a picture, as a share of the largest size."""
SEEN_SHARE = 0.5
"""A hand of which less is seen is ignored."""
GONE_SHARE = 0.03
"""A hand of which less is seen is not there."""
TURNED_SHARE = 0.25
"""A hand whose palm is shorter in the picture than this share of its box turns by nothing much."""
JPEG_QUALITY = (25, 95)
SHADOW_CELL_PX = 4


@dataclass(frozen=True)
class ComposedScenes:
    """Pictures and what is to be found in them."""

    images: UInt8[Tensor, "scene 3 size size"]
    labels: SceneLabels


def compose(
    hands: HandCutouts, config: ComposedConfig, count: int, size: int, *, generator: torch.Generator
) -> ComposedScenes:
    """``count`` pictures of ``size`` px with hands out of ``hands``."""
    frames = _frames(count, size, generator=generator)
    pictures = backdrops(count, size, config.even_share, generator=generator)
    pictures = with_distractors(pictures, hands, config, generator=generator)
    numbers = torch.multinomial(torch.tensor(config.hands), count, replacement=True, generator=generator)
    scene = _Unfinished.without_hands(pictures)
    for slot in range(SLOTS):
        rows = (numbers > slot).nonzero()[:, 0]
        chosen = hands.rows(torch.randint(len(hands), (len(rows),), generator=generator))
        placed = _placed(chosen, frames[rows], numbers[rows], config, generator=generator)
        scene.add(slot, rows, chosen, placed, _with_hands(pictures[rows], chosen, placed.views, config, generator))
    _cover(scene, hands, config.cover_share, generator=generator)
    inside = _inside(frames, size)
    images = _photographed(scene.pictures, config, generator=generator) * inside
    labels = scene_labels(scene.keypoints_px, scene.seen_share(inside), frames)
    return ComposedScenes((images * 255).round().to(torch.uint8), labels)


@dataclass(frozen=True)
class _Unfinished:
    """Pictures that hands are laid into, slot by slot; its tensors are changed in place."""

    pictures: Float[Tensor, "scene 3 size size"]
    seen: Float[Tensor, "scene slot size size"]
    """How much of each hand every pixel shows."""
    whole_px: Float[Tensor, "scene slot"]
    """The hand's area if it were all seen."""
    keypoints_px: Float[Tensor, "scene slot 21 2"]

    @classmethod
    def without_hands(cls, pictures: Float[Tensor, "scene 3 size size"]) -> "_Unfinished":
        count, size = len(pictures), pictures.shape[-1]
        return cls(
            pictures,
            torch.zeros(count, SLOTS, size, size),
            torch.zeros(count, SLOTS),
            torch.zeros(count, SLOTS, len(KEYPOINTS), 2),
        )

    def add(self, slot: int, rows: Int[Tensor, " n"], hands: HandCutouts, placed: "_Placed", laid: "_Laid") -> None:
        """Hands of one slot, before all that is there already."""
        self.pictures[rows] = laid.pictures
        self.hide(rows, laid.opacity)
        self.seen[rows, slot] = laid.hand[:, 0]
        area_px = (hands.hand * hands.coverage).sum((1, 2)) / 255
        self.whole_px[rows, slot] = area_px * placed.views.scale.square()
        self.keypoints_px[rows, slot] = placed.keypoints_px

    def hide(self, rows: Int[Tensor, " n"], opacity: Float[Tensor, "n 1 size size"]) -> None:
        """Less is seen of what something was laid over."""
        self.seen[rows] = self.seen[rows] * (1 - opacity)

    def seen_share(self, inside: Float[Tensor, "scene 1 size size"]) -> Float[Tensor, "scene slot"]:
        """How much of each hand is seen in the end."""
        return (self.seen * inside).sum((2, 3)) / self.whole_px.clamp_min(1e-6)


def scene_labels(
    keypoints_px: Float[Tensor, "scene slot 21 2"],
    seen_share: Float[Tensor, "scene slot"],
    frames: Float[Tensor, "scene 4"],
) -> SceneLabels:
    """What follows from the keypoints, how much of each hand is seen, and where in the square the picture is."""
    boxes_px = torch.cat([keypoints_px.amin(2), keypoints_px.amax(2)], -1)
    palm = keypoints_px[:, :, MIDDLE_MCP] - keypoints_px[:, :, WRIST]
    longer_px = (boxes_px[..., 2:] - boxes_px[..., :2]).amax(-1)
    middle_px = (boxes_px[..., 2:] + boxes_px[..., :2]) / 2
    is_within = ((middle_px > frames[:, None, :2]) & (middle_px < frames[:, None, 2:])).all(-1)
    there = (seen_share >= SEEN_SHARE) & is_within
    return SceneLabels(
        boxes_px,
        torch.atan2(palm[..., 0], -palm[..., 1]),
        (palm.norm(dim=-1) / (TURNED_SHARE * longer_px).clamp_min(1e-6)).clamp(0, 1),
        there,
        (seen_share > GONE_SHARE) & ~there,
    )


@dataclass(frozen=True)
class _Placed:
    """Where chosen hands are laid."""

    views: Views
    keypoints_px: Float[Tensor, "n 21 2"]


def _placed(
    hands: HandCutouts, frames: Float[Tensor, "n 4"], numbers: Int[Tensor, " n"], config: ComposedConfig,
    *, generator: torch.Generator,
) -> _Placed:  # fmt: skip
    count = len(hands)
    mirrored = torch.rand(count, generator=generator) < 0.5
    linear = turned_views(uniform(generator, count, high=2 * math.pi), mirrored)
    turned_px = hands.keypoints_px @ linear.mT
    low, high = turned_px.amin(1), turned_px.amax(1)
    extent_px = (high - low).clamp_min(1.0)
    picture_px = frames[:, 2:] - frames[:, :2]
    smallest, largest = config.size
    most = (largest * torch.tensor(SHARED_SIZE)[numbers - 1]).clamp_min(smallest)
    size = smallest * (most / smallest) ** torch.rand(count, generator=generator)
    scale = size * picture_px.amax(-1) / extent_px.amax(-1)
    half_px = extent_px * scale[:, None] / 2
    room_px = (picture_px / 2 - half_px).clamp_min(0)
    sticks_out = torch.rand(count, 1, generator=generator) < config.outside_share
    room_px = torch.where(sticks_out, picture_px / 2, room_px)
    middle_px = (frames[:, 2:] + frames[:, :2]) / 2 + room_px * uniform(generator, count, 2, low=-1.0)
    views = Views(linear * scale[:, None, None], middle_px - (high + low) / 2 * scale[:, None])
    return _Placed(views, views.picture_from_render(hands.keypoints_px))


@dataclass(frozen=True)
class _Laid:
    """Pictures with hands of one slot."""

    pictures: Float[Tensor, "n 3 size size"]
    opacity: Float[Tensor, "n 1 size size"]
    """Of hands and forearms."""
    hand: Float[Tensor, "n 1 size size"]
    """Of hands alone."""


def _with_hands(
    pictures: Float[Tensor, "n 3 size size"], hands: HandCutouts, views: Views, config: ComposedConfig,
    generator: torch.Generator,
) -> _Laid:  # fmt: skip
    """The pictures with hands, forearms and their shadows."""
    count, size = len(pictures), pictures.shape[-1]
    arms = any_arms(count, hands.pixels.shape[-1], config.sleeve_share, generator=generator)
    arm, hand, mask = hand_layers(hands, views, arms, size)
    opacity = 1 - (1 - arm.opacity) * (1 - hand.opacity)
    shadowed = torch.rand(count, 1, 1, 1, generator=generator) < config.shadow_share
    depth = torch.where(shadowed, uniform(generator, count, 1, 1, 1, low=0.1, high=0.6), 0.0)
    pictures = pictures * (1 - depth * _shadow(opacity, generator=generator))
    return _Laid(hand.over(arm.over(pictures)), opacity, mask)


def _shadow(opacity: Float[Tensor, "n 1 size size"], *, generator: torch.Generator) -> Float[Tensor, "n 1 size size"]:
    """Blurred and moved aside, by one amount in a batch."""
    size = opacity.shape[-1]
    reach = size // SHADOW_CELL_PX // 10 + 1
    across, down = torch.randint(-reach, reach + 1, (2,), generator=generator).tolist()
    cells = F.avg_pool2d(opacity, SHADOW_CELL_PX)
    moved = F.pad(cells, (reach + across, reach - across, reach + down, reach - down), mode="replicate")
    blurred = F.avg_pool2d(moved, 3, stride=1, padding=1)[..., reach:-reach, reach:-reach]
    return F.interpolate(blurred, size=(size, size), mode="bilinear", align_corners=False)


def _cover(scene: _Unfinished, hands: HandCutouts, share: float, *, generator: torch.Generator) -> None:
    """Some pictures with a shape before everything."""
    rows = (torch.rand(len(scene.pictures), generator=generator) < share).nonzero()[:, 0]
    chosen = hands.rows(torch.randint(len(hands), (len(rows),), generator=generator))
    layer = covering_shapes(chosen, scene.pictures.shape[-1], generator=generator)
    scene.pictures[rows] = layer.over(scene.pictures[rows])
    scene.hide(rows, layer.opacity)


def _frames(count: int, size: int, *, generator: torch.Generator) -> Float[Tensor, "{count} 4"]:
    """Where in the square pictures of any aspect lie, in whole pixels; with black on both sides or on one."""
    aspect = log_uniform(generator, count, low=1 / MOST_ASPECT, high=MOST_ASPECT)
    aspect = torch.where(torch.rand(count, generator=generator) < SQUARE_SHARE, 1.0, aspect)
    extent_px = (size * torch.stack([aspect.clamp(max=1), (1 / aspect).clamp(max=1)], -1)).round()
    side = torch.randint(-1, 2, (count, 1), generator=generator)
    corner_px = ((size - extent_px) * (1 + side * (torch.rand(count, 1, generator=generator) < 0.5)) / 2).floor()
    return torch.cat([corner_px, corner_px + extent_px], -1)


def _inside(frames: Float[Tensor, "n 4"], size: int) -> Float[Tensor, "n 1 {size} {size}"]:
    """1 where the picture is, 0 beside it."""
    centres = torch.arange(size) + 0.5
    across = (centres > frames[:, :1]) & (centres < frames[:, 2:3])
    down = (centres > frames[:, 1:2]) & (centres < frames[:, 3:])
    return (down[:, :, None] & across[:, None])[:, None].float()


def _photographed(
    pictures: Float[Tensor, "n 3 size size"], config: ComposedConfig, *, generator: torch.Generator
) -> Float[Tensor, "n 3 size size"]:
    """Another camera's view: light, colour, sharpness, noise; some without colour, some compressed."""
    pictures = degrade(pictures.clamp(0, 1), config.degrade, generator=generator)
    grey = torch.rand(len(pictures), 1, 1, 1, generator=generator) < config.grey_share
    pictures = torch.where(grey, pictures.mean(1, keepdim=True), pictures)
    for row in (torch.rand(len(pictures), generator=generator) < config.jpeg_share).nonzero()[:, 0].tolist():
        quality = int(torch.randint(*JPEG_QUALITY, (), generator=generator))
        pictures[row] = _compressed(pictures[row], quality)
    return pictures


def _compressed(picture: Float[Tensor, "3 size size"], quality: int) -> Float[Tensor, "3 size size"]:
    pixels = (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as again:
        return torch.from_numpy(np.array(again)).permute(2, 0, 1).float() / 255
