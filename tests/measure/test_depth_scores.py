# SPDX-License-Identifier: Apache-2.0
"""The depth benchmarks' figures, by hand and by a loop."""

import math

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import (
    FRAMES_WITHIN,
    IN_PLANE_ERROR,
    MEAN_ERROR,
    consecutive,
    score_depth_joints,
)
from handcraft.randomness import generator_for


def joints(seed=0):
    return torch.randn(30, 14, 3, generator=generator_for(71, seed), dtype=torch.float64) * 0.015


def test_figures_are_what_a_loop_finds():
    predicted, true = joints(), joints(seed=1)
    scores = score_depth_joints(predicted, true, consecutive(30, together=5), seed=0)
    pairs = [list(zip(*frame, strict=True)) for frame in zip(predicted.tolist(), true.tolist(), strict=True)]
    space = [[1000 * math.dist(*pair) for pair in frame] for frame in pairs]
    plane = [1000 * math.dist(mine[:2], theirs[:2]) for frame in pairs for mine, theirs in frame]
    assert scores.mean_error.value == pytest.approx(sum(map(sum, space)) / (30 * 14))
    assert scores.in_plane_error.value == pytest.approx(sum(plane) / len(plane))
    assert scores.by_joint_mm[3] == pytest.approx(sum(frame[3] for frame in space) / 30)
    within = [sum(max(frame) <= threshold for frame in space) / 30 for threshold in range(81)]
    assert scores.within.values.tolist() == pytest.approx(within)
    assert 0 < within[60] < 1


def test_depth_alone_is_not_in_the_plane():
    scores = score_depth_joints(joints() + torch.tensor([0, 0, 0.02]), joints(), consecutive(30, together=5), seed=0)
    assert scores.mean_error.value == pytest.approx(20.0)
    assert scores.in_plane_error.value == pytest.approx(0.0, abs=1e-9)
    assert scores.within.values[[19, 21]].tolist() == [0, 1]


def test_what_does_not_fit_is_refused():
    clusters = consecutive(30, together=5)
    with pytest.raises(HandcraftError, match="one cluster each, but got 3 for 30 frames"):
        score_depth_joints(joints(), joints(), clusters[:3], seed=0)
    with pytest.raises(HandcraftError, match="but got 0 for 0 frames"):
        score_depth_joints(joints()[:0], joints()[:0], [], seed=0)
    with pytest.raises(HandcraftError, match="finite joints"):
        score_depth_joints(joints() / 0, joints(), clusters, seed=0)


def test_figures_know_their_direction():
    assert MEAN_ERROR.unit == IN_PLANE_ERROR.unit == "mm"
    assert MEAN_ERROR.improves(by=-1.0)
    assert IN_PLANE_ERROR.improves(by=-1.0)
    assert FRAMES_WITHIN.improves(by=0.1)
