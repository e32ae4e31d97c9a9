# SPDX-License-Identifier: Apache-2.0
"""Samples whose labels fit each other, without a renderer: a slab of a hand with a white pixel at every joint."""

import torch

from handcraft.data import HandSample, ShardWriter

HEIGHT, WIDTH = 48, 64
HAND_ROWS, FIRST_COLUMN, LAST_COLUMN = slice(8, 40), 12, 58
UNLABELLED, OUTSIDE = 20, 19


def joint_pixels(number):
    """The (column, row) of the pixel each joint is painted in."""
    joint = torch.arange(21)
    return torch.stack([16 + 6 * (joint % 7) + number % 3, 12 + 10 * (joint // 7)], dim=1)


def hand(number, *, side=None):
    """Everything known, keypoints in the centres of their pixels; three samples show one person."""
    pixels = joint_pixels(number)
    keypoints_px = pixels + 0.5
    mask = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
    mask[HAND_ROWS, FIRST_COLUMN + number % 3 : LAST_COLUMN] = True
    image = torch.full((3, HEIGHT, WIDTH), 0.1)
    image[:, pixels[:, 1], pixels[:, 0]] = 1.0
    depth_m = torch.linspace(0.4, 0.6, 21)
    intrinsics = torch.tensor([[90.0, 0, 31], [0, 90, 23], [0, 0, 1]])
    rays = torch.cat([(keypoints_px - intrinsics[:2, 2]) / 90, torch.ones(21, 1)], dim=1)
    return HandSample(
        key=f"hand-{number:06d}",
        image=image,
        source="plain renders",
        is_real=False,
        subject=f"person-{number // 3}",
        side=side or ("left" if number % 2 else "right"),
        mask=mask,
        keypoints_px=keypoints_px,
        confidence=torch.ones(21),
        visible=(torch.arange(21) + number) % 3 > 0,
        joints_m=rays * depth_m[:, None],
        intrinsics=intrinsics,
        depth_m=mask * 0.5,
        parts=mask.to(torch.uint8) * 3,
    )


def write_hands(folder, count=10, change=lambda sample: sample):
    with ShardWriter(folder, samples_per_shard=4, description={"licence": "nobody's"}) as writer:
        for number in range(count):
            writer.write(change(hand(number)))
    return folder
