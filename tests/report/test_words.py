# SPDX-License-Identifier: Apache-2.0
"""Numbers in words: what the docstrings promise, and that nested settings lose nothing."""

import doctest

from handcraft.report import words


def test_the_docstrings_are_right():
    outcome = doctest.testmod(words)
    assert outcome.attempted >= 6
    assert outcome.failed == 0


def test_nested_settings_lose_nothing():
    config = {"a": {"b": {"c": 1}, "empty": {}}, "list": [1, {"d": None}], "text": "x"}
    assert list(words.settings(config)) == [
        ("a.b.c", "1"),
        ("a.empty", "{}"),
        ("list", '[1, {"d": null}]'),
        ("text", "x"),
    ]
