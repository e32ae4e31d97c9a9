# SPDX-License-Identifier: Apache-2.0
"""What a person sees while a run trains: a bar with its losses, or a plain line now and then without a terminal."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_PLAIN_LINE_EVERY_S = 15.0
_ALARM = "_warning"  # 0 or 1 a step


class TrainingProgress:
    """A context that shows ``steps`` steps of ``title`` on stderr, from ``first`` on; nothing if not ``shown``."""

    def __init__(self, title: str, *, first: int, steps: int, shown: bool, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._title, self._first, self._steps, self._shown = title, first, steps, shown
        self._next_line_s, self._begun_s = 0.0, time.monotonic()
        self._open = ExitStack()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"), console=self._console,
        )  # fmt: skip
        self._task = self._bar.add_task(title, total=steps, completed=first, losses="")

    def __enter__(self) -> "TrainingProgress":
        if self._shown and self._console.is_terminal:
            self._open.enter_context(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    def advance(self, done: int, means: Mapping[str, float]) -> None:
        """Show that ``done`` steps are done; ``means`` are the losses since the last log line (empty: unchanged)."""
        losses = told(means)
        self._bar.update(self._task, completed=done)
        if losses:
            self._bar.update(self._task, losses=losses)
        if not self._shown or self._console.is_terminal or not losses:
            return
        if time.monotonic() >= self._next_line_s or done == self._steps:
            self._next_line_s = time.monotonic() + _PLAIN_LINE_EVERY_S
            pace_s = (time.monotonic() - self._begun_s) / max(1, done - self._first)
            ahead = f"  ({time_left(pace_s * (self._steps - done))} left)" if done < self._steps else ""
            self.say(f"{self._title}: step {done} of {self._steps}  {losses}{ahead}")

    def say(self, line: str) -> None:
        """Print one line above the bar."""
        if self._shown:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def time_left(seconds: float) -> str:
    """About how long that is.

    >>> time_left(20), time_left(700), time_left(9100)
    ('under a minute', 'about 12 min', 'about 2 h 32 min')
    """
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    return f"about {minutes} min" if minutes < 60 else f"about {minutes // 60} h {minutes % 60} min"


def told(means: Mapping[str, float]) -> str:
    """Losses in one line. An alarm, ``<what>_warning``, is said in a word while it is on, and not at all else."""
    alarms = {name.removesuffix(_ALARM): value for name, value in means.items() if name.endswith(_ALARM)}
    losses = [f"{name} {value:.4g}" for name, value in means.items() if not name.endswith(_ALARM)]
    return "  ".join([f"WARNING: {what}" for what, value in alarms.items() if value > 0.5] + losses)
