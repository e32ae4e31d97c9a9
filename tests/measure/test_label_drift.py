# SPDX-License-Identifier: Apache-2.0
"""Hands here are white discs, judged by their brightness: what a refiner does to them is known exactly."""

import json

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import BootstrapConfig, label_drift

SIZE = 24
CENTRES_PX = torch.tensor([[9.5, 12.5], [12.5, 10.5], [10.5, 9.5], [13.5, 12.5]])
CLUSTERS = ["ada", "ada", "ben", "cleo"]
CONFIG = BootstrapConfig(resamples=100)


def discs(centres_px, radius_px=5.0):
    places = torch.arange(SIZE) + 0.5
    x, y = torch.meshgrid(places, places, indexing="xy")
    distance = ((x - centres_px[:, 0, None, None]) ** 2 + (y - centres_px[:, 1, None, None]) ** 2).sqrt()
    return distance <= radius_px


MASKS = discs(CENTRES_PX)
IMAGES = MASKS[:, None].expand(-1, 3, -1, -1).float()
KEYPOINTS_PX = CENTRES_PX[:, None].expand(-1, 21, -1).clone()


def segment(images):
    return images.mean(dim=1)


def locate(images):
    weights = images.mean(dim=1)
    places = torch.arange(SIZE) + 0.5
    total = weights.sum(dim=(1, 2))
    x = (weights.sum(dim=1) * places).sum(dim=1) / total
    y = (weights.sum(dim=2) * places).sum(dim=1) / total
    return torch.stack([x, y], dim=1)[:, None].expand(-1, 21, -1)


def drift_of(after, **options):
    arguments = {"segment": segment, "locate": locate, "clusters": CLUSTERS, "config": CONFIG} | options
    return label_drift(IMAGES, after, MASKS, KEYPOINTS_PX, **arguments)


def test_a_refiner_that_changes_nothing_moves_nothing():
    drift = drift_of(IMAGES)
    assert drift.displacement_px.to_json() == {"value": 0, "low": 0, "high": 0}
    assert drift.mask_iou_after == drift.mask_iou_before
    assert drift.mask_iou_after.value == 1
    assert drift.mask_iou_change.value == drift.error_change_px.value == 0
    assert drift.error_after_px == drift.error_before_px


def test_a_refiner_that_moves_the_hand_is_measured_in_pixels():
    drift = drift_of(IMAGES.roll((3, 4), dims=(-2, -1)))
    assert drift.displacement_px.value == pytest.approx(5, abs=1e-4)
    assert drift.error_before_px.value == pytest.approx(0, abs=1e-4)
    assert drift.error_after_px.value == pytest.approx(5, abs=1e-4)
    assert drift.error_change_px.low > 4.9
    assert drift.mask_iou_after.value < 0.5 < drift.mask_iou_before.value
    assert drift.mask_iou_change.value == pytest.approx(drift.mask_iou_after.value - 1)


def test_a_refiner_that_changes_the_look_alone_moves_nothing():
    drift = drift_of(IMAGES * 0.7)
    assert drift.displacement_px.value == pytest.approx(0, abs=1e-4)
    assert drift.mask_iou_after.value == 1


def test_a_swollen_hand_shows_in_the_mask_and_not_in_the_keypoints():
    drift = drift_of(discs(CENTRES_PX, 7.0)[:, None].expand(-1, 3, -1, -1).float())
    assert drift.displacement_px.value == pytest.approx(0, abs=1e-4)
    assert drift.mask_iou_after.value == pytest.approx((5 / 7) ** 2, abs=0.05)


def test_an_imperfect_judge_is_shown_beside():
    drift = drift_of(IMAGES, locate=lambda images: locate(images) + torch.tensor([6.0, 8.0]))
    assert drift.displacement_px.value == 0
    assert drift.error_before_px.value == pytest.approx(10, abs=1e-4)


def test_the_size_of_the_batches_does_not_matter():
    after = IMAGES.roll((3, 4), dims=(-2, -1))
    assert drift_of(after, batch_size=1) == drift_of(after, batch_size=3) == drift_of(after)


def test_unlabelled_keypoints_never_matter():
    confidence = torch.ones(4, 21)
    confidence[:, 5] = confidence[3] = 0
    keypoints_px = KEYPOINTS_PX.masked_fill((confidence == 0)[..., None], torch.nan)
    drift = label_drift(
        IMAGES, IMAGES, MASKS, keypoints_px, segment=segment, locate=locate, clusters=CLUSTERS, confidence=confidence
    )
    assert drift.error_after_px.value == pytest.approx(0, abs=1e-4)


def test_json_is_the_schema_of_the_results():
    written = json.loads(json.dumps(drift_of(IMAGES).to_json(), allow_nan=False))
    assert {"mask_iou_before", "mask_iou_after", "displacement_px", "error_before_px", "error_after_px"} < set(written)
    assert written["images"] == 4
    assert set(written["displacement_px"]) == {"value", "low", "high"}


def test_mistakes_are_named():
    with pytest.raises(HandcraftError, match="one cluster per image, but got 1 for 4 images"):
        drift_of(IMAGES, clusters=["ada"])
    with pytest.raises(HandcraftError, match="there is none in any image"):
        drift_of(IMAGES, confidence=torch.zeros(4, 21))
