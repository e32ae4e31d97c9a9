# SPDX-License-Identifier: Apache-2.0
"""What a step of a refiner is shown of one domain: crops with their masks, chosen by (seed, step) alone.

Domains may have different numbers of images: each is shown in shuffled epochs of its own, so no two images always meet.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from accelerate import Accelerator
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.randomness import generator_for
from handcraft.training import batch_indices, process_slice

_SHOWN = 0x540C  # keeps the choice for pictures apart from the epochs of the same stream


@dataclass(frozen=True)
class Batch:
    """Crops of one domain, on the device."""

    images: Float[Tensor, "batch 3 height width"]
    """RGB in [0, 1]."""
    masks: Bool[Tensor, "batch height width"]
    """What is seen of the hand."""
    indices: Int64[Tensor, " batch"]
    """Which items of the set these are: this process's slice of the batch, on the CPU."""


@runtime_checkable
class Order(Protocol):
    """Which items the batch of a step holds, over all processes."""

    def __call__(self, step: int) -> Int64[Tensor, " batch"]:
        """Indices of ``batch_size`` items; a pure function of the step."""
        ...


@dataclass(frozen=True)
class ShuffledOrder:
    """One shuffled epoch after another (``training.batch_indices``)."""

    count: int
    batch_size: int
    seed: int
    stream: int

    def __call__(self, step: int) -> Int64[Tensor, " batch"]:
        """Indices of ``batch_size`` items."""
        return batch_indices(self.count, self.batch_size, seed=self.seed, stream=self.stream, step=step)


class DomainBatches:
    """The batches of one domain, one a step.

    Args:
        images: the domain.
        batch_size: images a step, over all processes together.
        seed: the run's.
        stream: tells the domains of a run apart; another number, another order.
        accelerator: the device, and which part of a batch is this process's.
        order: which items a step takes; shuffled epochs unless given.
    """

    def __init__(
        self,
        images: PreparedSet,
        *,
        batch_size: int,
        seed: int,
        stream: int,
        accelerator: Accelerator,
        order: Order | None = None,
    ) -> None:
        self.images, self.accelerator = images, accelerator
        self._order = order or ShuffledOrder(len(images), batch_size, seed, stream)
        self._shown = torch.randperm(len(images), generator=generator_for(seed, stream, _SHOWN))

    def at(self, step: int) -> Batch:
        """This process's part of the batch of ``step``."""
        return self._load(own_part(self._order(step), self.accelerator))

    def shown(self, count: int) -> Batch:
        """Up to ``count`` items for pictures of the training: the same ones whenever it is asked, on every process."""
        return self._load(self._shown[:count])

    def _load(self, indices: Int64[Tensor, " batch"]) -> Batch:
        device = self.accelerator.device
        images = self.images.images[indices].to(device).float() / 255
        return Batch(images, self.images.masks[indices].to(device), indices)


def own_part(items: Tensor, accelerator: Accelerator) -> Tensor:
    """The part of a whole batch (of indices, of images) that this process takes.

    Raises:
        HandcraftError: a batch that cannot be dealt out to the processes in equal parts.
    """
    index, processes = accelerator.process_index, accelerator.num_processes
    mine = process_slice(torch.arange(len(items)), process_index=index, num_processes=processes)
    return items[mine.to(items.device)]
