# SPDX-License-Identifier: Apache-2.0
"""Renders as an endless stream for training: made block by block when a step asks for them, and never stored.

Block ``b`` holds samples ``b * size`` to ``(b + 1) * size`` of each scene configuration's endless set, so what a step
trains on depends on (configurations, seed, step) only, and a run that was killed renders its block again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Generic, TypeVar

import torch

from handcraft.cores import available_cores
from handcraft.data.rendered import RenderedSet, rendering_processes
from handcraft.data.sample import HandSample
from handcraft.errors import expect_at_least
from handcraft.randomness import seed_for
from handcraft.scene import SceneConfig

Part = TypeVar("Part")
Made = TypeVar("Made")


def leaves_cores_free(device: torch.device) -> bool:
    """Whether training on ``device`` does: on a GPU, or with fewer threads than cores (``OMP_NUM_THREADS``)."""
    return device.type != "cpu" or torch.get_num_threads() < available_cores()


class RenderBlocks(Generic[Made]):
    """Blocks of renders, each made by ``join`` of what ``make`` returned for batches.

    A context: its processes end with it. The last block asked for is kept.
    """

    def __init__(
        self,
        scenes: Sequence[tuple[SceneConfig, int]],
        *,
        seed: int,
        make: Callable[[list[HandSample]], Part],
        join: Callable[[list[Part]], Made],
        workers: int = 1,
        ahead: bool = False,
    ) -> None:
        """Blocks of so many samples of each configuration in ``scenes``.

        Args:
            scenes: configurations and how many samples of each a block has.
            seed: of all samples.
            make: what is kept of a batch of samples; computed where they are rendered, importable by name.
            join: a block of all those parts; computed in this process, so it may hold a network.
            workers: processes that render; 1 renders in this one, unless ``ahead``.
            ahead: render the next block while this one is used; for training that leaves cores free.
        """
        expect_at_least(1, workers=workers, **{"samples of each scene": min(count for _, count in scenes)})
        self.scenes, self.seed = tuple(scenes), seed
        self.make: Callable[[list[HandSample]], Any] = make
        self.join: Callable[[list[Any]], Made] = join
        self.workers, self.ahead = workers, ahead
        self._context = ExitStack()
        self._pool: Executor | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._kept: dict[int, Future[Made]] = {}

    def __enter__(self) -> "RenderBlocks[Made]":
        """Start the processes, if there are to be any."""
        self._thread = self._context.enter_context(ThreadPoolExecutor(1))
        if self.workers > 1 or self.ahead:
            self._pool = self._context.enter_context(rendering_processes(self.workers))
        return self

    def __exit__(self, *error: object) -> None:
        """End them."""
        for future in self._kept.values():
            future.cancel()
        self._context.close()

    @property
    def size(self) -> int:
        """Samples in a block."""
        return sum(count for _, count in self.scenes)

    def at(self, number: int) -> Made:
        """Block ``number`` (0, 1, ...)."""
        wanted = {number, number + 1} if self.ahead else {number}
        self._kept = {each: future for each, future in self._kept.items() if each in wanted}
        for each in sorted(wanted - set(self._kept)):
            self._kept[each] = self._begin(each)
        return self._kept[number].result()

    def _begin(self, number: int) -> "Future[Made]":
        if self._thread is None:
            raise RuntimeError("Expected the blocks to be used inside `with`, but they were not entered.")
        return self._thread.submit(self._block, number)

    def _block(self, number: int) -> Made:
        made: list[Any] = []
        for place, (scene, count) in enumerate(self.scenes):
            seed = seed_for(self.seed, place)  # or equal indices would show the same hands
            renders = RenderedSet(scene, seed, count, first=number * count, workers=self.workers)
            made.extend(renders.map_batches(self.make, pool=self._pool))
        return self.join(made)
