# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import scipy.stats
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import Metric
from handcraft.measure.realism import (
    FRECHET,
    INCEPTION,
    KERNEL,
    NEAREST_NEIGHBOUR,
    PRECISION_RECALL,
    Measure,
    feature_measures,
    largest_size,
    over_draws,
    repeated,
)
from handcraft.randomness import generator_for


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed))


def numbered(count, *, first=0):
    return torch.arange(first, first + count, dtype=torch.float64)[:, None]


def spying():
    """A measure that writes down the images it is shown."""
    shown = []

    def of(real, made):
        shown.append((real[:, 0].tolist(), made[:, 0].tolist()))
        return (0.0,)

    return Measure((Metric("nothing", unit="", better="lower"),), of), shown


def of(measure, real, made, *, repeats, size, seed=0):
    return repeated(measure, real, made, space="normal", repeats=repeats, size=size, seed=seed)


def test_no_image_is_drawn_twice_and_the_control_never_shares_one():
    measure, shown = spying()
    of(measure, numbered(47), numbered(33, first=1000), repeats=3, size=7)
    compared, controls = shown[:3], shown[3:]
    references = [image for real, _ in compared for image in real]
    further = [image for _, control in controls for image in control]
    made = [image for _, images in compared for image in images]
    assert [real for real, _ in controls] == [real for real, _ in compared]  # paired on one reference
    assert len(set(references + further)) == 2 * 3 * 7
    assert len(set(made)) == 3 * 7
    assert all(image >= 1000 for image in made)
    assert all(image < 47 for image in references + further)


def test_the_seed_alone_decides():
    real, made = normal(120, 4), normal(60, 4, seed=1)
    once, again = (of(NEAREST_NEIGHBOUR, real, made, repeats=3, size=20, seed=5) for _ in range(2))
    assert once == again
    assert once.figures != of(NEAREST_NEIGHBOUR, real, made, repeats=3, size=20, seed=6).figures


def test_sets_of_one_refiner_are_compared_on_the_same_draws():
    measure, shown = spying()
    for made in (numbered(40), numbered(40, first=100)):
        of(measure, numbered(90), made, repeats=2, size=15, seed=3)
    assert [[image + 100 for image in made] for _, made in shown[:2]] == [made for _, made in shown[4:6]]


def test_the_control_of_disjoint_draws_is_one_half():
    """Where the overlapping draws of seed 000 had 0.30."""
    result = of(NEAREST_NEIGHBOUR, normal(1600, 6), normal(800, 6, seed=1) + 2, repeats=4, size=200)
    accuracy = result.figures[0]
    assert accuracy.control.value == pytest.approx(0.5, abs=0.03)
    assert not accuracy.control.excludes(0.5)
    assert accuracy.made.low > 0.7
    assert accuracy.made_minus_control.low > 0.2


def test_made_images_of_the_real_kind_do_not_differ_from_the_control():
    for measure in feature_measures(images=100, features=5):
        for figure in of(measure, normal(1000, 5), normal(500, 5, seed=1), repeats=5, size=100).figures:
            assert not figure.made_minus_control.excludes(0.0), figure.metric.name


def test_the_interval_is_students():
    draws = (0.3, 0.5, 0.45, 0.62)
    ours = over_draws(draws)
    low, high = scipy.stats.t.interval(0.95, 3, loc=np.mean(draws), scale=scipy.stats.sem(draws))
    assert (ours.value, ours.low, ours.high) == pytest.approx((np.mean(draws), low, high))


def test_the_interval_covers_as_often_as_it_says():
    samples = normal(2000, 4, seed=3).double()
    covered = [not over_draws(tuple(sample)).excludes(0.0) for sample in samples.tolist()]
    assert sum(covered) / len(covered) == pytest.approx(0.95, abs=0.015)


def test_one_draw_leaves_the_spread_unknown():
    figure = of(NEAREST_NEIGHBOUR, normal(40, 3), normal(20, 3, seed=1), repeats=1, size=20).figures[0]
    assert not figure.made.has_interval
    assert len(figure.made_draws) == 1


def test_every_measure_gives_a_figure_for_each_of_its_metrics():
    real, made = normal(80, 4), normal(40, 4, seed=1)
    for measure in feature_measures(images=20, features=4):
        figures = of(measure, real, made, repeats=2, size=20).figures
        assert [figure.metric for figure in figures] == list(measure.metrics)
    score = of(INCEPTION, real.softmax(1), (5 * made).softmax(1), repeats=2, size=20).figures[0]
    assert score.made.value > score.control.value > 1  # the control is the score of real images


def test_which_frechet_distance_it_was_is_in_its_name():
    names = [[m.name for measure in feature_measures(images=n, features=8) for m in measure.metrics] for n in (8, 9)]
    assert "Fréchet distance with shrunk covariances" in names[0]
    assert "Fréchet distance" in names[1]
    assert "Fréchet distance" not in names[0]


def test_sets_too_small_for_disjoint_draws_are_refused_with_the_size_that_would_do():
    real, made = normal(100, 3), normal(40, 3, seed=1)
    with pytest.raises(HandcraftError, match=r"from 1 to 8, but got 9: 5 disjoint draws .* need 90 real and 45 made"):
        of(PRECISION_RECALL, real, made, repeats=5, size=9)
    assert largest_size(100, 40, repeats=5) == 8
    assert of(PRECISION_RECALL, real, made, repeats=5, size=8).size == 8
    assert largest_size(90, 100, repeats=5) == 9
    with pytest.raises(HandcraftError, match="from 1 to 9, but got 10"):  # the control takes as many real ones again
        of(PRECISION_RECALL, real[:90], normal(100, 3), repeats=5, size=10)
    with pytest.raises(HandcraftError, match="Expected `repeats` to be at least 1, but got 0"):
        of(PRECISION_RECALL, real, made, repeats=0, size=8)


def test_what_a_measure_refuses_is_refused():
    with pytest.raises(HandcraftError, match="more images than features"):
        of(FRECHET, normal(40, 9), normal(20, 9, seed=1), repeats=2, size=9)


def test_all_that_a_figure_needs_to_be_read_is_beside_it():
    result = of(NEAREST_NEIGHBOUR, normal(120, 4), normal(60, 4, seed=1), repeats=3, size=20)
    written = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert {key: written[key] for key in ("space", "size", "repeats", "seed", "real_images", "made_images")} == {
        "space": "normal",
        "size": 20,
        "repeats": 3,
        "seed": 0,
        "real_images": 120,
        "made_images": 60,
    }
    assert "disjoint draws of images, one trained refiner" in written["interval"]
    assert written["figures"][0]["metric"] == {"name": "1-NN accuracy", "unit": "", "better": "nearest to 0.5"}
    line = str(result).splitlines()[0]
    assert line.startswith("1-NN accuracy (nearest to 0.5 is better): ")
    assert "3 disjoint draws of 20 images in normal" in line
    small = of(KERNEL, 0.03 * normal(120, 4), 0.03 * normal(60, 4, seed=1) + 0.02, repeats=3, size=20)
    assert small.figures[0].made.value < 0.005
    assert "): 0.00 " not in str(small)  # what is thousandths is not printed as nothing
