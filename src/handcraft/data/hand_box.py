# SPDX-License-Identifier: Apache-2.0
"""The box around a hand, with edges on the outer edges of pixels, as COCO and YOLO count them."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError

Box = tuple[float, float, float, float]
"""left, top, width, height in pixels, the picture's corner at (0, 0)."""


def hand_box(sample: HandSample) -> Box:
    """The box of the mask; of the labelled keypoints, cut at the picture's edge, where there is no mask or none of it.

    Width and height are 0 if nothing of the hand is in the picture.
    """
    if sample.mask is not None and bool(sample.mask.any()):
        columns, rows = sample.mask.any(dim=0).nonzero(), sample.mask.any(dim=1).nonzero()
        left, top = float(columns.min()), float(rows.min())
        return left, top, float(columns.max()) + 1 - left, float(rows.max()) + 1 - top
    height, width = sample.image.shape[-2:]
    points_px = expect_keypoints(sample)[is_labelled(sample)]
    if len(points_px) == 0:
        return 0.0, 0.0, 0.0, 0.0
    limits_px = torch.tensor([width, height])
    low_px = points_px.amin(dim=0).clamp(min=0).minimum(limits_px)
    high_px = points_px.amax(dim=0).clamp(min=0).minimum(limits_px)
    left, top, right, bottom = (float(number) for number in (*low_px, *high_px))
    return left, top, right - left, bottom - top


def expect_keypoints(sample: HandSample) -> Float[Tensor, "21 2"]:
    """The sample's keypoints.

    Raises:
        HandcraftError: it has none; the key is named.
    """
    if sample.keypoints_px is None:
        raise HandcraftError(
            f"Expected every sample to have keypoints, but {sample.key!r} has none; export a set with labels."
        )
    return sample.keypoints_px


def is_labelled(sample: HandSample) -> Bool[Tensor, " 21"]:
    """True where there is a keypoint; everywhere if the set does not say."""
    return torch.ones(21, dtype=torch.bool) if sample.confidence is None else sample.confidence > 0


def visibility_flags(sample: HandSample) -> list[int]:
    """COCO's and YOLO's flags: 0 not labelled, 1 labelled (hidden, or nobody said), 2 labelled and visible."""
    seen = torch.zeros(21, dtype=torch.bool) if sample.visible is None else sample.visible
    return [int(is_there) * (1 + int(is_seen)) for is_there, is_seen in zip(is_labelled(sample), seen, strict=True)]
