# SPDX-License-Identifier: Apache-2.0
"""Laws of batches: each epoch holds every item once; a batch depends on its step and not on who asked before."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.training import batch_indices, process_slice


def in_a_row(count, batch_size, steps, seed=1, stream=0):
    return torch.cat([batch_indices(count, batch_size, seed=seed, stream=stream, step=step) for step in range(steps)])


@pytest.mark.parametrize(("count", "batch_size"), [(12, 4), (10, 3), (3, 8), (1, 1), (7, 7), (5, 16)])
def test_each_epoch_holds_every_item_exactly_once(count, batch_size):
    epochs = in_a_row(count, batch_size, steps=3 * count).reshape(-1, count)
    assert torch.equal(epochs.sort(dim=1).values, torch.arange(count).expand(len(epochs), -1))


def test_every_batch_is_full():
    assert {len(batch_indices(10, 4, seed=1, stream=0, step=step)) for step in range(20)} == {4}


def test_a_batch_does_not_depend_on_the_order_of_calls():
    steps = list(range(40))
    forwards = [batch_indices(10, 3, seed=1, stream=0, step=step) for step in steps]
    for step in reversed(steps):
        for stream in range(12):  # more orders than are remembered
            batch_indices(10, 3, seed=1, stream=stream, step=step)
        assert torch.equal(batch_indices(10, 3, seed=1, stream=0, step=step), forwards[step])


def test_changing_a_batch_changes_no_other():
    before = batch_indices(10, 10, seed=1, stream=0, step=0).clone()
    batch_indices(10, 10, seed=1, stream=0, step=0).zero_()
    assert torch.equal(batch_indices(10, 10, seed=1, stream=0, step=0), before)


def test_epochs_streams_and_seeds_are_shuffled_apart():
    epochs = [*in_a_row(50, 50, steps=2).reshape(2, 50), in_a_row(50, 50, 1, stream=1), in_a_row(50, 50, 1, seed=2)]
    orders = {tuple(epoch.tolist()) for epoch in [*epochs, torch.arange(50)]}
    assert len(orders) == 5


def test_the_slices_of_all_processes_are_the_batch():
    batch = batch_indices(100, 12, seed=1, stream=0, step=3)
    slices = [process_slice(batch, process_index=index, num_processes=3) for index in range(3)]
    assert [len(part) for part in slices] == [4, 4, 4]
    assert torch.equal(torch.cat(slices), batch)
    with pytest.raises(HandcraftError, match=r"`batch_size` to be a multiple of the 5 processes, but got 12"):
        process_slice(batch, process_index=0, num_processes=5)


@pytest.mark.parametrize(("name", "value", "least"), [("count", 0, 1), ("batch_size", 0, 1), ("step", -1, 0)])
def test_nonsense_is_named(name, value, least):
    arguments = {"count": 5, "batch_size": 2, "step": 0} | {name: value}
    with pytest.raises(HandcraftError, match=rf"Expected `{name}` to be at least {least}, but got {value}\."):
        batch_indices(**arguments, seed=1, stream=0)
