# SPDX-License-Identifier: Apache-2.0
"""Worker processes that end with whoever started them, whatever ends that."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import torch

from handcraft.errors import HandcraftError


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process answers it alone
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this worker when the process that started it is gone: nobody else would, and it would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
