# SPDX-License-Identifier: Apache-2.0
"""Cutting hands out of renders: what is kept, where forearms are cut off, and what a border cuts is left out."""

import math

import pytest
import torch

from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.estimate.finder.cutouts import cut_out, joined
from handcraft.hand.skeleton import FOREARM_ID

SIDE = 48
ARM = (0.2, 0.6, 0.3)


def sample(turn_rad=0.0, *, lift_px=0.0, **changes):
    """A square palm whose forearm, 10 px wide, leaves opposite to where the hand points."""
    centres = torch.arange(SIDE) + 0.5
    x, y = centres[None] - 24, centres[:, None] - (24 - lift_px)
    u = x * math.cos(turn_rad) + y * math.sin(turn_rad)  # across the hand
    v = y * math.cos(turn_rad) - x * math.sin(turn_rad)  # from the wrist down the forearm
    parts = torch.zeros(SIDE, SIDE, dtype=torch.uint8)
    parts[(u.abs() < 5) & (v > 0)] = FOREARM_ID
    parts[(u.abs() < 8) & (v <= 0) & (v > -14)] = 1
    image = torch.where(parts == FOREARM_ID, torch.tensor(ARM).view(3, 1, 1), torch.full((3, 1, 1), 0.9))
    image = torch.where(parts == 0, torch.zeros(3, 1, 1), image)
    up = torch.tensor([math.sin(turn_rad), -math.cos(turn_rad), 0.0])
    camera_from_hand = torch.eye(4)
    camera_from_hand[:3, 1] = up
    focal = torch.tensor([[48.0, 0.0, 24.0], [0.0, 48.0, 24.0], [0.0, 0.0, 1.0]])
    wrist_m = torch.tensor([0.0, -lift_px / 48, 1.0])
    joints_m = wrist_m + torch.linspace(0, 14 / 48, 21)[:, None] * up
    labels = {
        "keypoints_px": (joints_m @ focal.T)[:, :2] / joints_m[:, 2:],
        "joints_m": joints_m,
        "parts": parts,
        "camera_from_hand": camera_from_hand,
        "intrinsics": focal,
    }
    return HandSample(
        key="a", image=image, source="painted", is_real=False, subject="a", side="left", **(labels | changes)
    )


@pytest.mark.parametrize("turn_rad", [0.0, 0.6, -2.0, math.pi])
def test_the_forearm_is_followed_from_the_wrist_to_its_last_whole_row(turn_rad):
    hands = cut_out([sample(turn_rad)])
    down = torch.tensor([-math.sin(turn_rad), math.cos(turn_rad)])
    torch.testing.assert_close(hands.arm_direction[0], down, atol=1e-4, rtol=0)
    across = torch.tensor([down[1], -down[0]])
    for edge in (-4.0, 4.0):  # the row where it is cut is whole: its ends are still inside the render
        end_px = hands.keypoints_px[0, 0] + hands.arm_start_px[0] * down + edge * across
        assert ((end_px > 0) & (end_px < SIDE)).all()
    further_px = hands.keypoints_px[0, 0] + (hands.arm_start_px[0] + 4) * down
    assert any(((further_px + edge * across < 0) | (further_px + edge * across > SIDE)).any() for edge in (-5.0, 5.0))


@pytest.mark.parametrize("turn_rad", [0.0, 0.6])
def test_the_profile_is_the_forearm_across(turn_rad):
    profile = cut_out([sample(turn_rad)]).arm_profile[0].float() / 255
    inside, outside = profile[:, 21:27], profile[:, [*range(17), *range(31, 48)]]
    torch.testing.assert_close(inside.mean(1), torch.tensor([*ARM, 1.0]), atol=0.03, rtol=0)
    assert outside.abs().max() < 0.01


def test_opacity_ends_inside_the_outline_and_the_forearm_at_the_cut():
    hands = cut_out([sample()])
    opacity = hands.coverage[0].float() / 255
    parts = sample().parts
    assert (opacity[parts == 0] == 0).all()
    assert opacity[14, 24] == 1
    assert 0 < opacity[14, 16] < 0.5  # on the outline
    below = 24 + int(hands.arm_start_px[0]) + 2
    assert (opacity[below:] == 0).all()
    assert (opacity[24:40, 24] == 1).all()
    assert torch.equal(hands.hand[0], parts == 1)


def test_hands_that_the_border_cuts_are_left_out():
    assert len(cut_out([sample(lift_px=12.0), sample()])) == 1
    with pytest.raises(HandcraftError, match="render more"):
        joined([cut_out([sample(lift_px=12.0)])])
    assert len(joined([cut_out([sample()]), cut_out([sample(lift_px=12.0)])])) == 1


def test_a_hand_without_forearm_has_no_profile():
    parts = sample().parts.clone()
    parts[parts == FOREARM_ID] = 0
    hands = cut_out([sample(parts=parts)])
    assert hands.arm_start_px[0] == 0
    assert (hands.arm_profile == 0).all()


def test_samples_without_labels_are_refused():
    with pytest.raises(HandcraftError, match="`joints_m`"):
        cut_out([sample(joints_m=None)])
