# SPDX-License-Identifier: Apache-2.0
"""An alarm is told in a word while it is on, first in the line; what is off is not told."""

import io

import pytest
from rich.console import Console

from handcraft.training import progress
from handcraft.training.progress import TrainingProgress, told


def test_alarms_are_words_and_losses_numbers():
    assert told({"cycle": 0.25, "collapse_warning": 1.0, "variety_warning": 0.0}) == "WARNING: collapse  cycle 0.25"
    assert told({"cycle": 0.25, "collapse_warning": 0.4}) == "cycle 0.25"
    assert told({}) == ""


def test_lines_tell_what_is_left_at_the_pace_of_this_session(monkeypatch: pytest.MonkeyPatch):
    clock, shown = iter([100.0, 160.0, 160.0, 160.0, 500.0, 500.0, 500.0]), io.StringIO()
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    console = Console(file=shown, width=200)
    with TrainingProgress("toy", first=1000, steps=1100, shown=True, console=console) as bar:
        bar.advance(1010, {"loss": 1.0})
        bar.advance(1100, {"loss": 0.5})
    assert shown.getvalue().splitlines() == [
        "toy: step 1010 of 1100  loss 1  (about 9 min left)",  # 6 s a step
        "toy: step 1100 of 1100  loss 0.5",
    ]
