# SPDX-License-Identifier: Apache-2.0
"""An alarm is told in a word while it is on, first in the line; what is off is not told."""

from handcraft.training.progress import told


def test_alarms_are_words_and_losses_numbers():
    assert told({"cycle": 0.25, "collapse_warning": 1.0, "variety_warning": 0.0}) == "WARNING: collapse  cycle 0.25"
    assert told({"cycle": 0.25, "collapse_warning": 0.4}) == "cycle 0.25"
    assert told({}) == ""
