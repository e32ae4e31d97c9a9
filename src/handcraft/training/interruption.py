# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and a cluster's SIGTERM wait for the end of the step: half a step cannot be resumed bit for bit."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

import torch
from accelerate.state import PartialState


class Interruption:
    """Within this context the first SIGINT or SIGTERM is only noted; a second one interrupts at once.

    Outside the main thread signals are left as they are.
    """

    def __init__(self) -> None:
        self._noted = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True

    def requested(self) -> bool:
        """True if any of the data-parallel processes was asked to stop: all stop after the same step."""
        if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
            return self._noted
        noted = torch.tensor(float(self._noted), device=PartialState().device)
        torch.distributed.all_reduce(noted, op=torch.distributed.ReduceOp.MAX)
        return bool(noted.item())
