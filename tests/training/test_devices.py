# SPDX-License-Identifier: Apache-2.0
"""Laws of devices and seeds: accelerators do not disturb each other; two processes train what one would."""

import os
import socket

import pytest
import torch
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.training import batch_indices, forked_rng, make_accelerator, process_slice
from tests.training.toy import process


def test_accelerators_of_both_precisions_live_side_by_side():
    exact, fast = make_accelerator("cpu", "float32"), make_accelerator("cpu", "bfloat16")
    network = nn.Linear(4, 4)
    for accelerator, dtype in ((exact, torch.float32), (fast, torch.bfloat16), (exact, torch.float32)):
        assert accelerator.device == torch.device("cpu")
        with accelerator.autocast():
            assert network(torch.ones(1, 4)).dtype == dtype
    assert (exact.num_processes, exact.process_index, exact.is_main_process) == (1, 0, True)


def test_a_gpu_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(HandcraftError, match=r"`device` .* but got cuda; use --device cpu or auto"):
        make_accelerator("cuda")


def test_an_accelerator_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    make_accelerator("cpu")
    assert torch.equal(torch.get_rng_state(), before)


def drawn(seed, *indices):
    with forked_rng(seed, *indices):
        return nn.Linear(8, 8).weight.detach().clone()


def test_weights_follow_from_the_seed_and_nothing_else():
    first = drawn(1)
    torch.rand(5)
    assert torch.equal(drawn(1), first)
    others = [first, drawn(2), drawn(1, 0), drawn(1, 1)]
    assert all(not torch.equal(a, b) for i, a in enumerate(others) for b in others[:i])


def test_the_global_generator_is_put_back_even_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), forked_rng(1):
        torch.rand(3) / (1 // 0)
    assert torch.equal(torch.get_rng_state(), before)


def trained_weights(accelerator, steps=4):
    """Weights after a few steps in which each process takes its part of each batch."""
    with forked_rng(0):
        network = nn.Linear(3, 1)
    network, optimiser = accelerator.prepare(network, torch.optim.SGD(network.parameters(), lr=0.1))
    items = torch.linspace(-1, 1, 30).reshape(10, 3)
    for step in range(steps):
        batch = batch_indices(10, 4, seed=0, stream=0, step=step)
        mine = process_slice(batch, process_index=accelerator.process_index, num_processes=accelerator.num_processes)
        optimiser.zero_grad()
        accelerator.backward((network(items[mine]) - 1).square().mean())
        optimiser.step()
    return accelerator.unwrap_model(network).weight.detach().clone()


def train_as_process(index, port, folder):
    torch.set_num_threads(1)
    places = {"RANK": index, "LOCAL_RANK": index, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in places.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"}
    accelerator = make_accelerator("cpu")
    assert make_accelerator("cpu").num_processes == 2  # a second one stays in the same group
    torch.save(trained_weights(accelerator), folder / f"{index}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_train_what_one_would(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [process(train_as_process, index, port, tmp_path) for index in range(2)]
    for each in processes:
        each.start()
    for each in processes:
        each.join(60)
    first, second = (torch.load(tmp_path / f"{index}.pt") for index in range(2))
    alone = trained_weights(make_accelerator("cpu"))
    assert torch.equal(first, second)
    torch.testing.assert_close(first, alone)
