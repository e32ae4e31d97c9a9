# SPDX-License-Identifier: Apache-2.0
"""The mirror image of a sample: pixels, labels and side together. Keypoints keep their names and their order."""

import dataclasses
from typing import Any, Literal

import torch

from handcraft.data.sample import HandSample
from handcraft.hand.skeleton import Side

OTHER_SIDE: dict[str, Side | Literal["unknown"]] = {"left": "right", "right": "left", "unknown": "unknown"}


def mirrored(sample: HandSample) -> HandSample:
    """The sample as a mirror shows it: x -> width - x in pixels, x -> -x in the camera's frame, the other side.

    Applied twice it undoes itself. An index fingertip stays an index fingertip: no keypoint changes its place. ``seed``
    and ``index`` are gone, for they make the sample as it was.
    """
    width = sample.image.shape[-1]
    flipped: dict[str, Any] = {
        name: None if getattr(sample, name) is None else getattr(sample, name).flip(-1)
        for name in ("image", "mask", "depth_m", "parts", "normals", "sensed_depth_m", "flow_px")
    }
    if flipped["normals"] is not None:
        flipped["normals"] = flipped["normals"] * torch.tensor([-1.0, 1.0, 1.0])[:, None, None]
    if flipped["flow_px"] is not None:
        flipped["flow_px"] = flipped["flow_px"] * torch.tensor([-1.0, 1.0])[:, None, None]
    if sample.keypoints_px is not None:
        flipped["keypoints_px"] = torch.stack([width - sample.keypoints_px[:, 0], sample.keypoints_px[:, 1]], dim=1)
    for name in ("joints_m", "vertices_m"):
        if getattr(sample, name) is not None:
            flipped[name] = getattr(sample, name) * torch.tensor([-1.0, 1.0, 1.0])
    if sample.camera_from_hand is not None:
        in_camera, in_hand = torch.tensor([-1.0, 1.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, -1.0, 1.0])
        flipped["camera_from_hand"] = in_camera[:, None] * sample.camera_from_hand * in_hand
    if sample.intrinsics is not None:
        intrinsics = sample.intrinsics.clone()
        intrinsics[0, 2] = width - intrinsics[0, 2]
        flipped["intrinsics"] = intrinsics
    return dataclasses.replace(sample, side=OTHER_SIDE[sample.side], seed=None, index=None, **flipped)
