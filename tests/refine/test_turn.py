# SPDX-License-Identifier: Apache-2.0
"""Laws of turned photographs."""

import dataclasses
import math

import torch

from handcraft.randomness import generator_for
from handcraft.refine.turn import random_angles_rad, turned
from tests.refine.toy import TINY, learner


def pictures() -> torch.Tensor:
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_no_turn_changes_nothing_and_a_quarter_turn_is_exact() -> None:
    images = pictures()
    torch.testing.assert_close(turned(images, torch.zeros(3)), images, atol=1e-5, rtol=0)
    quarter = turned(images, torch.full((3,), math.pi / 2))
    torch.testing.assert_close(quarter, torch.rot90(images, 1, (2, 3)), atol=1e-4, rtol=0)


def test_each_image_turns_by_its_own_angle_and_black_stays_black() -> None:
    images = pictures()
    angles = torch.tensor([0.0, math.pi, 1.0])
    together = turned(images, angles)
    torch.testing.assert_close(together[:1], images[:1], atol=1e-5, rtol=0)
    torch.testing.assert_close(together[1], images[1].flip(-1, -2), atol=1e-4, rtol=0)
    assert turned(torch.zeros(1, 3, 32, 32), torch.tensor([0.7])).abs().max() == 0


def test_angles_fill_their_range_evenly() -> None:
    degrees = torch.rad2deg(random_angles_rad(4000, 90.0, generator=generator_for(0)))
    assert degrees.abs().max() <= 90
    assert torch.histc(degrees, 6, -90, 90).min() > 550


def test_only_photographs_turn_and_the_same_step_turns_them_alike() -> None:
    still, turning = (learner(dataclasses.replace(TINY, turn_photographs_deg=deg)) for deg in (0.0, 180.0))
    assert torch.equal(still.batch(3)[0].images, turning.batch(3)[0].images)
    assert not torch.allclose(still.batch(3)[1].images, turning.batch(3)[1].images)
    assert torch.equal(turning.batch(3)[1].images, turning.batch(3)[1].images)
    assert not torch.allclose(turning.batch(3)[1].images, turning.batch(4)[1].images)
