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


@dataclass(frozen=True)
class Skin:
    """What the skin of each frame is like; colours are linear-light reflectances."""

    tone: Float[Tensor, "batch 3"]
    palm_tone: Float[Tensor, "batch 3"]
    nail_tone: Float[Tensor, "batch 3"]
    mottling: Float[Tensor, " batch"]
    """Strength of blotches and freckles."""
    crease: Float[Tensor, " batch"]
    """How dark the lines at the joints and in the palm are: 0 none, 1 black."""
    bump: Float[Tensor, " batch"]
    """How rough the surface is: added to the unit normal."""
    gloss: Float[Tensor, " batch"]
    sharpness: Float[Tensor, " batch"]
    """Exponent of the highlight."""
    textured: bool


def linear_from_srgb(srgb: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Undo the sRGB transfer curve (IEC 61966-2-1); values in [0, 1]."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The sRGB transfer curve (IEC 61966-2-1); values in [0, 1]."""
    curved = 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, curved)


def plain_skin(count: int) -> Skin:
    """One flat, matte skin for all frames."""
    tone = linear_from_srgb(torch.tensor(PLAIN_SRGB) / 255).expand(count, 3)
    none = torch.zeros(count)
    return Skin(tone, tone, tone, none, none, none, none, none + 1, textured=False)


def sample_skin(uniform: Float[Tensor, "batch 10"]) -> Skin:
    """Skins over the whole Monk scale, evenly; each row of ``uniform`` makes one."""
    # The scale's colours are those of photographed skin; its lightest reflect less than the page they are printed on.
    scale = linear_from_srgb(torch.tensor(MONK_SRGB) / 255) * 0.72
    place = uniform[:, 0] * (len(MONK_SRGB) - 1)
    lower = place.floor().long().clamp_max(len(MONK_SRGB) - 2)
    tone = torch.lerp(scale[lower], scale[lower + 1], (place - lower)[:, None])
    warmth = 1 + 0.16 * (uniform[:, 1:2] - 0.5) * torch.tensor([1.0, 0.0, -1.0])
    tone = tone * warmth
    # Palms hold little melanin: on dark skin they are far lighter than the back of the hand.
    pale = linear_from_srgb(torch.tensor([226.0, 170.0, 145.0]) / 255)
    lightness = tone.mean(1, keepdim=True)
    palm_tone = torch.lerp(tone, pale * (0.35 + 0.9 * lightness.sqrt()), 0.45 + 0.25 * uniform[:, 2:3])
    nail_tone = torch.lerp(palm_tone, torch.tensor([0.75, 0.55, 0.5]), 0.2 + 0.3 * uniform[:, 3:4])
    polish = linear_from_srgb(uniform[:, 7:10])
    nail_tone = torch.where(uniform[:, 3:4] > 0.9, polish, nail_tone)
    return Skin(
        tone,
        palm_tone,
        nail_tone,
        mottling=0.08 + 0.22 * uniform[:, 4],
        crease=0.15 + 0.35 * uniform[:, 5],
        bump=0.1 + 0.25 * uniform[:, 6],
        gloss=0.02 + 0.1 * uniform[:, 7],
        sharpness=8 + 30 * uniform[:, 8],
        textured=True,
    )
