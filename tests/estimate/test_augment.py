# SPDX-License-Identifier: Apache-2.0
"""Labels move with pixels."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.augment import (
    AugmentConfig,
    jitter_colours,
    mirror_warps,
    sample_warps,
    warp_images,
    warp_keypoints,
)
from handcraft.randomness import generator_for
from tests.estimate.painted import centre_of_mass, painted_dots

POINTS_PX = torch.tensor([[24.0, 30.0], [40.5, 29.2], [32.0, 41.7]])


@pytest.mark.parametrize("size", [64, 128, 48, 32])
def test_painted_dots_land_where_the_keypoints_say(size):
    warps = sample_warps(50, AugmentConfig(scale=1.3, shift=0.03), generator=generator_for(1))
    images = painted_dots(POINTS_PX, size=64).expand(50, -1, -1, -1)
    moved = warp_images(images, warps, size=size)
    said_px = warp_keypoints(POINTS_PX.expand(50, -1, -1), warps, input_px=64, output_px=size)
    assert (centre_of_mass(moved) - said_px).norm(dim=-1).max() < 0.1 * size / 64


def test_reflection_changes_only_what_was_outside():
    warps = sample_warps(20, AugmentConfig(scale=1.3, shift=0.1), generator=generator_for(1))
    images = 0.5 + 0.5 * torch.rand(20, 1, 64, 64, generator=generator_for(2))
    black, reflected = (warp_images(images, warps, size=64, outside=outside) for outside in ("zeros", "reflection"))
    was_inside = warp_images(torch.ones_like(images), warps, size=64) > 0.999
    torch.testing.assert_close(black[was_inside], reflected[was_inside], atol=2e-3, rtol=0)
    assert reflected.min() >= 0.5
    assert (black == 0).any()


def test_the_ranges_are_used_and_kept():
    config = AugmentConfig(rotation_deg=40.0, scale=1.5, shift=0.1)
    warps = sample_warps(4000, config, generator=generator_for(2))
    linear = warps[..., :2]
    scale = torch.linalg.det(linear).abs().sqrt()
    assert 1 / 1.5 <= scale.min() < 0.70
    assert 1.45 < scale.max() <= 1.5001
    assert 0.45 < (torch.linalg.det(linear) < 0).float().mean() < 0.55
    angle = torch.rad2deg(torch.atan2(-linear[:, 0, 1], linear[:, 1, 1]))
    assert 38 < angle.abs().max() <= 40.001
    shift = (linear @ torch.full((2, 1), 0.5) + warps[..., 2:])[..., 0] - 0.5
    assert 0.095 < shift.abs().max() <= 0.1001


def test_a_large_image_is_reduced_without_skipping_pixels():
    stripes = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(32).expand(2, 1, 128, 128)
    still = sample_warps(2, AugmentConfig(0.0, 1.0, 0.0, False), generator=generator_for(3))
    seen = warp_images(stripes, still, size=32)
    torch.testing.assert_close(seen[..., 2:-2], torch.full((2, 1, 32, 28), 0.25), atol=0.1, rtol=0)


def test_no_augmentation_changes_nothing():
    still = AugmentConfig(rotation_deg=0.0, scale=1.0, shift=0.0, mirror=False)
    images = torch.rand(3, 3, 32, 32, generator=generator_for(3))
    warps = sample_warps(3, still, generator=generator_for(4))
    torch.testing.assert_close(warp_images(images, warps, size=32), images, atol=1e-5, rtol=0)
    assert jitter_colours(images, 0.0, generator=generator_for(5)) is images


def test_mirroring_twice_is_the_identity():
    images = torch.rand(2, 3, 33, 33, generator=generator_for(6))
    once = warp_images(images, mirror_warps(2), size=33)
    torch.testing.assert_close(once, images.flip(-1), atol=1e-5, rtol=0)
    torch.testing.assert_close(warp_images(once, mirror_warps(2), size=33), images, atol=1e-5, rtol=0)
    points_px = POINTS_PX.expand(2, -1, -1)
    mirrored_px = warp_keypoints(points_px, mirror_warps(2), input_px=64, output_px=64)
    torch.testing.assert_close(mirrored_px[..., 0], 64 - points_px[..., 0])
    torch.testing.assert_close(warp_keypoints(mirrored_px, mirror_warps(2), input_px=64, output_px=64), points_px)


def test_colours_vary_from_image_to_image_and_black_stays_black():
    images = torch.full((6, 3, 4, 4), 0.5)
    images[:, :, :2] = 0.0
    jittered = jitter_colours(images, 0.3, generator=generator_for(7))
    assert (jittered[:, :, :2] == 0).all()
    assert len(jittered[:, 0, 3, 3].unique()) == 6
    assert (jittered[:, 0] != jittered[:, 1]).any()
    assert jittered.min() >= 0
    assert jittered.max() <= 1


def test_the_same_generator_gives_the_same_warps():
    one, two = (sample_warps(5, AugmentConfig(), generator=generator_for(9, 4)) for _ in range(2))
    assert torch.equal(one, two)


@pytest.mark.parametrize("change", [{"scale": 0.5}, {"shift": -0.1}, {"rotation_deg": -1.0}, {"colour_jitter": -1.0}])
def test_ranges_without_meaning_are_refused(change):
    with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
        AugmentConfig(**change)
