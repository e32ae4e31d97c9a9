# SPDX-License-Identifier: Apache-2.0
"""Seed 001's crops: as high as the labels and a border, moved to stay in the picture."""

from dataclasses import replace

import pytest
import torch

from handcraft.data import KOMOROWICZ, HandSample, prepare
from handcraft.data.label_crop import label_crop
from handcraft.errors import HandcraftError


def sample(low, high, *, confidence=None, width=160):
    """A picture of 120 px height, whose border is 5 px, with keypoints from ``low`` to ``high``."""
    share = torch.linspace(0, 1, 21)[:, None]
    keypoints_px = torch.tensor(low) * (1 - share) + torch.tensor(high) * share
    return HandSample(
        key="hand", image=torch.zeros(3, 120, width), source="x", is_real=True, subject="x",
        keypoints_px=keypoints_px, confidence=confidence,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "box"),
    [
        ((70.0, 20.0), (90.0, 80.0), (45.0, 15.0, 70.0)),  # in the middle: centred on them, 5 px above and below
        ((10.0, 20.0), (30.0, 80.0), (0.0, 15.0, 70.0)),  # at the left edge: moved
        ((140.0, 20.0), (158.0, 80.0), (90.0, 15.0, 70.0)),  # at the right edge: moved
        ((70.0, 2.0), (90.0, 126.0), (20.0, 0.0, 120.0)),  # beyond the lower edge, as OpenPose's can be: cut
    ],
)
def test_the_square_is_as_high_as_the_labels_and_stays_in_the_picture(low, high, box):
    found = label_crop(sample(low, high))
    assert (found.left_px, found.top_px, found.side_px) == pytest.approx(box, abs=1e-4)


def test_a_square_wider_than_the_picture_lies_in_its_middle():
    found = label_crop(sample((10.0, 2.0), (30.0, 118.0), width=100))
    assert (found.left_px, found.side_px) == (-10.0, 120.0)


def test_joints_without_a_label_do_not_count():
    confidence = torch.zeros(21)
    confidence[5:16] = 0.3  # those from 35 to 65 px
    found = label_crop(sample((70.0, 20.0), (90.0, 80.0), confidence=confidence))
    assert (found.top_px, found.side_px) == pytest.approx((30.0, 40.0), abs=1e-4)
    with pytest.raises(HandcraftError, match="'hand' to have a labelled keypoint"):
        label_crop(sample((70.0, 20.0), (90.0, 80.0), confidence=torch.zeros(21)))
    with pytest.raises(HandcraftError, match="'hand' to have a labelled keypoint"):
        label_crop(replace(sample((70.0, 20.0), (90.0, 80.0)), keypoints_px=None))


def test_crops_of_a_set_are_cut_by_their_labels():
    whole = replace(sample((70.0, 20.0), (90.0, 80.0)), mask=torch.ones(120, 160, dtype=torch.bool))
    prepared = prepare([whole], replace(KOMOROWICZ, size=140))
    assert prepared.crops[0].tolist() == pytest.approx([45.0, 15.0, 70.0], abs=1e-4)
    assert prepared.keypoints_px[0, 0].tolist() == pytest.approx([50.0, 10.0], abs=1e-3)
