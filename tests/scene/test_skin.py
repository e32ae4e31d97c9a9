# SPDX-License-Identifier: Apache-2.0
"""Laws of skin."""

import torch
from torch import Tensor

from handcraft.scene.skin import (
    DETAIL_UNIFORMS,
    MONK_SRGB,
    PLAIN_SRGB,
    Skin,
    SkinConfig,
    linear_from_srgb,
    plain_skin,
    sample_skin,
    srgb_from_linear,
)


def uniform(count: int, columns: int = 10) -> Tensor:
    return torch.rand(count, columns, generator=torch.Generator().manual_seed(columns))


def skins(numbers: Tensor) -> Skin:
    return sample_skin(numbers, uniform(len(numbers), DETAIL_UNIFORMS), SkinConfig())


def test_the_transfer_curve_and_its_inverse_undo_each_other() -> None:
    values = torch.linspace(0, 1, 1001, dtype=torch.float64)
    torch.testing.assert_close(linear_from_srgb(srgb_from_linear(values)), values, atol=1e-7, rtol=0)
    known = torch.tensor([0.001, 0.02, 0.2140411])  # below the curve's corner, just above it, middle grey
    torch.testing.assert_close(srgb_from_linear(known), torch.tensor([0.01292, 0.15170, 0.5]), atol=1e-4, rtol=0)


def test_the_scale_goes_from_light_to_dark() -> None:
    lightness = [sum(tone) for tone in MONK_SRGB]
    assert len(lightness) == 10
    assert lightness == sorted(lightness, reverse=True)


def test_tones_run_through_the_scale_in_order() -> None:
    numbers = torch.full((10, 10), 0.5)
    numbers[:, 0] = torch.arange(10) / 9
    skin = skins(numbers)
    tones = srgb_from_linear(skin.tone / 0.72)  # the scale is printed lighter than skin reflects
    torch.testing.assert_close(skin.monk, torch.arange(10.0))
    torch.testing.assert_close(tones, torch.tensor(MONK_SRGB) / 255, atol=1e-4, rtol=0)


def test_skin_covers_the_human_range_and_palms_are_lighter_than_dark_backs() -> None:
    skin = skins(uniform(2000))
    lightness = skin.tone.mean(1)
    assert lightness.max() / lightness.min() > 15
    dark = lightness < lightness.quantile(0.3)
    assert (skin.palm_tone[dark].mean(1) > 1.3 * lightness[dark]).all()
    assert (skin.tone[:, 0] >= skin.tone[:, 2]).float().mean() > 0.95  # skin is redder than it is blue
    for colour in (skin.tone, skin.palm_tone, skin.nail_tone, skin.hair_tone):
        assert ((colour > 0) & (colour < 1)).all()
    assert skin.textured


def test_details_are_strengths_and_some_skins_have_none() -> None:
    skin = skins(uniform(2000))
    for detail in (skin.vein, skin.hair, skin.freckles, skin.spots, skin.lunula, skin.crease, skin.mottling):
        assert detail.min() >= 0
        assert 0.2 < detail.max() <= 1
    for rare in (skin.freckles, skin.spots):
        assert 0.4 < (rare == 0).float().mean() < 0.8
    assert 0 < skin.blood.min() < 0.2 * skin.blood.max()  # it shines through light skin most
    assert 0.9 < skin.blood.max() <= 1
    assert skin.freckles[skin.monk > 7].max() < 0.2 * skin.freckles.max()  # freckles are seen on light skin


def test_plain_skin_is_one_flat_matte_colour() -> None:
    skin = plain_skin(3)
    torch.testing.assert_close(srgb_from_linear(skin.tone) * 255, torch.tensor(PLAIN_SRGB).float().expand(3, 3))
    assert torch.equal(skin.palm_tone, skin.tone)
    assert not torch.stack(
        [skin.mottling, skin.crease, skin.bump, skin.gloss, skin.nail, skin.vein, skin.hair, skin.blood]
    ).any()
    assert not skin.textured
