# SPDX-License-Identifier: Apache-2.0
"""What is in a composed picture beside hands: backdrops, faces, arms without hands, patches of renders, shapes.

Skin alone, an arm alone or a straight edge alone must not be taken for a hand; so all of them are here without one.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.estimate.finder.config import ComposedConfig
from handcraft.estimate.finder.cutouts import WRIST, HandCutouts
from handcraft.estimate.finder.layers import (
    Arms,
    Layer,
    Shapes,
    Views,
    arm_layer,
    patch_layer,
    shape_layer,
    turned_views,
)
from handcraft.scene.backdrop import BACKDROP_UNIFORMS, textured_backdrops
from handcraft.scene.skin import srgb_from_linear

BLENDED_SHARE = 0.4
"""Pictures that show two backdrops on either side of a line: a table and what is behind it."""
LIGHT_SHARE = 0.5
"""Even backdrops that are near white."""
PATCH_PX = (6.0, 16.0)
"""Half the side of a patch in pixels of a render of 128 px: never enough of a hand to be one."""
OF_RENDER_PX = 128


def uniform(generator: torch.Generator, *shape: int, low: float = 0.0, high: float = 1.0) -> Float[Tensor, "*shape"]:
    """Numbers from ``low`` to ``high``."""
    return low + (high - low) * torch.rand(shape, generator=generator)


def log_uniform(generator: torch.Generator, *shape: int, low: float, high: float) -> Float[Tensor, "*shape"]:
    """Numbers from ``low`` to ``high``, every factor as likely."""
    return torch.exp(uniform(generator, *shape, low=math.log(low), high=math.log(high)))


def backdrops(
    count: int, size: int, even_share: float, *, generator: torch.Generator
) -> Float[Tensor, "{count} 3 {size} {size}"]:
    """Backdrops in sRGB: textured as renders have them, or even ones with a gradient; some are two of them."""
    rows = torch.rand(count, sum(BACKDROP_UNIFORMS), generator=generator)
    pictures = srgb_from_linear(textured_backdrops(rows, size, size)).clamp(0, 1)
    even = torch.rand(count, generator=generator) < even_share
    pictures = torch.where(even[:, None, None, None], _even(count, size, generator=generator), pictures)
    across = _across(count, size, generator=generator) - uniform(generator, count, low=-0.7, high=0.7)[:, None, None]
    softness = log_uniform(generator, count, low=0.01, high=0.3)[:, None, None]
    beyond = (across / softness + 0.5).clamp(0, 1)[:, None]
    blended = (torch.rand(count, generator=generator) < BLENDED_SHARE)[:, None, None, None]
    return torch.where(blended, torch.lerp(pictures, pictures.roll(1, 0), beyond), pictures)


def _across(count: int, size: int, *, generator: torch.Generator) -> Float[Tensor, "count size size"]:
    """A coordinate from about -1 to 1 in any direction."""
    angle = uniform(generator, count, high=2 * math.pi)[:, None, None]
    place = torch.linspace(-1, 1, size)
    return place * torch.cos(angle) + place[:, None] * torch.sin(angle)


def _even(count: int, size: int, *, generator: torch.Generator) -> Float[Tensor, "count 3 size size"]:
    light = torch.rand(count, 1, generator=generator) < LIGHT_SHARE
    grey = uniform(generator, count, 1)
    grey = torch.where(light, 0.75 + 0.25 * grey, grey)
    tint = uniform(generator, count, 3, low=-0.5, high=0.5) * torch.where(light, 0.1, 1.0)
    colour = (grey + tint * uniform(generator, count, 1).square()).clamp(0, 1)
    slope = uniform(generator, count, low=-0.3, high=0.3) * uniform(generator, count)
    gradient = slope[:, None, None] * _across(count, size, generator=generator)
    return (colour[..., None, None] * (1 + gradient[:, None])).clamp(0, 1)


def with_distractors(
    pictures: Float[Tensor, "n 3 size size"], hands: HandCutouts, config: ComposedConfig, *, generator: torch.Generator
) -> Float[Tensor, "n 3 size size"]:
    """The pictures with up to ``config.distractors`` things of each kind in them, most often few."""
    pictures, size = pictures.clone(), pictures.shape[-1]
    for _ in range(config.distractors):
        for share, layers_of in DISTRACTORS:
            rows = (torch.rand(len(pictures), generator=generator) < share).nonzero()[:, 0]
            chosen = hands.rows(torch.randint(len(hands), (len(rows),), generator=generator))
            for layer in layers_of(chosen, size, generator):
                pictures[rows] = layer.over(pictures[rows])
    return pictures


def skin_or_any(hands: HandCutouts, skin_share: float, *, generator: torch.Generator) -> Float[Tensor, "n 3"]:
    """Colours of hands, a little lighter or darker, or any."""
    count = len(hands)
    skin = (hands.tone * log_uniform(generator, count, 1, low=0.7, high=1.4)).clamp(0, 1)
    return torch.where(torch.rand(count, 1, generator=generator) < skin_share, skin, uniform(generator, count, 3))


def _shapes(hands: HandCutouts, size: int, generator: torch.Generator) -> Shapes:
    count = len(hands)
    longer = size * log_uniform(generator, count, low=0.05, high=0.6)
    return Shapes(
        torch.randint(3, (count,), generator=generator),
        uniform(generator, count, 2, high=float(size)),
        torch.stack([longer, longer * uniform(generator, count, low=0.1)], -1),
        uniform(generator, count, high=math.pi),
        skin_or_any(hands, 0.5, generator=generator),
        uniform(generator, count, low=-0.5, high=0.5),
    )


def covering_shapes(hands: HandCutouts, size: int, *, generator: torch.Generator) -> Layer:
    """Smaller shapes of any colour, which may hide part of a hand."""
    shapes = _shapes(hands, size, generator)
    colour = uniform(generator, len(hands), 3)
    return shape_layer(replace(shapes, half_px=0.5 * shapes.half_px, colour=colour), size)


def _views_at(
    render_px: Float[Tensor, "n 2"], scale: Float[Tensor, " n"], size: int, generator: torch.Generator
) -> Views:
    """Renders turned and mirrored anyhow, with ``render_px`` anywhere in the picture."""
    count = len(scale)
    mirrored = torch.rand(count, generator=generator) < 0.5
    linear = turned_views(uniform(generator, count, high=2 * math.pi), mirrored) * scale[:, None, None]
    place_px = uniform(generator, count, 2, high=float(size))
    return Views(linear, place_px - (linear @ render_px[..., None])[..., 0])


def _any_shapes(hands: HandCutouts, size: int, generator: torch.Generator) -> list[Layer]:
    return [shape_layer(_shapes(hands, size, generator), size)]


def _patches(hands: HandCutouts, size: int, generator: torch.Generator) -> list[Layer]:
    count, side = len(hands), hands.pixels.shape[-1]
    share = side / OF_RENDER_PX
    half_px = uniform(generator, count, 2, low=PATCH_PX[0] * share, high=PATCH_PX[1] * share)
    centre_px = uniform(generator, count, 2, low=0.1 * side, high=0.9 * side)
    scale = size / side * log_uniform(generator, count, low=0.4, high=2.5)
    views = _views_at(centre_px, scale, size, generator)
    return [patch_layer(hands.pixels, views, centre_px, half_px, size)]


def any_arms(count: int, side: int, sleeve_share: float, *, generator: torch.Generator) -> Arms:
    """How forearms may go on."""
    start_px = uniform(generator, count, high=1.5 * side)
    bare = torch.rand(count, generator=generator) >= sleeve_share
    return Arms(
        uniform(generator, count, low=-0.4, high=0.2),
        torch.where(bare, torch.inf, start_px),
        uniform(generator, count, 3, low=0.1),
    )


def _bare_arms(hands: HandCutouts, size: int, generator: torch.Generator) -> list[Layer]:
    count, side = len(hands), hands.pixels.shape[-1]
    scale = size / side * log_uniform(generator, count, low=0.25, high=1.3)
    views = _views_at(hands.keypoints_px[:, WRIST], scale, size, generator)
    arms = any_arms(count, side, 0.2, generator=generator)
    return [arm_layer(hands, views, arms, views.grid(size, side), whole=True)]


def _faces(hands: HandCutouts, size: int, generator: torch.Generator) -> list[Layer]:
    """Heads: hair, a skin-coloured ellipse, two eyes and a mouth."""
    count = len(hands)
    radius = size * log_uniform(generator, count, low=0.06, high=0.35)
    centre = uniform(generator, count, 2, high=float(size))
    turn = uniform(generator, count, low=-0.5, high=0.5)
    up = torch.stack([torch.sin(turn), -torch.cos(turn)], -1)
    right = torch.stack([torch.cos(turn), torch.sin(turn)], -1)
    skin = skin_or_any(hands, 0.9, generator=generator)
    hair, dark = uniform(generator, count, 3, high=0.5), 0.4 * skin

    def ellipse(along: float, upwards: float, width: float, height: float, colour: Float[Tensor, "n 3"]) -> Layer:
        middle = centre + radius[:, None] * (along * right + upwards * up)
        half = radius[:, None] * torch.tensor([width, height])
        slope = uniform(generator, count, low=-0.2, high=0.2)
        kind = torch.zeros(count, dtype=torch.long)
        return shape_layer(Shapes(kind, middle, half, turn, colour, slope), size)

    return [
        ellipse(0.0, 0.35, 0.95, 1.15, hair),
        ellipse(0.0, 0.0, 0.78, 1.05, skin),
        ellipse(-0.3, 0.2, 0.14, 0.08, dark),
        ellipse(0.3, 0.2, 0.14, 0.08, dark),
        ellipse(0.0, -0.55, 0.28, 0.08, skin * torch.tensor([0.8, 0.5, 0.5])),
    ]


DISTRACTORS: tuple[tuple[float, Callable[[HandCutouts, int, torch.Generator], list[Layer]]], ...] = (
    (0.22, _any_shapes), (0.15, _patches), (0.06, _bare_arms), (0.08, _faces),
)  # fmt: skip
"""What stands behind hands, and in which share of pictures it is added at a time."""
