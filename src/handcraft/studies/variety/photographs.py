# SPDX-License-Identifier: Apache-2.0
"""Labelled photographs as examples of the hand network; their third dimension is unknown."""

from collections.abc import Iterable

import torch

from handcraft.data import CropBox, HandSample
from handcraft.errors import HandcraftError
from handcraft.estimate.hand.crops import keypoint_boxes
from handcraft.estimate.hand.examples import HandExamples
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.anny_hand import PHENOTYPES
from handcraft.hand.skeleton import KEYPOINTS

SQUARE_SCALE = 2.0
"""Side of the kept square over the hand's longer side: room for upright crops of any roll."""


def examples_of_photographs(samples: Iterable[HandSample], size: int) -> tuple[HandExamples, tuple[str, ...]]:
    """Squares of ``size`` px about the hands of wholly labelled photographs of known side, and whose hands they are.

    Raises:
        HandcraftError: no such photograph.
    """
    images, keypoints, sides, subjects = [], [], [], []
    for sample in samples:
        if sample.keypoints_px is None or sample.confidence is None or not (sample.confidence > 0).all():
            continue
        centre_px, longer_px = (each[0] for each in keypoint_boxes(sample.keypoints_px[None]))
        side_px = SQUARE_SCALE * float(longer_px)
        left_px, top_px = (centre_px - side_px / 2).tolist()
        square = CropBox(left_px, top_px, side_px)
        images.append((square.resample(sample.image, size).clamp(0, 1) * 255).round().to(torch.uint8))
        keypoints.append(square.crop_from_image(sample.keypoints_px, size))
        sides.append(sample.side == "right")
        subjects.append(sample.subject)
    if not images:
        raise HandcraftError("Expected photographs with all 21 keypoints labelled, but got none; name another set.")
    count = len(images)
    examples = HandExamples(
        torch.stack(images),
        torch.ones(count, size, size, dtype=torch.bool),
        torch.stack(keypoints),
        torch.zeros(count, len(KEYPOINTS), 3),
        torch.tensor(sides),
        torch.zeros(count, len(DOF_NAMES)),
        torch.eye(3).repeat(count, 1, 1),
        torch.zeros(count, len(PHENOTYPES)),
    )
    return examples, tuple(subjects)
