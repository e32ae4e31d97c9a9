# SPDX-License-Identifier: Apache-2.0
"""Skin: flat and matte for the synthetic source, or toned over the whole human range with creases and nails."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

MONK_SRGB = (
    (246, 237, 228), (243, 231, 219), (247, 234, 208), (234, 218, 186), (215, 189, 150),
    (160, 126, 86), (130, 92, 67), (96, 65, 52), (58, 49, 42), (41, 36, 32),
)  # fmt: skip
"""The ten tones of the Monk skin tone scale (Monk 2019; open licence), sRGB 0 to 255, light to dark."""

PLAIN_SRGB = (224, 172, 138)
"""The one flat skin of the ``plain`` look."""

PLAIN_MONK = 4.0
"""The place on the Monk scale next to it."""

DETAIL_UNIFORMS = 6

_SRGB_BEND = 0.0031308
"""Linear light up to which the transfer curve is straight."""


@dataclass(frozen=True)
class SkinConfig:
    """Which details photographic skin has; taking one away changes nothing else."""

    creases: bool = True
    veins: bool = True
    nails: bool = True
    hair: bool = True
    freckles: bool = True
    spots: bool = True
    """Age spots."""
    mottling: bool = True
    """Blotches and grain."""
    blood: bool = True
    """What shows through of it on the back, most on light skin and over the joints."""


@dataclass(frozen=True)
class Skin:
    """What the skin of each frame is like; colours are linear-light reflectances."""

    tone: Float[Tensor, "batch 3"]
    palm_tone: Float[Tensor, "batch 3"]
    nail_tone: Float[Tensor, "batch 3"]
    hair_tone: Float[Tensor, "batch 3"]
    monk: Float[Tensor, " batch"]
    """Place on the Monk scale: 0 lightest, 9 darkest."""
    mottling: Float[Tensor, " batch"]
    """Strength of blotches and grain."""
    crease: Float[Tensor, " batch"]
    """How dark the lines at the joints and in the palm are: 0 none, 1 black."""
    bump: Float[Tensor, " batch"]
    """How rough the surface is: added to the unit normal."""
    gloss: Float[Tensor, " batch"]
    sharpness: Float[Tensor, " batch"]
    """Exponent of the highlight."""
    nail: Float[Tensor, " batch"]
    """How much of the nails shows: 0 none, 1 all."""
    lunula: Float[Tensor, " batch"]
    """How pale the nails' moons and free edges are; polish hides both."""
    vein: Float[Tensor, " batch"]
    hair: Float[Tensor, " batch"]
    """On the back of hand, fingers and forearm."""
    freckles: Float[Tensor, " batch"]
    spots: Float[Tensor, " batch"]
    blood: Float[Tensor, " batch"]
    """How much of it colours the back: 0 the tone as the scale prints it, 1 that of light skin."""
    textured: bool


def linear_from_srgb(srgb: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Undo the sRGB transfer curve (IEC 61966-2-1); values in [0, 1]."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The sRGB transfer curve (IEC 61966-2-1); values in [0, 1]."""
    return srgb_from_linear_(linear.clone())


def srgb_from_linear_(light: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """:func:`srgb_from_linear` in place.

    A power as exp2 of a multiple of log2, and the straight part as what is missing below the curve's start: the same to
    a ten-millionth, in half the time of ``pow`` and ``where``.
    """
    straight = light.clamp_max(_SRGB_BEND)
    light.clamp_min_(_SRGB_BEND).log2_().mul_(1 / 2.4).exp2_().mul_(1.055)
    return light.add_(straight, alpha=12.92).sub_(0.055 + 12.92 * _SRGB_BEND)


def plain_skin(count: int) -> Skin:
    """One flat, matte skin for all frames."""
    tone = linear_from_srgb(torch.tensor(PLAIN_SRGB) / 255).expand(count, 3)
    none = torch.zeros(count)
    return Skin(
        tone, tone, tone, tone, none + PLAIN_MONK,
        mottling=none, crease=none, bump=none, gloss=none, sharpness=none + 1,
        nail=none, lunula=none, vein=none, hair=none, freckles=none, spots=none, blood=none,
        textured=False,
    )  # fmt: skip


def sample_skin(uniform: Float[Tensor, "batch 10"], detail: Float[Tensor, "batch 6"], config: SkinConfig) -> Skin:
    """Skins over the whole Monk scale, evenly; each row of ``uniform`` and ``detail`` makes one.

    Palms hold little melanin: on dark skin they are far lighter than the back of the hand. Freckles show on light skin,
    and so does blood, without which the scale's lightest tones, which are nearly grey, look like plaster.
    """
    # The scale's colours are those of photographed skin; its lightest reflect less than the page they are printed on.
    scale = linear_from_srgb(torch.tensor(MONK_SRGB) / 255) * 0.72
    monk = uniform[:, 0] * (len(MONK_SRGB) - 1)
    lower = monk.floor().long().clamp_max(len(MONK_SRGB) - 2)
    tone = torch.lerp(scale[lower], scale[lower + 1], (monk - lower)[:, None])
    warmth = 1 + 0.16 * (uniform[:, 1:2] - 0.5) * torch.tensor([1.0, 0.0, -1.0])
    tone = tone * warmth
    lightness = tone.mean(1, keepdim=True)
    light = (2 * lightness[:, 0]).clamp(0, 1)
    tan, pink = linear_from_srgb(torch.tensor([[226.0, 165.0, 128.0], [232.0, 172.0, 155.0]]) / 255)
    pale = torch.lerp(tan, pink, light[:, None])  # what palms tend to, on dark hands and on light ones
    palm_tone = torch.lerp(tone, pale * (0.35 + 0.9 * lightness.sqrt()), 0.6 + 0.25 * uniform[:, 2:3])
    nail_tone = torch.lerp(palm_tone, torch.tensor([0.75, 0.55, 0.5]), 0.2 + 0.3 * uniform[:, 3:4])
    polish, polished = linear_from_srgb(uniform[:, 7:10]), uniform[:, 3] > 0.9
    dark_hair, fair_hair = torch.tensor([0.02, 0.014, 0.01]), torch.tensor([0.38, 0.27, 0.15])
    on = {name: float(getattr(config, name)) for name in config.__dataclass_fields__}
    return Skin(
        tone,
        palm_tone,
        torch.where(polished[:, None], polish, nail_tone),
        torch.lerp(dark_hair, fair_hair, (light * detail[:, 2])[:, None].square()),
        monk,
        mottling=on["mottling"] * (0.08 + 0.22 * uniform[:, 4]),
        crease=on["creases"] * (0.15 + 0.35 * uniform[:, 5]),
        bump=0.1 + 0.25 * uniform[:, 6],
        gloss=0.02 + 0.1 * uniform[:, 7],
        sharpness=8 + 30 * uniform[:, 8],
        nail=torch.full_like(monk, on["nails"]),
        lunula=torch.where(polished, 0.0, 0.3 + 0.7 * detail[:, 5]),
        vein=on["veins"] * (0.1 + 0.8 * detail[:, 0].square()),
        hair=on["hair"] * (1.6 * detail[:, 1] - 0.6).clamp_min(0),
        freckles=on["freckles"] * light * (2.5 * detail[:, 3] - 1.5).clamp_min(0),
        spots=on["spots"] * (1.5 * detail[:, 4] - 0.9).clamp_min(0),
        blood=on["blood"] * light.sqrt(),
        textured=True,
    )
