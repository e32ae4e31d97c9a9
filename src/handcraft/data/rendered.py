# SPDX-License-Identifier: Apache-2.0
"""Rendered hands as a data set: sample i depends on (config, seed, i) only, whoever renders it and in what company."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import torch

from handcraft.data.readers.reader import SkippedFile
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.model import HandModel
from handcraft.render.pictures import take_pictures
from handcraft.render.renderer import Renderer, Rendering
from handcraft.scene.scene import SampledHands, SceneConfig, sample_scenes

BATCH = 32
"""Frames rendered together, always the same ones: the last bit of a sum of floats depends on its batch."""

SOURCE_OF_LOOK = {"plain": "plain renders", "photographic": "simulated photographs"}

Made = TypeVar("Made")


@dataclass(frozen=True)
class RenderedSet:
    """A reader that renders its samples when they are asked for.

    ``for sample in RenderedSet(config, seed=0, count=1000)`` holds one batch at a time in memory.
    """

    config: SceneConfig
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
        return SOURCE_OF_LOOK[self.config.look]

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
        end = self.first + self.count
        starts = range(self.first - self.first % BATCH, end, BATCH)
        parts = (range(max(start, self.first), min(start + BATCH, end)) for start in starts)
        return [part for part in parts if part]

    def map_batches(
        self, function: Callable[[list[HandSample]], Made], *, pool: ProcessPoolExecutor | None = None
    ) -> Iterator[Made]:
        """``function`` of every batch of samples, in order, computed where the batch is rendered.

        With several workers only what ``function`` returns travels between processes; it must be importable by name.
        ``pool``, from :func:`rendering_processes`, spares several sets the start of processes of their own.

        Raises:
            HandcraftError: a worker that the system ended, for want of memory as a rule.
        """
        workers = min(self.workers or os.cpu_count() or 1, len(self.batches))
        if workers <= 1:
            for batch in self.batches:
                yield function(_render_batch(self.config, self.seed, batch))
            return
        with rendering_processes(workers) if pool is None else nullcontext(pool) as processes:
            waiting: deque[Future[Made]] = deque()
            for batch in self.batches:
                waiting.append(processes.submit(_render_and_apply, function, self.config, self.seed, batch))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def render_samples(config: SceneConfig, seed: int, indices: Sequence[int]) -> list[HandSample]:
    """The samples ``indices`` of the set that (config, seed) describes, with all their labels."""
    renderer = _renderer()
    scene, hands = sample_scenes(renderer.model, config, seed, indices)
    rendering = renderer.render(scene)
    images = take_pictures(rendering, config.look, seed, indices)
    return [_sample(config, seed, index, row, images[row], rendering, hands) for row, index in enumerate(indices)]


def _sample(
    config: SceneConfig, seed: int, index: int, row: int, image: torch.Tensor, rendering: Rendering, hands: SampledHands
) -> HandSample:
    return HandSample(
        key=f"{config.look}-{seed}-{index:07d}",
        image=image,
        source=SOURCE_OF_LOOK[config.look],
        is_real=False,
        subject=f"rendered-{seed}-{hands.people[row]}",
        side="left" if hands.mesh.is_left[row] else "right",
        mask=rendering.mask[row],
        keypoints_px=rendering.keypoints_px[row],
        confidence=torch.ones(21),
        visible=rendering.visible[row],
        joints_m=rendering.joints_m[row],
        intrinsics=rendering.camera.intrinsics[row],
        depth_m=rendering.depth_m[row],
        parts=rendering.parts[row],
        normals=rendering.normals[row],
    )


@cache
def _renderer() -> Renderer:
    """One hand model per process: loading it takes a second, and it never changes."""
    return Renderer(HandModel.load())


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


def _unchanged(samples: list[HandSample]) -> list[HandSample]:
    return samples


def _render_and_apply(
    function: Callable[[list[HandSample]], Made], config: SceneConfig, seed: int, part: range
) -> Made:
    return function(_render_batch(config, seed, part))


def _render_batch(config: SceneConfig, seed: int, part: range) -> list[HandSample]:
    """The samples ``part`` of one batch, which is rendered whole whatever is wanted of it."""
    start = part.start - part.start % BATCH
    samples = render_samples(config, seed, range(start, start + BATCH))
    return samples[part.start - start : part.stop - start]
