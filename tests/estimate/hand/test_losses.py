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


POSE = {"joints", "angles", "rotation", "shape"}


def partly_known(crops):
    """Half of the crops are photographs; of every hand the last ten keypoints are unknown, of some the side."""
    labels, count = crops.labels, len(crops.images)
    weights = torch.ones(count, 21)
    weights[:, 11:] = 0
    is_render = torch.arange(count) % 2 == 0
    known = dataclasses.replace(labels, keypoint_weights=weights, has_pose=is_render, has_side=torch.arange(count) < 4)
    return dataclasses.replace(crops, labels=known)


def spoilt(crops, garbage):
    """The same with something else for every label that is not known."""
    labels = crops.labels
    posed = labels.has_pose
    return dataclasses.replace(
        crops,
        labels=dataclasses.replace(
            labels,
            keypoints_px=torch.where(labels.keypoint_weights[..., None] > 0, labels.keypoints_px, garbage),
            joints_m=torch.where(posed[:, None, None], labels.joints_m, garbage),
            angles_rad=torch.where(posed[:, None], labels.angles_rad, garbage),
            camera_from_hand=torch.where(posed[:, None, None], labels.camera_from_hand, garbage),
            shape=torch.where(posed[:, None], labels.shape, garbage),
            is_right=labels.is_right ^ ~labels.has_side,
        ),
    )


def wrong_outputs(crops):
    generator = torch.Generator().manual_seed(4)
    truth = {
        name: 0.05 * value if name.endswith("logits") else value
        for name, value in vars(outputs_at_truth(crops)).items()
    }
    moved = {name: value + 0.1 * torch.randn(value.shape, generator=generator) for name, value in truth.items()}
    moved["log_places"] = moved["log_places"].flatten(2).log_softmax(-1).view_as(moved["log_places"])
    return {name: value.detach().requires_grad_() for name, value in moved.items()}


@pytest.mark.parametrize("garbage", [float("nan"), 1e6, -3.0])
def test_what_is_not_known_changes_no_loss_and_no_gradient(crops, garbage):
    known = partly_known(crops)
    answers = []
    for each in (known, spoilt(known, garbage)):
        outputs = wrong_outputs(crops)
        losses = hand_losses(HandOutputs(**outputs), each, SIDE)
        total(losses, HandLossWeights()).backward()
        answers.append((losses, {name: value.grad for name, value in outputs.items()}))
    (losses, gradients), (again, gradients_again) = answers
    assert {name: value.item() for name, value in losses.items()} == {name: v.item() for name, v in again.items()}
    for name, gradient in gradients.items():
        assert torch.equal(gradient, gradients_again[name]), name


def test_known_labels_teach_and_unknown_ones_do_not(crops):
    known, outputs = partly_known(crops), wrong_outputs(crops)
    losses = hand_losses(HandOutputs(**outputs), known, SIDE)
    total(losses, HandLossWeights()).backward()
    reached = {name: value.grad.flatten(1).abs().sum(1) > 0 for name, value in outputs.items() if value.grad.ndim > 1}
    for name in ("joints_m", "angles_rad", "camera_from_hand", "shape"):
        assert torch.equal(reached[name], known.labels.has_pose), name
    assert torch.equal(outputs["right_logits"].grad != 0, known.labels.has_side)
    for name in ("places", "confidence_logits"):
        per_keypoint = outputs[name].grad.view(len(crops.images), 21, -1).abs().sum(-1)
        assert (per_keypoint[:, 11:] == 0).all()
        assert (per_keypoint[:, :11] > 0).any(0).all()


def test_a_batch_that_knows_nothing_of_a_kind_costs_nothing_of_it(crops):
    count = len(crops.images)
    no = torch.zeros(count, dtype=torch.bool)
    labels = dataclasses.replace(crops.labels, has_pose=no, has_side=no, keypoint_weights=torch.zeros(count, 21))
    outputs = wrong_outputs(crops)
    losses = hand_losses(HandOutputs(**outputs), spoilt(dataclasses.replace(crops, labels=labels), torch.nan), SIDE)
    assert {name for name, value in losses.items() if value.item() != 0} == {"presence"}


def test_losses_are_means_over_what_is_known(crops):
    """Those of the known half alone are the same."""
    known = partly_known(crops)
    half = torch.arange(0, len(crops.images), 2)
    alone = dataclasses.replace(
        known, images=known.images[half], labels=known.labels.rows(half), present=known.present[half]
    )
    outputs = wrong_outputs(crops)
    whole = hand_losses(HandOutputs(**outputs), known, SIDE)
    part = hand_losses(HandOutputs(**{name: value[half] for name, value in outputs.items()}), alone, SIDE)
    for name in POSE:
        assert whole[name].item() == pytest.approx(part[name].item(), rel=1e-5), name


def test_an_unsure_label_counts_less(crops):
    outputs = wrong_outputs(crops)
    weights = torch.ones(len(crops.images), 21)
    weights[:, 0] = 0.25
    unsure = dataclasses.replace(crops, labels=dataclasses.replace(crops.labels, keypoint_weights=weights))
    hand_losses(HandOutputs(**outputs), unsure, SIDE)["place"].backward()
    gradient = outputs["places"].grad.norm(dim=-1)
    assert gradient[0, 0].item() == pytest.approx(0.25 * gradient[0, 1].item(), rel=1e-2)


def test_weights_multiply_their_losses():
    losses = {"map": torch.tensor(2.0), "side": torch.tensor(3.0)}
    assert total(losses, HandLossWeights(map=0.5, side=2.0)).item() == 7.0
