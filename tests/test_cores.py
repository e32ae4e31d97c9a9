# SPDX-License-Identifier: Apache-2.0
"""One worker for each core that this process may use, unless somebody says how many."""

import os

import pytest

from handcraft.cores import available_cores, worker_count


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to cores")
def test_a_process_bound_to_one_core_has_one():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert available_cores() == worker_count(0) == 1
    finally:
        os.sched_setaffinity(0, before)
    assert available_cores() == len(before)


def test_a_number_that_is_asked_for_is_kept():
    assert worker_count(7) == 7
