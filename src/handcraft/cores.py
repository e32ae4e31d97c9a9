# SPDX-License-Identifier: Apache-2.0
"""How many processes work side by side, wherever a command is told 0 of them."""

import os


def available_cores() -> int:
    """The cores that this process may run on: fewer than the machine has, where it is bound to some."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS, nor on Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worker_count(workers: int) -> int:
    """``workers``, or one for each core if it is 0."""
    return workers or available_cores()
