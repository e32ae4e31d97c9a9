# SPDX-License-Identifier: Apache-2.0
import dataclasses
import importlib
import math
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handcraft.errors import HandcraftError
from handcraft.measure import BootstrapConfig, Estimate, bootstrap, mean_of, paired_difference, weighted_median
from handcraft.randomness import generator_for
from tests.oracles.bootstrap import resampled_figures
from tests.oracles.joint_error import over_keypoints


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed), dtype=torch.float64)


def names(count):
    return [f"person {index}" for index in range(count)]


def width(estimate):
    return estimate.high - estimate.low


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.integers(0, 1000))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_interval_holds_the_estimate(values, seed):
    estimate = bootstrap([mean_of(torch.tensor(values, dtype=torch.float64))], names(len(values)), seed=seed)
    assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9
    assert estimate.value == pytest.approx(sum(values) / len(values), abs=1e-9)


def test_equals_the_oracle_up_to_the_noise_of_drawing():
    values = normal(60, 3) * torch.tensor([1.0, 2.0, 3.0])
    values[::4, 1] = torch.nan
    clusters = [f"person {image % 11}" for image in range(60)]
    config = BootstrapConfig(resamples=4000)
    for statistic, summary in ((mean_of(values), np.mean), (lambda w: weighted_median(values, w), np.median)):
        ours = bootstrap([statistic], clusters, seed=1, config=config)
        figures = resampled_figures(
            values.numpy(), clusters, lambda rows, s=summary: over_keypoints(rows, s), resamples=1000, seed=2
        )
        low, high = np.quantile(figures, [0.025, 0.975])
        assert ours.value == pytest.approx(over_keypoints(values.numpy(), summary))
        assert ours.low == pytest.approx(low, abs=0.1 * (high - low))
        assert ours.high == pytest.approx(high, abs=0.1 * (high - low))


def test_the_interval_of_a_mean_is_the_normal_one():
    values = normal(400)
    estimate = bootstrap([mean_of(values)], names(400), seed=0, config=BootstrapConfig(resamples=4000))
    assert width(estimate) == pytest.approx(2 * 1.96 * float(values.std()) / math.sqrt(400), rel=0.06)


def test_covers_the_truth_about_as_often_as_it_says():
    config = BootstrapConfig(resamples=200, confidence_level=0.8)
    samples = [mean_of(normal(60, seed=seed)) for seed in range(200)]
    covered = sum(not bootstrap([sample], names(60), seed=0, config=config).excludes(0.0) for sample in samples)
    assert 0.7 < covered / len(samples) < 0.9


def test_more_images_of_the_same_people_do_not_narrow_the_interval():
    values = normal(40)
    once = bootstrap([mean_of(values)], names(40), seed=0)
    doubled = torch.cat([values, values])
    same_people = bootstrap([mean_of(doubled)], names(40) * 2, seed=0)
    as_if_independent = bootstrap([mean_of(doubled)], names(80), seed=0)
    assert width(same_people) == pytest.approx(width(once))
    assert width(as_if_independent) < 0.85 * width(once)


def test_one_cluster_leaves_the_spread_unknown():
    estimate = bootstrap([mean_of(torch.arange(10.0))], ["one person"] * 10, seed=0)
    assert estimate.value == 4.5
    assert not estimate.has_interval
    assert not estimate.excludes(99.0)
    assert estimate.to_json() == {"value": 4.5, "low": None, "high": None}


def test_the_seed_alone_decides():
    values, clusters = mean_of(normal(30)), names(30)
    assert bootstrap([values], clusters, seed=4) == bootstrap([values], clusters, seed=4)
    assert bootstrap([values], clusters, seed=4) != bootstrap([values], clusters, seed=5)


def test_renaming_people_changes_nothing():
    values, clusters = mean_of(normal(30)), [f"person {image // 3}" for image in range(30)]
    renamed = [name.replace("person", "hand of") for name in clusters]
    assert bootstrap([values], clusters, seed=4) == bootstrap([values], renamed, seed=4)


def test_drawing_a_few_rows_at_a_time_is_no_different(monkeypatch):
    module = importlib.import_module("handcraft.measure.bootstrap")
    whole = bootstrap([mean_of(normal(30))], names(30), seed=4)
    monkeypatch.setattr(module, "_WEIGHTS_AT_ONCE", 7 * 30)
    in_parts = bootstrap([mean_of(normal(30))], names(30), seed=4)
    assert dataclasses.astuple(in_parts) == pytest.approx(dataclasses.astuple(whole))


def test_a_higher_level_gives_a_wider_interval():
    values, clusters = mean_of(normal(50)), names(50)
    narrow, wide = (
        bootstrap([values], clusters, seed=0, config=BootstrapConfig(confidence_level=level)) for level in (0.5, 0.99)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def test_people_without_anything_to_count_are_left_out():
    values = torch.tensor([1.0, 3.0, torch.nan, torch.nan])
    estimate = bootstrap([mean_of(values)], names(4), seed=0)
    assert (estimate.low, estimate.value, estimate.high) == (1.0, 2.0, 3.0)


def test_swapping_the_arms_turns_the_difference_round():
    arm, against = mean_of(normal(50, 21)), mean_of(normal(50, 21, seed=1))
    forth = paired_difference([arm], [against], names(50), seed=3)
    back = paired_difference([against], [arm], names(50), seed=3)
    assert (back.value, back.low, back.high) == pytest.approx((-forth.value, -forth.high, -forth.low))


def test_pairing_removes_what_is_hard_for_both():
    hardness = 10 * normal(80)
    arm, against = mean_of(hardness + 0.1 * normal(80, seed=1) - 0.5), mean_of(hardness)
    paired = paired_difference([arm], [against], names(80), seed=0)
    assert paired.high < 0
    assert width(paired) < 0.05 * width(bootstrap([arm], names(80), seed=0))


def test_an_arm_does_not_differ_from_itself():
    arm = mean_of(normal(50, 21))
    assert paired_difference([arm], [arm], names(50), seed=3) == Estimate(0.0, 0.0, 0.0)


def test_equal_runs_add_no_spread():
    run = mean_of(normal(50))
    single = bootstrap([run], names(50), seed=0)
    three = bootstrap([run] * 3, names(50), seed=0)
    assert (three.value, three.low, three.high) == pytest.approx((single.value, single.low, single.high))


def test_runs_that_disagree_widen_the_interval():
    values = normal(50)
    runs = [mean_of(values + offset) for offset in (-2.0, 0.0, 2.0)]
    combined = bootstrap(runs, names(50), seed=0)
    assert combined.value == pytest.approx(float(values.mean()))
    assert width(combined) > 2 * width(bootstrap([runs[1]], names(50), seed=0))


def test_an_arm_without_training_stands_against_every_run():
    runs, baseline = [mean_of(normal(50, seed=seed)) for seed in (0, 1, 2)], mean_of(normal(50, seed=9))
    assert paired_difference(runs, [baseline], names(50), seed=0) == paired_difference(
        runs, [baseline] * 3, names(50), seed=0
    )


def test_runs_that_do_not_pair_are_refused():
    run = mean_of(normal(5))
    with pytest.raises(HandcraftError, match="as many runs as each other, or one, but got 3 and 2"):
        paired_difference([run] * 3, [run] * 2, names(5), seed=0)
    with pytest.raises(HandcraftError, match="as many runs as each other, or one, but got 1 and 0"):
        paired_difference([run], [], names(5), seed=0)


def test_nothing_to_draw_is_refused():
    with pytest.raises(HandcraftError, match="to hold something, but got 0, 5"):
        bootstrap([], names(5), seed=0)


def test_a_config_that_gives_no_interval_is_refused():
    with pytest.raises(HandcraftError, match="Expected `resamples` to be at least 1, but got 0"):
        BootstrapConfig(resamples=0)


def test_memory_does_not_grow_with_images_and_it_is_fast():
    """1000 resamples of 1000 images: well under a second on one core, so a report never waits for its intervals."""
    table = normal(1000, 21)
    started = time.perf_counter()
    bootstrap([mean_of(table)], names(1000), seed=0)
    assert time.perf_counter() - started < 1
