# SPDX-License-Identifier: Apache-2.0
"""Whether a sample's joints, camera and keypoints fit each other."""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data.sample import HandSample


def projection_gaps_px(sample: HandSample) -> tuple[float, float]:
    """The largest distance of a keypoint from where its joint projects: through a pinhole, and in weak perspective.

    Of a weak-perspective camera the intrinsics' focal lengths are pixels per metre. Both are 0 where there is nothing
    to compare.
    """
    if sample.joints_m is None or sample.intrinsics is None or sample.keypoints_px is None:
        return 0.0, 0.0
    joints_m, intrinsics = sample.joints_m.double(), sample.intrinsics.double()
    flat_m = torch.cat([joints_m[:, :2], torch.ones(len(joints_m), 1, dtype=torch.float64)], dim=1)
    pinhole_px, flat_px = ((points @ intrinsics.T)[:, :2] for points in (joints_m / joints_m[:, 2:], flat_m))
    return float(_gap(pinhole_px, sample.keypoints_px)), float(_gap(flat_px, sample.keypoints_px))


def _gap(here_px: Float[Tensor, "21 2"], there_px: Float[Tensor, "21 2"]) -> Float[Tensor, ""]:
    return (here_px - there_px).norm(dim=1).max()
