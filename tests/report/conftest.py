# SPDX-License-Identifier: Apache-2.0
"""Run folders and pages that several tests look at; made once."""

import pytest

from handcraft.report import write_report
from tests.report.make import make_run, results
from tests.report.reading import read_page


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A run folder with its page in it. Read it, copy it, leave it as it is."""
    run = make_run(tmp_path_factory.mktemp("run"))
    write_report(run)
    return run


@pytest.fixture(scope="session")
def page(folder):
    """The page of a run with one seed."""
    return read_page(folder / "report.html")


@pytest.fixture(scope="session")
def seeds_page(tmp_path_factory):
    """The page of a run with three seeds."""
    return read_page(write_report(make_run(tmp_path_factory.mktemp("seeds"), results(seeds=(0, 1, 2)))))


@pytest.fixture(scope="session")
def several(tmp_path_factory):
    """The page of two runs."""
    path = tmp_path_factory.mktemp("several")
    runs = [make_run(path / name, brief()) for name in ("one", "two")]
    assert write_report(runs, path / "page.html") == path / "page.html"
    return read_page(path / "page.html")


def brief():
    """A whole results.json but for trainings and label drift, which take long to draw."""
    return results() | {"training": [], "label_drift": []}
