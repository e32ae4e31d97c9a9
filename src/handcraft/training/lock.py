# SPDX-License-Identifier: Apache-2.0
"""Two processes must not train into one folder: the second is told so. The lock dies with its process, kill or not."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handcraft.errors import HandcraftError

try:
    import fcntl
except ImportError:  # Windows has no such locks; folders are not guarded there
    fcntl = None  # type: ignore[assignment]


@contextmanager
def only_writer_of(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process. Raises HandcraftError while another process holds it."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise HandcraftError(
                f"Expected {folder} to be free, but another process is training into it; wait for it or stop it."
            ) from None
        # some network disks cannot lock a folder: training there goes unguarded rather than not at all
