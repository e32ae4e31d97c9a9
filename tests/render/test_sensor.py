# SPDX-License-Identifier: Apache-2.0
"""Laws of the simulated camera."""

import torch

from handcraft.render.sensor import Sensor, gaussian_blur, jpeg, metered_gain, photograph
from handcraft.scene.skin import linear_from_srgb, srgb_from_linear


def clean_sensor(count: int, **changed: torch.Tensor) -> Sensor:
    none = torch.zeros(count)
    values = {
        "blur_px": none, "exposure": none + 0.3, "white_balance": torch.ones(count, 3), "read_noise": none,
        "shot_noise": none, "jpeg_quality": none + 100,
    }  # fmt: skip
    return Sensor(**(values | changed))


def smooth_light(count: int = 2) -> torch.Tensor:
    ramp = torch.linspace(0.05, 0.6, 32)
    return (ramp[:, None] * ramp[None] + 0.05).expand(count, 3, 32, 32).clone()


def test_the_transfer_curve_and_its_inverse_undo_each_other() -> None:
    values = torch.linspace(0, 1, 1001, dtype=torch.float64)
    torch.testing.assert_close(linear_from_srgb(srgb_from_linear(values)), values, atol=1e-7, rtol=0)
    torch.testing.assert_close(srgb_from_linear(torch.tensor([0.2140411])), torch.tensor([0.5]), atol=1e-5, rtol=0)


def test_blur_keeps_light_spreads_a_point_by_its_deviation_and_no_blur_changes_nothing() -> None:
    point = torch.zeros(1, 3, 41, 41)
    point[:, :, 20, 20] = 1
    blurred = gaussian_blur(point, torch.tensor([2.0]))
    steps = torch.arange(41) - 20.0
    torch.testing.assert_close(blurred.sum((2, 3)), torch.ones(1, 3))
    spread = (blurred[0, 0].sum(0) * steps.square()).sum().sqrt()
    torch.testing.assert_close(spread, torch.tensor(2.0), atol=0.05, rtol=0)
    torch.testing.assert_close(gaussian_blur(point, torch.tensor([0.0])), point)


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


def test_white_balance_tints_and_noise_grows_with_its_strength() -> None:
    light = smooth_light()
    tinted = photograph(
        light, clean_sensor(2, white_balance=torch.tensor([[1.2, 1.0, 0.8]] * 2)), torch.zeros_like(light)
    )
    assert (tinted[:, 0] > tinted[:, 2]).float().mean() > 0.99
    noise = torch.randn(light.shape, generator=torch.Generator().manual_seed(0))
    quiet, loud = (
        photograph(light, clean_sensor(2, shot_noise=torch.full((2,), level)), noise) for level in (0.01, 0.04)
    )
    clean = photograph(light, clean_sensor(2), torch.zeros_like(light))
    assert 2 < (loud - clean).std() / (quiet - clean).std() < 5


def test_compression_loses_more_at_lower_quality() -> None:
    image = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    errors = [(jpeg(image, quality) - image).abs().mean() for quality in (95, 50, 10)]
    assert errors == sorted(errors)
