# SPDX-License-Identifier: Apache-2.0
"""Rendered hands as a data set: sample i depends on (config, seed, i) only, whoever renders it and in what company."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

from handcraft.cores import worker_count
from handcraft.data.processes import rendering_processes
from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample
from handcraft.data.scene_samples import (
    RENDERED_TOGETHER,
    SOURCE_OF_LOOK,
    SetConfig,
    render_samples,
    render_some,
    scenes_of,
)
from handcraft.errors import HandcraftError
from handcraft.scene.sequences import SequenceConfig

__all__ = ["RenderedSet", "SetConfig", "render_again", "render_samples", "rendering_processes", "scenes_of"]

FRAMES_OF_SEQUENCES = 32
"""Frames of sequences that are made together, always the same ones: a sum's last bit depends on its batch."""

STILLS, PIXELS_OF_STILLS = 256, 256 * 128 * 128
"""Single hands that are drawn together, likewise; fewer where pictures are large: their backdrops are drawn too."""

Made = TypeVar("Made")


@dataclass(frozen=True)
class RenderedSet:
    """A reader that renders its samples when they are asked for.

    ``for sample in RenderedSet(config, seed=0, count=1000)`` holds one batch at a time in memory. Of sequences, the
    samples are the frames, one after the other.
    """

    config: SetConfig
    seed: int
    count: int
    first: int = 0
    workers: int = 1
    """Processes that render; 0 takes one per core. The samples do not depend on it."""
    is_real: bool = False
    skipped: list[SkippedFile] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse counts below zero."""
        for name in ("count", "first", "workers"):
            if getattr(self, name) < 0:
                raise HandcraftError(f"Expected `{name}` to be at least 0, but got {getattr(self, name)}.")

    @property
    def name(self) -> str:
        """``plain renders`` or ``simulated photographs``."""
        return SOURCE_OF_LOOK[scenes_of(self.config).look]

    def __len__(self) -> int:
        """The number of samples."""
        return self.count

    def __iter__(self) -> Iterator[HandSample]:
        """Samples ``first`` to ``first + count``, in order."""
        for batch in self.map_batches(_unchanged):
            yield from batch

    @property
    def batches(self) -> list[range]:
        """The samples asked for, by the batches they are rendered in."""
        at_once = rendered_at_once(self.config)
        return [batch for group in self._groups for batch in _cut(group, at_once)]

    @property
    def _groups(self) -> list[range]:
        """The samples asked for, by the groups their hands are drawn in."""
        return _cut(range(self.first, self.first + self.count), drawn_together(self.config))

    def map_batches(
        self, function: Callable[[list[HandSample]], Made], *, pool: Executor | None = None
    ) -> Iterator[Made]:
        """``function`` of every batch of samples, in order, computed where the batch is rendered.

        With several workers only what ``function`` returns travels between processes; it must be importable by name.
        ``pool``, from :func:`rendering_processes`, spares several sets the start of processes of their own; one from
        :func:`handcraft.data.cluster.ray_processes` renders on a cluster, ``workers`` groups at once.

        Raises:
            HandcraftError: a worker that the system ended, for want of memory as a rule.
        """
        groups = self._groups
        workers = min(worker_count(self.workers), len(groups))
        if workers <= 1 and pool is None:
            for group in groups:
                yield from map(function, _render_group(self.config, self.seed, group))
            return
        with rendering_processes(workers) if pool is None else nullcontext(pool) as processes:
            waiting: deque[Future[list[Made]]] = deque()
            for group in groups:
                waiting.append(processes.submit(_render_and_apply, function, self.config, self.seed, group))
                if len(waiting) > 2 * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()


def render_again(config: SetConfig, sample: HandSample) -> HandSample:
    """The sample anew, to the bit, from what its record says and the configuration of its set.

    Raises:
        HandcraftError: a sample that was not rendered, or has been mirrored since.
    """
    if sample.seed is None or sample.index is None:
        raise HandcraftError(
            f"Expected sample {sample.key!r} to know its `seed` and `index`, but it does not; only renders as they "
            "were made can be made again."
        )
    return next(iter(RenderedSet(config, sample.seed, 1, first=sample.index)))


def drawn_together(config: SetConfig) -> int:
    """How many samples a group has whose hands are drawn at once: whole sequences, where they are short."""
    if isinstance(config, SequenceConfig):
        return FRAMES_OF_SEQUENCES - FRAMES_OF_SEQUENCES % config.frames or FRAMES_OF_SEQUENCES
    fitting = PIXELS_OF_STILLS // config.size_px**2 // RENDERED_TOGETHER * RENDERED_TOGETHER
    return max(RENDERED_TOGETHER, min(STILLS, fitting))


def rendered_at_once(config: SetConfig) -> int:
    """How many of those are rendered at once: all frames of sequences, for each needs the next."""
    return drawn_together(config) if isinstance(config, SequenceConfig) else RENDERED_TOGETHER


def _cut(samples: range, size: int) -> list[range]:
    """Consecutive parts of ``samples``, which end at multiples of ``size``."""
    starts = range(samples.start - samples.start % size, samples.stop, size)
    parts = (range(max(start, samples.start), min(start + size, samples.stop)) for start in starts)
    return [part for part in parts if part]


def _unchanged(samples: list[HandSample]) -> list[HandSample]:
    return samples


def _render_and_apply(
    function: Callable[[list[HandSample]], Made], config: SetConfig, seed: int, part: range
) -> list[Made]:
    return [function(batch) for batch in _render_group(config, seed, part)]


def _render_group(config: SetConfig, seed: int, part: range) -> Iterator[list[HandSample]]:
    """The samples ``part`` of one group, batch by batch; its hands are drawn together whatever is wanted of it."""
    together = drawn_together(config)
    start = part.start - part.start % together
    return render_some(config, seed, range(start, start + together), part)
