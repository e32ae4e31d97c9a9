# SPDX-License-Identifier: Apache-2.0
"""Samples that are a function of their number, with every label or none."""

import torch

from handcraft.data import HandSample
from handcraft.randomness import generator_for


def sample(number, height=18, width=24):
    generator = generator_for(11, number)

    def uniform(*shape):
        return torch.rand(*shape, generator=generator)

    depth_m = torch.where(uniform(height, width) > 0.5, uniform(height, width), 0.0)
    return HandSample(
        key=f"hand-{number:06d}",
        image=(uniform(3, height, width) * 255).round() / 255,
        source="plain renders",
        is_real=False,
        subject=f"identity-{number // 3}",
        side="left" if number % 2 else "right",
        mask=uniform(height, width) > 0.5,
        keypoints_px=uniform(21, 2) * 40 - 10,
        confidence=uniform(21),
        visible=uniform(21) > 0.5,
        joints_m=uniform(21, 3),
        intrinsics=torch.tensor([[50.0, 0, 12], [0, 50, 9], [0, 0, 1]]),
        depth_m=depth_m,
        parts=(uniform(height, width) * 22).to(torch.uint8),
        normals=torch.nn.functional.normalize(uniform(3, height, width) - 0.5, dim=0) * (depth_m > 0),
        sensed_depth_m=(((uniform(height, width) * 20_000).round().double()) / 10_000).float(),
        flow_px=((uniform(2, height, width) - 0.5) * 3000).round() / 32,
        angles_rad=uniform(22),
        shape=uniform(6),
        vertices_m=uniform(5, 3),
        camera_from_hand=uniform(4, 4),
        skin_tone=float(9 * uniform(1)),
        seed=3,
        index=number,
        sequence=number // 4,
        frame=number % 4,
    )


def bare_sample(number):
    whole = sample(number)
    return HandSample(whole.key, whole.image, "simulated photographs", is_real=False, subject=whole.key)
