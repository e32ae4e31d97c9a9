# SPDX-License-Identifier: Apache-2.0
"""Laws of backdrops."""

import torch

from handcraft.scene.backdrop import PLAIN_BACKDROP, plain_backdrops, sample_backdrops


def test_plain_backdrops_are_one_grey() -> None:
    assert torch.equal(plain_backdrops(2, 3, 5), torch.full((2, 3, 3, 5), PLAIN_BACKDROP))


def test_each_backdrop_depends_on_its_seed_and_index_only() -> None:
    together = sample_backdrops(0, [3, 1, 8], 24, 40)
    assert torch.equal(sample_backdrops(0, [1], 24, 40)[0], together[1])
    assert not torch.equal(sample_backdrops(1, [1], 24, 40)[0], together[1])
    assert not torch.equal(together[0], together[1])


def test_backdrops_go_from_dark_to_light_and_from_walls_to_clutter_and_stay_in_range() -> None:
    backdrops = sample_backdrops(0, range(64), 24, 40)
    assert backdrops.shape == (64, 3, 24, 40)
    assert backdrops.min() >= 0
    assert backdrops.max() <= 1
    assert backdrops.mean((1, 2, 3)).std() > 0.1
    roughness = (backdrops[..., 1:] - backdrops[..., :-1]).abs().mean((1, 2, 3))
    assert roughness.min() < 0.005
    assert roughness.max() > 0.02
