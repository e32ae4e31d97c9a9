# SPDX-License-Identifier: Apache-2.0
"""Every public function shows a true example, and every figure knows its better direction."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

from handcraft.measure import Metric, NearestTo, realism

MODULES = [f"{realism.__name__}.{module.name}" for module in pkgutil.iter_modules(realism.__path__)]
FUNCTIONS = [name for name in realism.__all__ if inspect.isfunction(getattr(realism, name))]
METRICS = {name: value for name, value in vars(realism).items() if isinstance(value, Metric)}
DIRECTION = {
    "ACCURACY": "nearest",
    "PRECISION": "higher",
    "RECALL": "higher",
    "DENSITY": "higher",
    "COVERAGE": "higher",
}


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module):
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_public_functions_show_an_example(function):
    assert ">>>" in inspect.getdoc(getattr(realism, function))


@pytest.mark.parametrize("name", METRICS)
def test_figures_know_their_direction(name):
    start = name.split("_")[0]
    expected = DIRECTION.get(start, "higher" if name == "INCEPTION_SCORE" else "lower")
    assert str(METRICS[name].better).split()[0] == expected


def test_every_measure_has_its_metrics_and_no_two_share_a_name():
    measures = [value for value in vars(realism).values() if isinstance(value, realism.Measure)]
    metrics = [metric for measure in measures for metric in measure.metrics]
    assert set(metrics) == set(METRICS.values())
    assert len({metric.name for metric in metrics}) == len(metrics) == 12


def test_half_is_the_target_of_the_nearest_neighbour():
    assert realism.ACCURACY_1NN.better == NearestTo(0.5)
    assert realism.ACCURACY_1NN.is_better(0.55, than=0.4)
    assert not realism.ACCURACY_1NN.is_better(0.3, than=0.6)
