# SPDX-License-Identifier: Apache-2.0
"""Every public function of the room shows an example, the examples are true, and a figure knows its direction."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

from handcraft import measure
from handcraft.measure import AUC_30PX, AUC_RELATIVE, DISPLACEMENT, EPE_MEAN, EPE_MEDIAN, MASK_IOU
from tests.documents import ROOT, run

MODULES = [f"{measure.__name__}.{module.name}" for module in pkgutil.iter_modules(measure.__path__)]
FUNCTIONS = [name for name in measure.__all__ if inspect.isfunction(getattr(measure, name))]


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module):
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_public_functions_show_an_example(function):
    assert ">>>" in inspect.getdoc(getattr(measure, function))


def test_the_python_of_the_page_of_measures_is_true():
    assert run(ROOT / "docs" / "measures.md")


@pytest.mark.parametrize("metric", [EPE_MEAN, EPE_MEDIAN, DISPLACEMENT])
def test_errors_improve_by_falling(metric):
    assert metric.unit == "px"
    assert metric.improves(by=-0.1)
    assert not metric.improves(by=0.1)
    assert not metric.improves(by=0.0)


@pytest.mark.parametrize("metric", [AUC_30PX, AUC_RELATIVE, MASK_IOU])
def test_shares_improve_by_rising(metric):
    assert metric.improves(by=0.1)
    assert not metric.improves(by=-0.1)
    assert not metric.improves(by=0.0)
