# SPDX-License-Identifier: Apache-2.0
"""Layers of a composed picture: hands with their forearms, bare forearms, patches, shapes; each with its opacity.

Colours are multiplied by opacity, so that reduced copies of a layer do not bleed.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from handcraft.estimate.finder.cutouts import WRIST, HandCutouts

MOST_HALVINGS = 3
SEAM_PX = 3.0
"""The drawn-out forearm begins so far, in pixels of the render, before the render's own ends, and lies below it."""
SLEEVE_WIDTH = 1.25
"""A sleeve is so much wider than the forearm in it."""


@dataclass(frozen=True)
class Layer:
    """Something laid over pictures, one row each."""

    colours: Float[Tensor, "n 3 size size"]
    """Times opacity."""
    opacity: Float[Tensor, "n 1 size size"]

    def over(self, pictures: Float[Tensor, "n 3 size size"]) -> Float[Tensor, "n 3 size size"]:
        """The pictures with this before them."""
        return pictures * (1 - self.opacity) + self.colours


@dataclass(frozen=True)
class Views:
    """How renders are laid into pictures: turned, mirrored, scaled and moved, one row each."""

    linear: Float[Tensor, "n 2 2"]
    """From render to picture: a rotation, in a mirror or not, times the scale."""
    offset_px: Float[Tensor, "n 2"]
    """Where the render's corner (0, 0) comes to lie."""

    @property
    def scale(self) -> Float[Tensor, " n"]:
        """Pixels of the picture per pixel of the render."""
        return torch.linalg.det(self.linear).abs().sqrt()

    def picture_from_render(self, points_px: Float[Tensor, "n point 2"]) -> Float[Tensor, "n point 2"]:
        """Where points of the render lie in the picture."""
        return points_px @ self.linear.mT + self.offset_px[:, None]

    def grid(self, size: int, side: int) -> Float[Tensor, "n {size} {size} 2"]:
        """For every pixel of a picture the place in a render of ``side``, from -1 to 1 as ``grid_sample`` has it."""
        inverse = 2 / side * torch.linalg.inv(self.linear)
        origin = -(inverse @ self.offset_px[..., None])[..., 0] - 1
        centres = torch.arange(size) + 0.5
        across, down = centres[:, None] * inverse[:, None, :, 0], centres[:, None] * inverse[:, None, :, 1]
        return down[:, :, None] + across[:, None] + origin[:, None, None]


def turned_views(turn_rad: Float[Tensor, " n"], mirrored: Bool[Tensor, " n"]) -> Float[Tensor, "n 2 2"]:
    """Rotations (clockwise as seen), of the mirror image where asked for."""
    cosine, sine = torch.cos(turn_rad), torch.sin(turn_rad)
    across = torch.where(mirrored, -1.0, 1.0)
    return torch.stack([torch.stack([cosine * across, -sine], -1), torch.stack([sine * across, cosine], -1)], -2)


@dataclass(frozen=True)
class Arms:
    """How forearms go on beyond their renders, one row each."""

    darkening: Float[Tensor, " n"]
    """Change of brightness over one side of the render."""
    sleeve_start_px: Float[Tensor, " n"]
    """Where a sleeve begins, in pixels of the render beyond the render's own forearm; infinity for bare arms."""
    sleeve: Float[Tensor, "n 3"]
    """Its colour."""


def hand_layers(
    hands: HandCutouts, views: Views, arms: Arms, size: int
) -> tuple[Layer, Layer, Float[Tensor, "n 1 size size"]]:
    """The drawn-out forearms, the hands to be laid over them, and where the hands without forearms are."""
    grid = views.grid(size, hands.pixels.shape[-1])
    opacity = hands.coverage[:, None].float() / 255
    textures = torch.cat([hands.pixels.float() / 255 * opacity, opacity, hands.hand[:, None].float()], 1)
    seen = sampled(textures, grid, views.scale)
    return arm_layer(hands, views, arms, grid), Layer(seen[:, :3], seen[:, 3:4]), seen[:, 4:] * seen[:, 3:4]


def arm_layer(
    hands: HandCutouts, views: Views, arms: Arms, grid: Float[Tensor, "n size size 2"], *, whole: bool = False
) -> Layer:
    """Forearms from where their renders end on; ``whole``: right across the picture, without a hand."""
    side = hands.pixels.shape[-1]
    place = (grid + 1) * (side / 2) - hands.keypoints_px[:, WRIST, None, None]
    dx, dy = hands.arm_direction[:, 0, None, None], hands.arm_direction[:, 1, None, None]
    beyond = place[..., 0] * dx + place[..., 1] * dy - hands.arm_start_px[:, None, None]
    across = place[..., 1] * dx - place[..., 0] * dy
    scale = views.scale[:, None, None]
    sleeved = ((beyond - arms.sleeve_start_px[:, None, None]) * scale + 0.5).clamp(0, 1)
    across = across / torch.lerp(torch.ones_like(sleeved), torch.full_like(sleeved, SLEEVE_WIDTH), sleeved)
    lookup = torch.stack([2 * across / side, torch.zeros_like(across)], -1)
    seen = sampled(hands.arm_profile[:, :, None].float() / 255, lookup, views.scale)
    shown = 1.0 if whole else ((beyond + SEAM_PX) * scale + 0.5).clamp(0, 1)[:, None]
    shade = (1 + arms.darkening[:, None, None] * beyond / side).clamp(0.4, 1.3)[:, None]
    grey = seen[:, :3].mean(1, keepdim=True)
    cloth = 1.6 * grey * arms.sleeve[..., None, None]
    colours = torch.lerp(seen[:, :3], cloth, sleeved[:, None])
    opacity = seen[:, 3:] * shown
    return Layer((colours * shade * shown).minimum(opacity), opacity)


def sampled(
    textures: Float[Tensor, "n channels height width"], grid: Float[Tensor, "n size size 2"], scale: Float[Tensor, " n"]
) -> Float[Tensor, "n channels size size"]:
    """Textures at the places of ``grid``, bilinear, from copies that are halved until no pixel is skipped."""
    halvings = torch.floor(-torch.log2(scale)).clamp(0, MOST_HALVINGS)
    result = textures.new_zeros(*textures.shape[:2], *grid.shape[1:3])
    left = torch.arange(len(scale))
    for level in range(MOST_HALVINGS + 1):
        if level:
            textures = F.avg_pool2d(textures[halvings[left] >= level], (min(2, textures.shape[2]), 2))
            left = left[halvings[left] >= level]
        here = halvings[left] == level
        if here.any():
            rows = left[here]
            result[rows] = F.grid_sample(textures[here], grid[rows], padding_mode="zeros", align_corners=False)
        if here.all():
            break
    return result


def patch_layer(
    pixels: UInt8[Tensor, "n 3 side side"], views: Views, centre_px: Float[Tensor, "n 2"],
    half_px: Float[Tensor, "n 2"], size: int,
) -> Layer:  # fmt: skip
    """Rectangles of renders, ``half_px`` wide and high to each side of a place in them."""
    side = pixels.shape[-1]
    grid = views.grid(size, side)
    inside = (half_px[:, None, None] - ((grid + 1) * (side / 2) - centre_px[:, None, None]).abs()).amin(-1)
    opacity = (inside * views.scale[:, None, None] + 0.5).clamp(0, 1)[:, None]
    return Layer(sampled(pixels.float() / 255, grid, views.scale) * opacity, opacity)


@dataclass(frozen=True)
class Shapes:
    """Ellipses (0), boxes (1) and rods with round ends (2), one row each."""

    kind: Int[Tensor, " n"]
    centre_px: Float[Tensor, "n 2"]
    half_px: Float[Tensor, "n 2"]
    turn_rad: Float[Tensor, " n"]
    colour: Float[Tensor, "n 3"]
    slope: Float[Tensor, " n"]
    """How much brighter one end is than the other, as a share."""


def shape_layer(shapes: Shapes, size: int) -> Layer:
    """Shapes of one colour each, lit from one end, with edges one pixel wide."""
    centres = torch.arange(size) + 0.5
    x = centres[None, None, :] - shapes.centre_px[:, 0, None, None]
    y = centres[None, :, None] - shapes.centre_px[:, 1, None, None]
    cosine, sine = torch.cos(shapes.turn_rad)[:, None, None], torch.sin(shapes.turn_rad)[:, None, None]
    u, v = x * cosine + y * sine, y * cosine - x * sine
    a, b = shapes.half_px[:, 0, None, None].clamp_min(0.5), shapes.half_px[:, 1, None, None].clamp_min(0.5)
    ellipse = (1 - torch.sqrt((u / a).square() + (v / b).square() + 1e-9)) * torch.minimum(a, b)
    box = torch.minimum(a - u.abs(), b - v.abs())
    rod = b - torch.sqrt((u.abs() - (a - b).clamp_min(0)).clamp_min(0).square() + v.square() + 1e-9)
    kind = shapes.kind[:, None, None]
    inside = torch.where(kind == 0, ellipse, torch.where(kind == 1, box, rod))
    opacity = (inside + 0.5).clamp(0, 1)[:, None]
    shade = 1 + shapes.slope[:, None, None] * (v / b).clamp(-1, 1)
    colours = (shapes.colour[..., None, None] * shade[:, None]).clamp(0, 1)
    return Layer(colours * opacity, opacity)
