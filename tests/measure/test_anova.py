# SPDX-License-Identifier: Apache-2.0
import json

import pytest
import scipy.stats
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import ModelFigure, one_way_anova
from handcraft.randomness import generator_for

GROUPS = {"vaegan": [0.94, 0.93, 0.96], "pixels": [0.95, 0.94, 0.97, 0.93], "features": [0.91, 0.92]}


def figures(groups):
    return [ModelFigure(name, f"seed {i}", value) for name, values in groups.items() for i, value in enumerate(values)]


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=generator_for(seed), dtype=torch.float64)


def redraws_of(skills, *, draws=5, scatter=0.01):
    """One figure per draw of each trained model, whose true skill is given by method."""
    return [
        ModelFigure(method, f"seed {model}", skill + scatter * float(noise(1, seed=31 * number + 7 * model + draw)))
        for number, (method, models) in enumerate(skills.items())
        for model, skill in enumerate(models)
        for draw in range(draws)
    ]


def test_equals_scipy():
    ours, theirs = one_way_anova(figures(GROUPS)), scipy.stats.f_oneway(*GROUPS.values())
    assert (ours.f, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert (ours.df_between, ours.df_within) == (2, 6)
    assert ours.models == {"vaegan": 3, "pixels": 4, "features": 2}


def test_the_effect_is_the_share_of_the_variation():
    """2 + 2 within, and 4 x 1 between: half."""
    anova = one_way_anova(figures({"a": [-2.0, 0.0], "b": [0.0, 2.0]}))
    assert anova.eta_squared == pytest.approx(0.5)
    assert anova.f == pytest.approx(2.0)
    assert str(anova) == "F(1, 2) = 2.00, p = 0.29, η² = 0.50"


def test_units_and_order_do_not_matter():
    straight = one_way_anova(figures(GROUPS))
    scaled = figures({name: [100 * value - 7 for value in values] for name, values in GROUPS.items()})
    turned = one_way_anova(scaled[::-1])
    assert (turned.f, turned.p, turned.eta_squared) == pytest.approx((straight.f, straight.p, straight.eta_squared))


def test_one_kind_is_called_different_as_often_as_the_level_says():
    called = [
        one_way_anova(figures({name: noise(4, seed=10 * trial + i).tolist() for i, name in enumerate("abc")})).p < 0.05
        for trial in range(1000)
    ]
    assert sum(called) / 1000 == pytest.approx(0.05, abs=0.02)


def test_redraws_of_one_model_per_method_are_refused():
    """What seed 000 tests: five draws of one training each."""
    with pytest.raises(
        HandcraftError, match=r"models of `a`, but got 5 .* of 1 model; drawing images again .* other seeds"
    ):
        one_way_anova(redraws_of({"a": [0.7], "b": [0.8], "c": [0.9]}))


def test_redraws_do_not_count_as_models():
    """Methods that are one: only chance of training parts their models, and draws repeat it as if it were certain."""
    skills = {"a": [0.80, 0.90], "b": [0.82, 0.91], "c": [0.85, 0.79]}
    honest = one_way_anova(redraws_of(skills))
    as_models = [ModelFigure(f.method, f"{f.model} {i}", f.value) for i, f in enumerate(redraws_of(skills, draws=20))]
    assert honest.df_within == 3
    assert honest.p > 0.3
    assert one_way_anova(as_models).p < 0.05
    few, many = (one_way_anova(redraws_of(skills, draws=draws, scatter=0.0)).p for draws in (1, 50))
    assert few == pytest.approx(many)


def test_no_more_methods_than_one_are_refused():
    with pytest.raises(HandcraftError, match="two methods or more, but got a"):
        one_way_anova(figures({"a": [1.0, 2.0]}))
    with pytest.raises(HandcraftError, match="two methods or more, but got none"):
        one_way_anova([])


def test_models_that_are_all_alike_are_no_separate_trainings():
    with pytest.raises(HandcraftError, match="but all have the same figure; train them from different seeds"):
        one_way_anova(figures({"a": [0.3, 0.3], "b": [0.7, 0.7]}))


def test_a_figure_that_is_none_is_refused():
    with pytest.raises(HandcraftError, match="Expected finite figures of `b`"):
        one_way_anova(figures({"a": [0.3, 0.4], "b": [0.7, float("nan")]}))


def test_json_is_plain():
    written = json.loads(json.dumps(one_way_anova(figures(GROUPS)).to_json(), allow_nan=False))
    assert set(written) == {"f", "p", "df_between", "df_within", "eta_squared", "models"}
