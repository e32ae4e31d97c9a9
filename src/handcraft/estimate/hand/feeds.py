# SPDX-License-Identifier: Apache-2.0
"""What a step of the hand network's training sees: renders block by block, photographs epoch by epoch, or both mixed.

Each is a pure function of (seed, step); data-parallel processes take equal shares.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from handcraft.data.sample import HandSample
from handcraft.estimate.hand.examples import HandExamples, examples_from, joined
from handcraft.estimate.render_blocks import RenderBlocks
from handcraft.training import batch_indices, process_slice

RENDER_STREAM = 1
PHOTOGRAPH_STREAM = 4


@runtime_checkable
class HandFeed(Protocol):
    """Where training examples come from."""

    def at(self, step: int, *, process_index: int, num_processes: int) -> HandExamples:
        """One process's share of the batch of ``step``."""
        ...


@dataclass(frozen=True)
class RenderFeed:
    """Renders made on the fly, each used ``passes`` times before the next block is rendered."""

    blocks: RenderBlocks[HandExamples]
    per_step: int
    passes: int
    seed: int

    @property
    def steps_in_block(self) -> int:
        """How many steps train on one block."""
        return max(1, self.blocks.size * self.passes // self.per_step)

    def at(self, step: int, *, process_index: int, num_processes: int) -> HandExamples:
        """One process's share of the batch of ``step``."""
        block, place = divmod(step, self.steps_in_block)
        examples = self.blocks.at(block)
        stream = RENDER_STREAM + (block << 8)
        chosen = batch_indices(len(examples), self.per_step, seed=self.seed, stream=stream, step=place)
        return examples.rows(process_slice(chosen, process_index=process_index, num_processes=num_processes))


@dataclass(frozen=True)
class PhotographFeed:
    """A fixed set, one shuffled epoch after another."""

    examples: HandExamples
    per_step: int
    seed: int

    def at(self, step: int, *, process_index: int, num_processes: int) -> HandExamples:
        """One process's share of the batch of ``step``."""
        chosen = batch_indices(len(self.examples), self.per_step, seed=self.seed, stream=PHOTOGRAPH_STREAM, step=step)
        return self.examples.rows(process_slice(chosen, process_index=process_index, num_processes=num_processes))


@dataclass(frozen=True)
class MixedFeed:
    """Of each feed its part of every batch, one after another."""

    feeds: Sequence[HandFeed]

    def at(self, step: int, *, process_index: int, num_processes: int) -> HandExamples:
        """One process's share of the batch of ``step``."""
        return joined([each.at(step, process_index=process_index, num_processes=num_processes) for each in self.feeds])


@dataclass(frozen=True)
class RenderLook:
    """How a block of examples is made of renders: ``make`` where they are rendered, ``join`` where they are used."""

    make: Callable[[list[HandSample]], Any]
    join: Callable[[list[Any]], HandExamples]
    described: Mapping[str, Any] = field(default_factory=dict)
    """What a run remembers of it, as JSON data."""


AS_RENDERED = RenderLook(examples_from, joined)
