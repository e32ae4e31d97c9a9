# SPDX-License-Identifier: Apache-2.0
"""Damage of known strength: none at 0, more the more, and each kind in its own direction."""

import pytest
import torch

from handcraft.encode.damage import DAMAGES, TWO_SIDED, damage, sample_strengths
from handcraft.randomness import generator_for

IMAGES = torch.nn.functional.interpolate(
    0.1 + 0.7 * torch.rand(8, 3, 12, 12, generator=generator_for(1)), size=24, mode="bilinear"
)


def damaged(strength, *names):
    strengths = torch.zeros(len(IMAGES), len(DAMAGES))
    for name in names:
        strengths[:, DAMAGES.index(name)] = strength
    return damage(IMAGES, strengths, generator=generator_for(2))


def roughness(images):
    return (images.diff(dim=-1).square().mean() + images.diff(dim=-2).square().mean()).item()


def test_no_strength_is_no_damage():
    torch.testing.assert_close(damaged(0.0, *DAMAGES), IMAGES, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", DAMAGES)
def test_more_strength_is_more_damage(name):
    for sign in (1, -1) if name in TWO_SIDED else (1,):
        changes = [(damaged(sign * strength, name) - IMAGES).abs().mean().item() for strength in (0.25, 0.5, 1.0)]
        assert 0.001 < changes[0] < changes[1] < changes[2]
    assert damaged(1.0, *DAMAGES).min() >= 0
    assert damaged(1.0, *DAMAGES).max() <= 1


def test_each_damage_has_its_direction():
    assert roughness(damaged(-1.0, "sharpness")) < 0.6 * roughness(IMAGES) < 0.6 * roughness(damaged(1.0, "sharpness"))
    assert damaged(1.0, "gamma").mean() < IMAGES.mean() < damaged(-1.0, "gamma").mean()
    assert damaged(-1.0, "contrast").std() < IMAGES.std() < damaged(1.0, "contrast").std()
    assert damaged(-1.0, "saturation").std(1).max() < 1e-6
    red, green, blue = damaged(1.0, "red-green tint").mean((0, 2, 3)) / IMAGES.mean((0, 2, 3))
    assert red > 1 > green
    torch.testing.assert_close(blue, torch.ones(()))
    red, green, blue = damaged(1.0, "blue-yellow tint").mean((0, 2, 3)) / IMAGES.mean((0, 2, 3))
    assert blue > 1 > red
    torch.testing.assert_close(red, green)


def test_artefacts_of_generators_look_like_themselves():
    coarse = damaged(1.0, "coarse pixels")
    assert torch.equal(coarse[..., ::2, ::2], coarse[..., 1::2, 1::2])
    board = damaged(1.0, "checkerboard") - IMAGES
    assert board[..., ::2, ::2].mean() > 0.1 > -0.1 > board[..., ::2, 1::2].mean()
    assert board[..., 1::2, 1::2].mean() > 0.1


def test_strengths_keep_their_ranges():
    strengths = sample_strengths(2000, generator=generator_for(3))
    for place, name in enumerate(DAMAGES):
        column = strengths[:, place]
        assert (column < 0).any() == (name in TWO_SIDED)
        assert column.abs().max() <= 1
        assert 0.3 < (column != 0).float().mean() < 0.5
