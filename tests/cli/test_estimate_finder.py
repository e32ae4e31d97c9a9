# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate finder``: from nothing to a finder and its scores."""

import pytest

from handcraft.cli import main
from handcraft.estimate.finder import FINDER_SMOKE, Finder


def test_a_finder_is_trained_and_tried(tmp_path, capsys):
    arguments = ["estimate", "finder", "--out", str(tmp_path / "run"), "--preset", "smoke", "--workers", "1"]
    assert main([*arguments, "--held-out", "3"]) == 0
    told = capsys.readouterr().out
    assert "On 3 scenes" in told
    assert "precision" in told
    assert Finder.load(tmp_path / "run").config == FINDER_SMOKE
    assert main(arguments) == 2  # the folder is in use
    assert "--resume" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--workers", "--held-out", "--batch-size"])
def test_what_means_nothing_is_refused(tmp_path, capsys, option):
    assert main(["estimate", "finder", "--out", str(tmp_path / "run"), option, "-1"]) == 2
    assert option.removeprefix("--").replace("-", "_") in capsys.readouterr().err
