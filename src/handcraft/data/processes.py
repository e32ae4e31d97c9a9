# SPDX-License-Identifier: Apache-2.0
"""Worker processes that end with whoever started them, whatever ends that."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import torch

from handcraft.errors import HandcraftError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT_BYTES = 2**30


@contextmanager
def rendering_processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that are gone when this context is left, and soon after this process was killed."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker)
    try:
        yield pool
    except BrokenProcessPool as error:
        raise HandcraftError(
            f"Expected {workers} rendering processes to live, but the system ended one, as it does when memory runs "
            "out; give fewer `workers`."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)  # batches that nobody waits for any more are not begun


def _start_worker() -> None:
    torch.set_num_threads(1)
    _keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process answers it alone
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _keep_freed_memory() -> None:
    """Have freed memory serve the next batch instead of going back to the system, which hands it out anew page by page.

    Batches are all alike, so nothing is kept that is not wanted again; a fifth of rendering was spent on such pages.
    glibc only: elsewhere the allocator stays as it is.
    """
    allocator = ctypes.CDLL(None) if sys.platform == "linux" else None
    if allocator is not None and hasattr(allocator, "mallopt"):
        allocator.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        allocator.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _leave_with_parent() -> None:
    """End this worker when the process that started it is gone: nobody else would, and it would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
