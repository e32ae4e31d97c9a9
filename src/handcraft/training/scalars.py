# SPDX-License-Identifier: Apache-2.0
"""Losses between two log lines, and the copy of them that TensorBoard reads if it is installed."""

import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WriteScalars = Callable[[int, Mapping[str, float]], None]


class RunningMeans:
    """Means of the losses since the last log line. Its sums go into the checkpoint, so resuming changes no line."""

    def __init__(self, sums: Mapping[str, float] | None = None, count: int = 0) -> None:
        self.sums, self.count = dict(sums or {}), count

    def add(self, values: Mapping[str, float]) -> None:
        """Count one step's values in."""
        self.count += 1
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def take(self) -> dict[str, float]:
        """The means, and start over."""
        means = {name: total / self.count for name, total in self.sums.items()}
        self.sums, self.count = {}, 0
        return means


@contextmanager
def tensorboard_scalars(folder: Path, *, first: int, writes: bool) -> Iterator[WriteScalars]:
    """A function that writes (step, values) for TensorBoard into ``folder``; does nothing where it is not installed.

    Events of an earlier session after step ``first`` are hidden by the new ones.
    """
    if not writes or importlib.util.find_spec("tensorboard") is None:
        yield lambda step, values: None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorboard's own deprecations are not the user's business
        from torch.utils.tensorboard import SummaryWriter
    with SummaryWriter(str(folder), purge_step=first + 1 if first else None) as writer:

        def write(step: int, values: Mapping[str, float]) -> None:
            for name, value in values.items():
                writer.add_scalar(name, value, step)

        yield write
