# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure``: an estimator on a labelled set, sets of images against each other, files of joints.

Each word has a file of its own, imported when it is asked for: scoring a text file should not wait for networks.
"""

import importlib

__all__ = ["main"]

FILE_BY_WORD = {
    **{word: word for word in ("realism", "domains", "joints", "freihand")},
    **dict.fromkeys(("nyu", "icvl", "msra"), "depth"),
}


def main(argv: list[str]) -> int:
    """Measure an estimator, the realism of images, how well their domains are told apart, or files of joints."""
    file = FILE_BY_WORD.get(argv[0]) if argv else None
    if file is None:
        return int(importlib.import_module("handcraft.cli.measure_estimator").main(argv))
    rest = argv if file == "depth" else argv[1:]  # one file for three words, which looks at the word itself
    return int(importlib.import_module(f"handcraft.cli.measure_{file}").main(rest))
