# SPDX-License-Identifier: Apache-2.0
"""The finder's targets, losses and decoding: what is encoded is decoded, closed forms, ignored hands, gradients."""

import dataclasses
import math

import pytest
import torch

from handcraft.estimate.finder import FINDER_SMOKE, SceneLabels
from handcraft.estimate.finder.decoding import decode
from handcraft.estimate.finder.losses import (
    cell_targets,
    finder_losses,
    focal_loss,
    generalised_overlap,
    score_loss,
)
from handcraft.estimate.finder.network import FinderMaps, FinderNet
from handcraft.networks import parameter_count
from handcraft.randomness import generator_for

CELLS = 8  # of 8 px: pictures of 64 px


def labels_of(boxes, *, turns=0.0, ignored=()):
    count = len(boxes)
    skipped = torch.tensor([[slot in ignored for slot in range(count)]])
    return SceneLabels(
        torch.tensor([boxes]),
        torch.full((1, count), float(turns)),
        torch.ones(1, count),
        ~skipped,
        skipped,
    )


def perfect(targets):
    """Maps that say what the targets ask for."""
    heat = torch.logit(targets.heat.clamp(1e-6, 1 - 1e-6))
    return FinderMaps(heat, targets.boxes_px, targets.direction, heat)


@pytest.mark.parametrize("turn", [0.0, 1.2, -3.0])
def test_what_is_encoded_is_decoded(turn):
    boxes = [[4.0, 6.0, 22.0, 30.0], [30.0, 33.0, 60.0, 70.0]]
    found = decode(perfect(cell_targets(labels_of(boxes, turns=turn), CELLS)), 4)
    assert (found.scores[0, :2] > 0.99).all()
    assert (found.scores[0, 2:] < 0.5).all()
    order = found.boxes_px[0, :2, 0].argsort()
    torch.testing.assert_close(found.boxes_px[0, :2][order], torch.tensor(boxes))
    torch.testing.assert_close(found.turns_rad[0, :2], torch.full((2,), turn))


def test_rows_beyond_the_peaks_are_zeros():
    maps = perfect(cell_targets(labels_of([[4.0, 6.0, 22.0, 30.0]]), CELLS))
    found = decode(maps, 6)
    assert (found.scores[0, 1:] == 0).all()
    assert (found.boxes_px[0, 1:] == 0).all()
    assert (found.turns_rad[0, 1:] == 0).all()
    assert (found.scores[0, :-1] >= found.scores[0, 1:]).all()


def test_perfect_maps_lose_nothing_and_worse_ones_more():
    targets = cell_targets(labels_of([[4.0, 6.0, 22.0, 30.0]], turns=0.5), CELLS)
    maps = perfect(targets)
    best = finder_losses(maps, targets)
    assert {name: pytest.approx(0, abs=1e-3) for name in ("box", "turn")}.items() <= {
        name: each.item() for name, each in best.items() if name != "heat"
    }.items()
    worse = finder_losses(FinderMaps(-maps.heat, maps.boxes_px + 5, -maps.direction, -maps.heat), targets)
    assert all(worse[name] > best[name] + 0.1 for name in best)
    assert worse["turn"].item() == pytest.approx(4.0, abs=1e-4)  # the opposite direction


def test_focal_loss_is_its_closed_form():
    heat = torch.tensor([[[1.0, 0.5], [0.0, 0.0]]])
    probability = torch.tensor([[[0.6, 0.4], [0.1, 0.9]]])
    judged = torch.tensor([[[True, True], [True, False]]])
    expected = -(0.4**2 * math.log(0.6) + 0.5**4 * 0.4**2 * math.log(0.6) + 0.1**2 * math.log(0.9))
    assert focal_loss(torch.logit(probability), heat, judged).item() == pytest.approx(expected, rel=1e-4)


def test_a_score_learns_how_often_a_peak_s_box_is_a_hand_s_and_teaches_nothing_else():
    targets = cell_targets(labels_of([[4.0, 6.0, 22.0, 30.0]]), CELLS)
    network = FinderNet(FINDER_SMOKE, generator=generator_for(1)).eval()
    finder_losses(network(torch.rand(1, 3, 64, 64, generator=generator_for(2))), targets)["score"].backward()
    assert (network.score_from_heat.grad != 0).all()
    assert all(each.grad is None for name, each in network.named_parameters() if name != "score_from_heat")
    maps = perfect(targets)
    assert score_loss(maps, targets) < 1e-4
    beside = dataclasses.replace(maps, boxes_px=maps.boxes_px + 20)
    assert score_loss(beside, targets) > 5  # sure of a box that is no hand's
    doubtful = dataclasses.replace(beside, score=torch.full_like(maps.score, -10.0))
    assert score_loss(doubtful, targets) < 1e-4
    assert decode(doubtful, 1).scores.item() < 1e-4


def test_generalised_overlap_is_its_closed_form():
    def cell(*box):
        return torch.tensor(box).view(1, 4, 1, 1)

    same = generalised_overlap(cell(0.0, 0.0, 2.0, 2.0), cell(0.0, 0.0, 2.0, 2.0))
    apart = generalised_overlap(cell(0.0, 0.0, 1.0, 1.0), cell(3.0, 0.0, 4.0, 1.0))
    half = generalised_overlap(cell(0.0, 0.0, 2.0, 1.0), cell(1.0, 0.0, 3.0, 1.0))
    assert [each.item() for each in (same, apart, half)] == pytest.approx([1.0, -0.5, 1 / 3], abs=1e-5)


def test_neither_finding_nor_missing_an_ignored_hand_costs_anything():
    boxes = [[0.0, 0.0, 20.0, 20.0], [30.0, 30.0, 60.0, 60.0]]
    targets = cell_targets(labels_of(boxes, ignored=(1,)), CELLS)
    quiet = perfect(targets)
    loud = torch.where(torch.zeros_like(quiet.heat, dtype=torch.bool), 0.0, quiet.heat)
    loud[0, 5, 5] = 8.0  # in the ignored hand
    said = dataclasses.replace(quiet, heat=loud)
    for name, loss in finder_losses(said, targets).items():
        assert loss.item() == pytest.approx(finder_losses(quiet, targets)[name].item(), abs=1e-6)
    loud[0, 1, 6] = 8.0  # where nothing is
    assert finder_losses(dataclasses.replace(quiet, heat=loud), targets)["heat"] > 1


def test_every_hand_counts_the_same_whatever_its_size():
    large, small = [0.0, 0.0, 47.0, 47.0], [48.0, 48.0, 56.0, 56.0]
    weight = cell_targets(labels_of([large, small]), CELLS).weight[0]
    assert weight[6, 6].item() == pytest.approx(1.0, abs=1e-5)
    assert weight[:6, :6].sum().item() == pytest.approx(1.0, abs=1e-5)
    assert (weight[:6, :6] > 0).sum() > 1


def test_scenes_without_hands_have_a_loss():
    labels = labels_of([[0.0, 0.0, 20.0, 20.0]])
    empty = dataclasses.replace(labels, there=torch.zeros(1, 1, dtype=torch.bool))
    targets = cell_targets(empty, CELLS)
    maps = FinderNet(FINDER_SMOKE, generator=generator_for(1))(torch.rand(1, 3, 64, 64))
    losses = finder_losses(maps, targets)
    assert all(torch.isfinite(each) for each in losses.values())
    assert losses["box"] == 0
    assert losses["heat"] > 0


def test_gradient_reaches_every_parameter():
    network = FinderNet(FINDER_SMOKE, generator=generator_for(1))
    targets = cell_targets(labels_of([[4.0, 6.0, 22.0, 30.0]]), CELLS)
    sum(finder_losses(network(torch.rand(1, 3, 64, 64, generator=generator_for(2))), targets).values()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_pictures_do_not_depend_on_others():
    network = FinderNet(FINDER_SMOKE, generator=generator_for(1)).eval()
    images = torch.rand(3, 3, 64, 64, generator=generator_for(2))
    together = network(images)
    torch.testing.assert_close(network(images[1:2]).boxes_px, together.boxes_px[1:2], atol=1e-4, rtol=0)


def test_the_shipped_finder_is_small():
    from handcraft.estimate.finder import FINDER_SHIPPED

    assert parameter_count(FinderNet(FINDER_SHIPPED, generator=generator_for(1))) < 600_000
