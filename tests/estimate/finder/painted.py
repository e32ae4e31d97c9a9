# SPDX-License-Identifier: Apache-2.0
"""Hands painted for the tests: red palms, blue thumbs and green forearms, whose places are known."""

import torch

from handcraft.estimate.finder.cutouts import HandCutouts

SIDE = 32
PALM, THUMB, ARM = (0.9, 0.2, 0.1), (0.1, 0.2, 0.9), (0.1, 0.9, 0.2)


def painted_hands(count):
    """Hands 8 px wide and 14 px long that point up, thumbs 4 px wide on their left, forearms 6 px wide below them."""
    pixels = torch.full((count, 3, SIDE, SIDE), 0.0)
    palm, arm = torch.zeros(count, SIDE, SIDE, dtype=torch.bool), torch.zeros(count, SIDE, SIDE, dtype=torch.bool)
    thumb = torch.zeros_like(palm)
    palm[:, 6:20, 12:20] = True
    thumb[:, 12:18, 8:12] = True
    arm[:, 20:, 13:19] = True
    for colour, where in ((PALM, palm), (THUMB, thumb), (ARM, arm)):
        pixels = torch.where(where[:, None], torch.tensor(colour).view(3, 1, 1), pixels)
    corners = torch.tensor([[12.0, 6.0], [20.0, 6.0], [12.0, 20.0], [20.0, 20.0], [8.0, 12.0], [8.0, 18.0]])
    keypoints_px = torch.tensor([16.0, 13.0]).repeat(count, 21, 1)
    keypoints_px[:, 0] = torch.tensor([16.0, 20.0])
    keypoints_px[:, 9] = torch.tensor([16.0, 12.0])
    keypoints_px[:, 1:7] = corners
    hand = palm | thumb
    profile = torch.zeros(count, 4, SIDE)
    profile[:, :3, 13:19], profile[:, 3, 13:19] = torch.tensor(ARM).view(3, 1), 1.0
    return HandCutouts(
        (pixels * 255).round().to(torch.uint8),
        ((hand | (arm & (torch.arange(SIDE)[:, None] < 28))) * 255).to(torch.uint8),
        hand,
        keypoints_px,
        torch.tensor([0.0, 1.0]).repeat(count, 1),
        torch.full((count,), 8.0),
        (profile * 255).round().to(torch.uint8),
        torch.tensor(PALM).repeat(count, 1),
    )
