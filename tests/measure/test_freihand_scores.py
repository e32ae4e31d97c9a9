# SPDX-License-Identifier: Apache-2.0
"""FreiHAND's scorer, line by line, against a slow twin; and what a mirrored hand does to it."""

import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import freihand_scores, score_freihand
from handcraft.randomness import generator_for
from tests.oracles import freihand as oracle

NAMES = [
    *(f"{what}_{kind}" for what in ("xyz", "xyz_al", "mesh", "mesh_al") for kind in ("mean3d", "auc3d")),
    *("f_score_5", "f_al_score_5", "f_score_15", "f_al_score_15"),
]
MIRROR = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)


def points(count, *, frames=4, seed=0):
    drawn = torch.randn(frames, count, 3, generator=generator_for(81, seed), dtype=torch.float64) * 0.03
    return drawn + torch.tensor([0.0, 0.05, 0.6])


def near(true, seed=9):
    return 1.1 * true + 0.005 * torch.randn(true.shape, generator=generator_for(82, seed), dtype=torch.float64)


def values(estimates):
    return {name: estimate.value for name, estimate in estimates.items()}


@pytest.mark.parametrize("vertices", [40, 33], ids=["as many vertices as the truth", "another surface"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_equals_the_oracle(vertices, mirrored):
    joints, surface = points(21), points(40, seed=1)
    given = [near(joints), near(surface)[:, :vertices]]
    given = [each * MIRROR for each in given] if mirrored else given
    scores = score_freihand(*given, joints, surface, seed=0)
    expected = oracle.scores(*(each.numpy() for each in (*given, joints, surface)))
    assert list(scores.figures) == NAMES == list(expected)
    for name, value in values(scores.figures).items():
        assert value == pytest.approx(expected[name], abs=2e-6), name  # the scorer adds 1e-8 to its norms
    assert scores.mirrored == (4 if mirrored else 0)
    assert scores.frames == 4


def test_a_perfect_submission():
    joints, surface = points(21), points(40)
    expected = dict.fromkeys(NAMES, 1.0) | {name: 0.0 for name in NAMES if name.endswith("mean3d")}
    found = values(score_freihand(joints, surface, joints, surface, seed=0).figures)
    assert found == pytest.approx(expected, abs=1 / 198 + 1e-9)  # rounding may miss the first of 100 thresholds, 0
    assert {name: found[name] for name in NAMES if "al_auc" not in name} == pytest.approx(
        {name: expected[name] for name in NAMES if "al_auc" not in name}, abs=1e-9
    )


def test_a_mirrored_hand_passes_the_scorer_and_nothing_else():
    joints, surface = points(21), points(40)
    turned = torch.tensor([True, False, True, False])[:, None, None]
    given = [torch.where(turned, each * MIRROR, each) for each in (joints, surface)]
    scores = score_freihand(*given, joints, surface, seed=0)
    assert scores.mirrored == 2
    assert scores.figures["xyz_al_mean3d"].value == pytest.approx(0.0, abs=1e-9)
    without = values(scores.without_reflection)
    assert list(without) == [name for name in NAMES if "_al_" in name]
    halves = score_freihand(*(each[::2] for each in (*given, joints, surface)), seed=0)
    for name, value in without.items():
        perfect = 0.0 if name.endswith("mean3d") else 1.0
        assert value == pytest.approx((perfect + halves.without_reflection[name].value) / 2, abs=0.003)
        assert abs(value - perfect) > 0.01


def test_without_a_mirrored_hand_both_alignments_are_one():
    joints, surface = points(21), points(40)
    scores = score_freihand(near(joints), near(surface), joints, surface, seed=0)
    assert all(scores.figures[name] == estimate for name, estimate in scores.without_reflection.items())


def test_another_surface_that_is_similar_shrinks_in_the_scorer_s_figures_alone():
    """The joints' own map takes it to the truth, but for its centroid, which both put where the joints' shift says."""
    joints, surface = points(21), points(40)
    doubled = torch.cat([surface, surface], dim=1)
    centre = surface.mean(1, keepdim=True)
    larger = 1.2 * (doubled - centre) + centre  # about its centroid, which stays
    middle = joints.mean(1, keepdim=True)
    scores = score_freihand(1.2 * (joints - middle) + middle, larger, joints, surface, seed=0)
    assert scores.without_reflection["f_al_score_5"].value == pytest.approx(1.0)
    assert scores.figures["f_al_score_5"].value < 0.9
    assert scores.figures["mesh_mean3d"].value == -100
    assert scores.figures["mesh_auc3d"].value == -1


def test_pieces_change_nothing(monkeypatch):
    given = [near(points(21)), near(points(40)), points(21), points(40)]
    whole = score_freihand(*given, seed=0)
    monkeypatch.setattr(freihand_scores, "_FRAMES_AT_ONCE", 3)
    assert values(score_freihand(*given, seed=0).figures) == pytest.approx(values(whole.figures))


def test_the_scorer_s_file_is_names_and_six_decimals():
    joints = points(21)
    text = score_freihand(joints + torch.tensor([0.0, 0.0, 0.01]), joints, joints, joints, seed=0).scores_txt()
    lines = text.splitlines()
    assert [line.partition(": ")[0] for line in lines] == NAMES
    assert lines[0] == "xyz_mean3d: 1.000000"
    assert text.endswith("\n")


def test_one_place_for_all_is_scored_as_nothing_known():
    """The zero submission: off by the distance of the hand, aligned to its centroid."""
    joints, surface = points(21), points(40)
    scores = score_freihand(0 * joints, 0 * surface, joints, surface, seed=0)
    assert scores.figures["xyz_mean3d"].value == pytest.approx(100 * float(joints.norm(dim=-1).mean()))
    spread = (joints - joints.mean(1, keepdim=True)).norm(dim=-1).mean()
    assert scores.figures["xyz_al_mean3d"].value == pytest.approx(100 * float(spread))
    assert scores.figures["f_score_15"].value == 0


def test_intervals_are_over_photographs():
    joints = points(21, frames=40)
    offsets = torch.from_numpy(np.linspace(0, 0.02, 40))[:, None, None] * torch.tensor([0.0, 0.0, 1.0])
    estimate = score_freihand(joints + offsets, joints, joints, joints, seed=0).figures["xyz_mean3d"]
    assert estimate.low < estimate.value - 0.1 < estimate.value + 0.1 < estimate.high


def test_what_does_not_fit_is_refused():
    joints, surface = points(21), points(40)
    with pytest.raises(HandcraftError, match="hands to score, but got none"):
        score_freihand(joints[:0], surface[:0], joints[:0], surface[:0], seed=0)
    with pytest.raises(HandcraftError, match="finite joints and vertices"):
        score_freihand(joints / 0, surface, joints, surface, seed=0)
