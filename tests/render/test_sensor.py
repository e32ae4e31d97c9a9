# SPDX-License-Identifier: Apache-2.0
"""Laws of the simulated camera."""

import dataclasses

import pytest
import torch

from handcraft.render.sensor import (
    SENSOR_UNIFORMS,
    Sensor,
    gaussian_blur,
    jpeg,
    metered_gain,
    motion_blur,
    photograph,
    sample_sensor,
    vignette,
)
from handcraft.scene.sensors import SensorConfig
from handcraft.scene.skin import linear_from_srgb, srgb_from_linear


def clean_sensor(count: int, **changed: torch.Tensor) -> Sensor:
    none = torch.zeros(count)
    values = {
        "blur_px": none, "motion_px": torch.zeros(count, 2), "vignetting": none, "exposure": none + 0.3,
        "white_balance": torch.ones(count, 3), "read_noise": none, "shot_noise": none, "jpeg_quality": none + 100,
    }  # fmt: skip
    return Sensor(**(values | changed))


def smooth_light(count: int = 2) -> torch.Tensor:
    ramp = torch.linspace(0.05, 0.6, 32)
    return (ramp[:, None] * ramp[None] + 0.05).expand(count, 3, 32, 32).clone()


def test_blur_keeps_light_spreads_a_point_by_its_deviation_and_no_blur_changes_nothing() -> None:
    point = torch.zeros(1, 3, 41, 41)
    point[:, :, 20, 20] = 1
    blurred = gaussian_blur(point, torch.tensor([2.0]))
    steps = torch.arange(41) - 20.0
    torch.testing.assert_close(blurred.sum((2, 3)), torch.ones(1, 3))
    for axis in (0, 1):
        spread = (blurred[0, 0].sum(axis) * steps.square()).sum().sqrt()
        torch.testing.assert_close(spread, torch.tensor(2.0), atol=0.05, rtol=0)
    torch.testing.assert_close(gaussian_blur(point, torch.tensor([0.0])), point)


def test_blur_does_not_darken_the_edges() -> None:
    even = torch.full((1, 3, 12, 20), 0.4)
    torch.testing.assert_close(gaussian_blur(even, torch.tensor([1.5])), even)


def test_each_image_is_blurred_by_its_own_amount() -> None:
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    together = gaussian_blur(images, torch.tensor([0.5, 1.5]))
    torch.testing.assert_close(together[1:], gaussian_blur(images[1:], torch.tensor([1.5])), atol=1e-6, rtol=0)
    assert together[1].std() < together[0].std()


def test_the_meter_brings_any_light_to_its_aim_and_spares_the_highlights() -> None:
    light, aim = smooth_light(), torch.tensor([0.2, 0.2])
    for strength in (0.1, 1.0, 7.0):
        gain = metered_gain(light * strength, aim)
        torch.testing.assert_close((light * strength * gain[:, None, None, None]).mean((1, 2, 3)), aim)
    spot = torch.full((1, 3, 32, 32), 0.01)
    spot[:, :, :8, :8] = 1.0
    assert (spot * metered_gain(spot, torch.tensor([0.4]))[:, None, None, None]).max() <= 1.06


def test_a_clean_sensor_gives_the_light_itself() -> None:
    light = smooth_light()
    taken = photograph(light, clean_sensor(2, exposure=light.mean((1, 2, 3))), torch.zeros_like(light))
    torch.testing.assert_close(taken, srgb_from_linear(light), atol=0.02, rtol=0)


def test_a_picture_is_as_soft_as_its_lens() -> None:
    edge = torch.full((1, 3, 32, 32), 0.1)
    edge[..., 16:] = 0.5
    sharp, soft = (
        photograph(edge, clean_sensor(1, blur_px=torch.tensor([sigma])), torch.zeros_like(edge)).diff(dim=-1).max()
        for sigma in (0.0, 2.0)
    )
    assert soft < 0.35 * sharp


def test_white_balance_scales_each_colour() -> None:
    light = smooth_light()
    balance = torch.tensor([[1.2, 1.0, 0.8]] * 2)
    tinted, plain = (
        linear_from_srgb(photograph(light, clean_sensor(2, white_balance=each), torch.zeros_like(light))).mean((2, 3))
        for each in (balance, torch.ones(2, 3))
    )
    torch.testing.assert_close(tinted / plain, balance, atol=0.02, rtol=0)


def test_noise_has_a_floor_and_grows_with_the_root_of_the_light() -> None:
    light = torch.full((1, 3, 128, 128), 0.1)
    light[..., 64:] = 0.5
    noise = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(0)).expand_as(
        light
    )  # compression blurs hue
    read, shot = 0.02, 0.08
    sensor = clean_sensor(1, read_noise=torch.tensor([read]), shot_noise=torch.tensor([shot]))
    taken = linear_from_srgb(photograph(light, sensor, noise))
    for half, level in ((taken[..., :60], 0.1), (taken[..., 68:], 0.5)):
        assert float(half.std()) == pytest.approx((read**2 + shot**2 * level) ** 0.5, rel=0.1)


def test_compression_loses_more_at_lower_quality() -> None:
    image = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    errors = [(jpeg(image, quality) - image).abs().mean() for quality in (95, 50, 10)]
    assert errors == sorted(errors)


def test_compression_keeps_even_colours() -> None:
    colour = torch.tensor([200.7, 120.4, 40.6])
    picture = (colour / 255)[:, None, None].expand(3, 16, 16)
    torch.testing.assert_close(
        jpeg(picture, 100) * 255, colour.round()[:, None, None].expand(3, 16, 16), atol=1.01, rtol=0
    )
    grey = torch.full((3, 16, 16), 200.7 / 255)
    torch.testing.assert_close(jpeg(grey, 100) * 255, torch.full((3, 16, 16), 201.0))


def test_settings_go_from_a_good_camera_to_a_poor_one() -> None:
    numbers = torch.rand(500, SENSOR_UNIFORMS, generator=torch.Generator().manual_seed(0))
    sensor = sample_sensor(numbers, SensorConfig())
    assert 45 <= sensor.jpeg_quality.min() < 50 < 90 < sensor.jpeg_quality.max() <= 95
    assert 0.25 <= sensor.blur_px.min() < sensor.blur_px.max() < 1.2  # sharper than a fingertip in any crop
    for spread in (sensor.read_noise, sensor.shot_noise):
        assert 0 < spread.min() < 0.3 * spread.max() < 0.02
    assert (sensor.white_balance > 0.7).all()
    torch.testing.assert_close(sensor.white_balance.mean(0), torch.ones(3), atol=0.02, rtol=0)


NUMBERS = torch.rand(3, SENSOR_UNIFORMS, generator=torch.Generator().manual_seed(1))
EFFECTS = tuple(field.name for field in dataclasses.fields(SensorConfig))
OWN_SETTINGS = {
    "lens_blur": {"blur_px"}, "motion_blur": {"motion_px"}, "vignetting": {"vignetting"}, "exposure": {"exposure"},
    "white_balance": {"white_balance"}, "noise": {"read_noise", "shot_noise"}, "compression": {"jpeg_quality"},
}  # fmt: skip


def test_without_effects_the_picture_is_the_light_encoded() -> None:
    light = torch.rand(3, 3, 20, 24, generator=torch.Generator().manual_seed(0)) * 1.2
    noise = torch.randn(light.shape, generator=torch.Generator().manual_seed(1))
    taken = photograph(light, sample_sensor(NUMBERS, SensorConfig.without_effects()), noise)
    assert torch.equal(taken, srgb_from_linear(light.clamp(0, 1)))


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_is_switched_alone(effect: str) -> None:
    """Its own settings change, those of the others stay as they were drawn; and alone it changes the picture."""
    everything = SensorConfig(**dict.fromkeys(EFFECTS, True))
    without = dataclasses.replace(everything, **{effect: False})
    drawn, left = (sample_sensor(NUMBERS, config) for config in (everything, without))
    names = [field.name for field in dataclasses.fields(Sensor)]
    changed = {name for name in names if not torch.equal(getattr(drawn, name), getattr(left, name))}
    assert changed == OWN_SETTINGS[effect]
    alone = sample_sensor(NUMBERS, dataclasses.replace(SensorConfig.without_effects(), **{effect: True}))
    light = torch.rand(3, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(light.shape, generator=torch.Generator().manual_seed(1))
    assert (photograph(light, alone, noise) - srgb_from_linear(light)).abs().mean((1, 2, 3)).min() > 1e-4


def test_motion_smears_a_point_evenly_along_its_way() -> None:
    point = torch.zeros(2, 3, 41, 41)
    point[:, :, 20, 20] = 1
    motion_px = torch.tensor([[8.0, 0.0], [3.0, 6.0]])
    smeared = motion_blur(point, motion_px)
    torch.testing.assert_close(smeared.sum((2, 3)), torch.ones(2, 3))
    assert smeared[0, 0, 20, 17:24].std() < 1e-3
    assert smeared[0, 0, 19].max() == 0
    steps = torch.arange(41) - 20.0
    for image, (across, down) in zip(smeared[:, 0], motion_px.tolist(), strict=True):
        for profile, length in ((image.sum(0), across), (image.sum(1), down)):
            variance = float((profile * steps.square()).sum())
            assert variance == pytest.approx(length**2 / 12, abs=0.3)  # an even smear; pixels are as wide as they are
    torch.testing.assert_close(motion_blur(point, torch.zeros(2, 2)), point)


def test_corners_are_darker_by_the_vignettes_share_and_the_middle_is_as_it_was() -> None:
    left = vignette(torch.tensor([0.0, 0.4]), 101, 201)
    assert (left[0] == 1).all()
    assert float(left[1, 50, 100]) == pytest.approx(1)
    assert float(left[1, 0, 0]) == pytest.approx(0.6, abs=0.01)
    torch.testing.assert_close(left[1], left[1].flip(0, 1))


COLUMNS = {
    "blur_px": {0}, "exposure": {1}, "white_balance": {2, 3}, "read_noise": {4}, "shot_noise": {5}, "jpeg_quality": {6},
    "motion_px": {7, 8}, "vignetting": {9},
}  # fmt: skip


@pytest.mark.parametrize("column", range(SENSOR_UNIFORMS))
def test_each_setting_comes_from_numbers_of_its_own(column: int) -> None:
    changed = NUMBERS.clone()
    changed[:, column] = 1 - changed[:, column]
    one, other = (
        sample_sensor(numbers, SensorConfig(**dict.fromkeys(EFFECTS, True))) for numbers in (NUMBERS, changed)
    )
    names = [field.name for field in dataclasses.fields(Sensor)]
    differing = {name for name in names if not torch.equal(getattr(one, name), getattr(other, name))}
    assert differing == {name for name, columns in COLUMNS.items() if column in columns}
