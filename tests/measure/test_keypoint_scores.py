# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json

import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import (
    AUC_30PX,
    AUC_RELATIVE,
    EPE_MEAN,
    EPE_MEDIAN,
    KEYPOINT_METRICS,
    BootstrapConfig,
    difference_between,
    over_seeds,
    score_keypoints,
)
from handcraft.randomness import generator_for
from tests.oracles import joint_error as error_oracle
from tests.oracles import pck as pck_oracle

CONFIG = BootstrapConfig(resamples=200)
CLUSTERS = [f"person {image // 3}" for image in range(24)]


def labels(seed=0, spread=4.0):
    generator = generator_for(9)
    true_px = torch.rand(24, 21, 2, generator=generator, dtype=torch.float64) * 64
    confidence = (torch.rand(24, 21, generator=generator) - 0.2).clamp(min=0)
    offset = spread * torch.randn(24, 21, 2, generator=generator_for(seed), dtype=torch.float64)
    return true_px + offset, true_px, confidence


def score(predicted_px, true_px, confidence, clusters=CLUSTERS):
    return score_keypoints(predicted_px, true_px, confidence, clusters, seed=0, config=CONFIG)


def figures(scores):
    return [
        getattr(estimate, part)
        for estimate in (scores.epe_mean, scores.epe_median, scores.auc_30px, scores.auc_relative)
        for part in ("value", "low", "high")
    ]


def test_values_equal_the_oracles():
    scores = score(*labels())
    predicted_px, true_px, confidence = (part.numpy() for part in labels())
    errors = error_oracle.joint_error(predicted_px, true_px, confidence)
    sizes = np.array([pck_oracle.hand_size(*pair) for pair in zip(true_px, confidence, strict=True)])
    assert scores.epe_mean.value == pytest.approx(error_oracle.over_keypoints(errors, np.mean))
    assert scores.epe_median.value == pytest.approx(error_oracle.over_keypoints(errors, np.median))
    assert scores.auc_30px.value == pytest.approx(pck_oracle.auc(errors, np.linspace(0, 30, 20)))
    assert scores.auc_relative.value == pytest.approx(pck_oracle.auc(errors / sizes[:, None], np.linspace(0, 0.5, 21)))
    assert (scores.images, scores.people, scores.keypoints) == (24, 8, int((confidence > 0).sum()))


def test_the_areas_are_those_of_the_curves():
    scores = score(*labels())
    assert scores.auc_30px.value == pytest.approx(scores.pck_px.auc())
    assert scores.auc_relative.value == pytest.approx(scores.pck_relative.auc())


def test_a_perfect_prediction():
    _, true_px, confidence = labels()
    assert figures(score(true_px, true_px, confidence)) == [0] * 6 + [1] * 6


def test_intervals_hold_their_values():
    scores = score(*labels())
    for estimate in (scores.epe_mean, scores.epe_median, scores.auc_30px, scores.auc_relative):
        assert estimate.low <= estimate.value <= estimate.high


def test_moving_both_changes_nothing():
    predicted_px, true_px, confidence = labels()
    assert figures(score(predicted_px + 50, true_px + 50, confidence)) == pytest.approx(figures(score(*labels())))


def test_enlarging_both_images_leaves_the_relative_area_alone():
    predicted_px, true_px, confidence = labels()
    enlarged, plain = score(predicted_px * 3.5, true_px * 3.5, confidence), score(predicted_px, true_px, confidence)
    assert dataclasses.astuple(enlarged.auc_relative) == pytest.approx(dataclasses.astuple(plain.auc_relative))
    assert enlarged.epe_mean.value == pytest.approx(3.5 * plain.epe_mean.value)
    assert enlarged.auc_30px.value < plain.auc_30px.value


@pytest.mark.parametrize("rubbish", [1e9, torch.nan])
def test_unlabelled_keypoints_and_images_never_matter(rubbish):
    predicted_px, true_px, confidence = labels()
    unlabelled = (confidence == 0)[..., None]
    spoilt = [points.masked_fill(unlabelled, rubbish) for points in (predicted_px, true_px)]
    more = [torch.cat([part, torch.full_like(part[:2], rubbish)]) for part in spoilt]
    scores = score(*more, torch.cat([confidence, torch.zeros(2, 21)]), [*CLUSTERS, "nobody", "nobody else"])
    assert figures(scores) == figures(score(*labels()))
    assert (scores.images, scores.people) == (24, 8)
    assert scores.errors.per_image_px.isnan().tolist() == [False] * 24 + [True] * 2


def test_json_is_the_schema_of_the_results():
    written = json.loads(json.dumps(score(*labels()).to_json(), allow_nan=False))
    assert list(written) == [
        "epe_mean",
        "epe_median",
        "auc_30px",
        "auc_relative",
        "pck_px",
        "pck_relative",
        "images",
        "people",
        "keypoints",
    ]
    assert list(written["epe_mean"]) == ["value", "low", "high"]
    assert len(written["pck_px"]["thresholds"]) == len(written["pck_px"]["values"]) == 20


def test_one_person_is_scored_without_intervals():
    scores = score(*labels(), clusters=["one person"] * 24)
    assert not scores.epe_mean.has_interval
    assert json.loads(json.dumps(scores.to_json(), allow_nan=False))["epe_mean"]["low"] is None


def test_labels_that_span_nothing_have_no_relative_figures():
    confidence = torch.zeros(24, 21)
    confidence[:, 0] = 1
    scores = score(*labels()[:2], confidence)
    assert scores.epe_mean.has_interval
    written = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert written["auc_relative"]["value"] is None
    assert set(written["pck_relative"]["values"]) == {None}


def test_per_image_errors_are_in_the_order_given():
    predicted_px, true_px, confidence = labels()
    forwards = score(predicted_px, true_px, confidence).errors.per_image_px
    backwards = score(predicted_px.flip(0), true_px.flip(0), confidence.flip(0)).errors.per_image_px
    torch.testing.assert_close(backwards.flip(0), forwards)


@pytest.mark.parametrize("metric", KEYPOINT_METRICS)
def test_one_seed_combined_is_itself(metric):
    scores = score(*labels())
    estimate_of = {
        EPE_MEAN: scores.epe_mean,
        EPE_MEDIAN: scores.epe_median,
        AUC_30PX: scores.auc_30px,
        AUC_RELATIVE: scores.auc_relative,
    }
    assert over_seeds([scores.errors], metric, seed=0, config=CONFIG) == estimate_of[metric]


@pytest.mark.parametrize("metric", KEYPOINT_METRICS)
def test_several_seeds_average_and_the_better_arm_improves(metric):
    good, bad = ([score(*labels(seed, spread)).errors for seed in (1, 2, 3)] for spread in (2.0, 6.0))
    means = [over_seeds(runs, metric, seed=0, config=CONFIG).value for runs in (good, bad)]
    singles = [over_seeds([run], metric, seed=0, config=CONFIG).value for run in good]
    assert means[0] == pytest.approx(sum(singles) / 3)
    difference = difference_between(good, bad, metric, seed=0, config=CONFIG)
    assert difference.value == pytest.approx(means[0] - means[1])
    assert metric.improves(by=difference.value)
    assert difference.excludes(0.0)
    back = difference_between(bad, good, metric, seed=0, config=CONFIG)
    assert dataclasses.astuple(back) == pytest.approx((-difference.value, -difference.high, -difference.low))
    assert not metric.improves(by=back.value)


def test_arms_scored_on_other_images_are_refused():
    predicted_px, true_px, confidence = labels()
    scores = score(predicted_px, true_px, confidence).errors
    other_people = score(predicted_px, true_px, confidence, CLUSTERS[::-1]).errors
    other_labels = score(predicted_px, true_px, confidence.flip(1)).errors
    other_hands = score(predicted_px * 2, true_px * 2, confidence).errors
    for other in (other_people, other_labels, other_hands):
        with pytest.raises(HandcraftError, match="same labelled images, but run 1 differs from run 0"):
            difference_between([scores], [other], seed=0)
    with pytest.raises(HandcraftError, match="at least one scored run, but got none"):
        over_seeds([], seed=0)


def test_mistakes_are_named():
    predicted_px, true_px, confidence = labels()
    with pytest.raises(HandcraftError, match="one cluster per image, but got 2 for 24 images"):
        score(predicted_px, true_px, confidence, ["a", "b"])
    with pytest.raises(HandcraftError, match="all 24 images have none; score on a labelled test set"):
        score(predicted_px, true_px, torch.zeros(24, 21))
