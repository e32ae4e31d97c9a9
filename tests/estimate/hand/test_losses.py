# SPDX-License-Identifier: Apache-2.0
"""Losses vanish at the truth, and crops without a hand teach presence only."""

import dataclasses

import pytest
import torch

from handcraft.estimate.hand.crops import HandCropConfig, HandCrops, cut
from handcraft.estimate.hand.losses import HandLossWeights, hand_losses, total
from handcraft.estimate.hand.network import HandOutputs

SIDE = 32


@pytest.fixture
def crops(examples):
    config = HandCropConfig(beside_share=0.0, shift=0.0, scale=1.0)
    return cut(examples, SIDE, config, generator=torch.Generator().manual_seed(0))


def outputs_at_truth(crops):
    labels, count = crops.labels, len(crops.images)
    logits = torch.zeros(count, 21, 8, 8)
    return HandOutputs(
        logits.flatten(2).log_softmax(-1).view_as(logits),
        labels.keypoints_px / SIDE,
        torch.full((count, 21), 20.0),
        labels.joints_m,
        torch.where(labels.is_right, 20.0, -20.0),
        torch.full((count,), 20.0),
        labels.angles_rad,
        labels.camera_from_hand,
        labels.shape,
    )


def test_losses_vanish_at_the_truth(crops):
    losses = hand_losses(outputs_at_truth(crops), crops, SIDE)
    assert set(losses) == {each.name for each in dataclasses.fields(HandLossWeights)}
    for name, value in losses.items():
        if name != "map":
            assert value.item() < 2e-4, name


def test_a_flat_map_costs_the_logarithm_of_its_cells(crops):
    losses = hand_losses(outputs_at_truth(crops), crops, SIDE)
    assert losses["map"].item() == pytest.approx(torch.tensor(64.0).log().item(), rel=1e-3)


def test_distances_are_in_sides_and_metres(crops):
    truth = outputs_at_truth(crops)
    off = dataclasses.replace(
        truth,
        places=truth.places + torch.tensor([0.03, 0.04]),
        joints_m=truth.joints_m + torch.tensor([0.0, 0.0, 0.02]),
    )
    losses = hand_losses(off, crops, SIDE)
    assert losses["place"].item() == pytest.approx(0.05, rel=1e-3)
    assert losses["joints"].item() == pytest.approx(0.02, rel=1e-3)


def test_crops_without_a_hand_teach_presence_only(crops):
    absent = HandCrops(crops.images, crops.labels, torch.zeros_like(crops.present))
    wrong = {name: (value + 1.0).requires_grad_() for name, value in vars(outputs_at_truth(crops)).items()}
    losses = hand_losses(HandOutputs(**wrong), absent, SIDE)
    total(losses, HandLossWeights()).backward()
    reached = {name for name, value in wrong.items() if value.grad is not None and value.grad.abs().sum() > 0}
    assert reached == {"presence_logits"}


def test_weights_multiply_their_losses():
    losses = {"map": torch.tensor(2.0), "side": torch.tensor(3.0)}
    assert total(losses, HandLossWeights(map=0.5, side=2.0)).item() == 7.0
