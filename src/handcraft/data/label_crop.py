# SPDX-License-Identifier: Apache-2.0
"""Crops by labels, as Komorowicz' thesis (seed 001, section 6.2) cuts the 11k Hands.

Such a crop knows where the keypoints are; a network that is measured on it was told where the hand is.
"""

from handcraft.data.crop import CropBox
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError

MARGIN_SHARE = 50 / 1200
"""The border above and below the keypoints, of the picture's height: 50 px of the photographs' 1200."""


def label_crop(sample: HandSample) -> CropBox:
    """The square as high as the labelled keypoints and a border, centred on them from left to right.

    The border ends at the picture; the square is moved, not made smaller, to stay in it. A hand wider than high loses
    fingers, in the document as well.

    Raises:
        HandcraftError: a sample without a labelled keypoint.
    """
    if sample.keypoints_px is None:
        raise _unlabelled(sample)
    keypoints_px = sample.keypoints_px if sample.confidence is None else sample.keypoints_px[sample.confidence > 0]
    if len(keypoints_px) == 0:
        raise _unlabelled(sample)
    height, width = (float(length) for length in sample.image.shape[1:])
    (left, top), (right, bottom) = (corner.tolist() for corner in keypoints_px.double().aminmax(dim=0))
    top, bottom = max(0.0, top - MARGIN_SHARE * height), min(height, bottom + MARGIN_SHARE * height)
    side_px = max(bottom - top, 1.0)
    room = width - side_px
    left_px = (left + right - side_px) / 2
    return CropBox(min(max(left_px, 0.0), room) if room >= 0 else room / 2, top, side_px)


def _unlabelled(sample: HandSample) -> HandcraftError:
    return HandcraftError(
        f"Expected sample {sample.key!r} to have a labelled keypoint to cut by, but it has none; take another crop, "
        "such as area."
    )
