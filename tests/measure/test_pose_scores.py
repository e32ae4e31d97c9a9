# SPDX-License-Identifier: Apache-2.0
"""3D joints in every alignment: figures known in advance, hands that count for nothing, intervals over clusters."""

import json
import math

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.measure import (
    FREIHAND_MM,
    JOINT_GRIDS_MM,
    MPJPE,
    MPJPE_CENTROID,
    MPJPE_RADIUS,
    MPJPE_ROOT,
    MPJPE_ROOT_BONE,
    MPJPE_SCALE,
    PA_MPJPE,
    PA_MPJPE_REFLECTED,
    POSE_METRICS,
    BootstrapConfig,
    PoseProtocol,
    consecutive,
    pck,
    score_poses,
)
from handcraft.randomness import generator_for

RELATIVE = [metric for metric in POSE_METRICS if metric is not MPJPE]


def hands(count=12):
    points = torch.randn(count, 21, 3, generator=generator_for(61), dtype=torch.float64) * 0.05
    return (points + torch.tensor([0.1, -0.05, 0.5])).float()


FEW = BootstrapConfig(resamples=40)


def each(count):
    return consecutive(count, together=1)


def means(predicted, true, **options):
    scores = score_poses(predicted, true, each(len(true)), seed=0, config=FEW, **options)
    return {metric: row.mean.value for metric, row in scores.by_metric.items()}


def test_a_shift_is_all_absolute():
    found = means(hands() + torch.tensor([0.0, 0.006, -0.008]), hands())
    assert found[MPJPE] == pytest.approx(10.0, rel=1e-5)
    assert all(found[metric] == pytest.approx(0.0, abs=1e-3) for metric in RELATIVE)


def test_a_hand_twice_as_large_is_off_by_its_size_until_that_is_forgiven():
    true = hands()
    found = means(2 * true, true)
    from_root_mm = 1000 * (true - true[:, :1]).norm(dim=-1).mean()
    assert found[MPJPE] == pytest.approx(1000 * float(true.norm(dim=-1).mean()), rel=1e-5)
    assert found[MPJPE_ROOT] == pytest.approx(float(from_root_mm), rel=1e-5)
    assert found[MPJPE_CENTROID] > 10
    for metric in (MPJPE_ROOT_BONE, MPJPE_SCALE, MPJPE_RADIUS, PA_MPJPE):
        assert found[metric] == pytest.approx(0.0, abs=1e-3)


def test_a_mirrored_hand_is_right_only_where_reflections_are_allowed():
    found = means(hands() * torch.tensor([1.0, 1.0, -1.0]), hands())
    assert found[PA_MPJPE_REFLECTED] == pytest.approx(0.0, abs=1e-3)
    assert found[PA_MPJPE] > 5
    assert POSE_METRICS.index(PA_MPJPE) < POSE_METRICS.index(PA_MPJPE_REFLECTED)


def test_root_and_bone_are_the_ones_asked_for():
    true = hands()
    predicted = true.clone()
    predicted[:, KEYPOINTS.index("wrist")] += torch.tensor([0.0, 0.0, 0.021])  # only the wrist is wrong
    assert means(predicted, true)[MPJPE_ROOT] == pytest.approx(20.0, rel=1e-4)
    knuckle = PoseProtocol(root="middle_mcp", bone=("middle_mcp", "middle_pip"))
    found = means(predicted, true, protocol=knuckle)
    assert found[MPJPE_ROOT] == pytest.approx(1.0, rel=1e-4)
    assert found[MPJPE_ROOT_BONE] == pytest.approx(1.0, rel=1e-4)


def test_areas_are_those_of_the_curve():
    true = hands()
    predicted = true + 0.02 * torch.randn(true.shape, generator=generator_for(62))
    scores = score_poses(predicted, true, each(len(true)), seed=0, config=FEW)
    for row in scores.by_metric.values():
        for grid in JOINT_GRIDS_MM:
            assert row.areas[grid.area].value == pytest.approx(pck(row.errors_mm, grid.values()).auc())
        assert row.mean.low <= row.mean.value <= row.mean.high
        assert row.median_mm == pytest.approx(float(row.errors_mm.median(dim=0).values.mean()), rel=0.2)


def test_what_is_not_labelled_is_not_scored():
    true = hands()
    spoilt = true + torch.tensor([0.0, 0.006, -0.008])
    true[0], true[1, 5:] = torch.nan, torch.nan
    spoilt[0], spoilt[1, 5:] = 99.0, torch.nan
    scores = score_poses(spoilt, true, each(len(true)), seed=0, config=FEW)
    assert (scores.hands, scores.joints, scores.clusters) == (11, 10 * 21 + 5, 11)
    assert scores.by_metric[MPJPE].mean.value == pytest.approx(10.0, rel=1e-5)
    assert scores.by_metric[PA_MPJPE].mean.value == pytest.approx(0.0, abs=1e-3)


def test_fingertips_alone_are_scored_where_there_is_something_to_go_by():
    """Dexter+Object and EgoDexter label five tips: no root, no bone, but centroids and a similarity."""
    true = hands()
    tips = [KEYPOINTS.index(name) for name in KEYPOINTS if name.endswith("_tip")]
    only_tips = torch.full_like(true, torch.nan)
    only_tips[:, tips] = true[:, tips]
    scores = score_poses(true + 0.01, only_tips, each(len(true)), seed=0, config=FEW)
    for metric in (MPJPE_ROOT, MPJPE_ROOT_BONE, MPJPE_SCALE):
        assert math.isnan(scores.by_metric[metric].mean.value)
    for metric in (MPJPE_CENTROID, MPJPE_RADIUS, PA_MPJPE):
        assert scores.by_metric[metric].mean.value == pytest.approx(0.0, abs=1e-3)
    told = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert told["errors"]["MPJPE, root-relative"] == {
        "mean_mm": {"value": None, "low": None, "high": None},
        "median_mm": None,
        "areas": {grid.area.name: {"value": None, "low": None, "high": None} for grid in JOINT_GRIDS_MM},
    }


def test_intervals_are_over_clusters():
    true = hands(40)
    predicted = true + torch.linspace(0, 0.1, 40)[:, None, None]
    alone = score_poses(predicted, true, each(40), seed=0).by_metric[MPJPE].mean
    grouped = score_poses(predicted, true, consecutive(40, together=10), seed=0).by_metric[MPJPE].mean
    single = score_poses(predicted, true, consecutive(40, together=40), seed=0).by_metric[MPJPE].mean
    assert alone.value == grouped.value == single.value
    assert grouped.high - grouped.low > 1.3 * (alone.high - alone.low)
    assert not single.has_interval


def test_every_figure_is_told_with_its_name():
    told = score_poses(hands(), hands(), each(12), seed=0, config=FEW).to_json()
    assert list(told["errors"]) == [metric.name for metric in POSE_METRICS]
    assert told["errors"]["MPJPE"]["areas"][FREIHAND_MM.area.name]["value"] == pytest.approx(1.0)
    assert all(metric.unit == "mm" and metric.improves(by=-1.0) for metric in POSE_METRICS)
    assert (told["hands"], told["joints"], told["clusters"]) == (12, 252, 12)


def test_numbers_that_do_not_agree_are_refused():
    with pytest.raises(HandcraftError, match="one cluster per hand, but got 11 for 12 hands"):
        score_poses(hands(), hands(), each(11), seed=0)
    with pytest.raises(HandcraftError, match="some labelled joint, but 12 hands have none"):
        score_poses(hands(), torch.full((12, 21, 3), torch.nan), each(12), seed=0)
    with pytest.raises(HandcraftError, match="finite `predicted`"):
        score_poses(torch.full((12, 21, 3), torch.nan), hands(), each(12), seed=0)
    with pytest.raises(HandcraftError, match="`bone` to have two ends"):
        PoseProtocol(bone=("wrist", "wrist"))
    with pytest.raises(HandcraftError, match="`bone` to be a keypoint"):
        PoseProtocol(bone=("wrist", "elbow"))


def test_blocks_hold_neighbours():
    assert consecutive(7, together=3) == ["0", "0", "0", "1", "1", "1", "2"]
    with pytest.raises(HandcraftError, match="at least 1"):
        consecutive(7, together=0)
