# SPDX-License-Identifier: Apache-2.0
"""Two processes with half a batch each train as one process with the whole batch."""

import dataclasses
import os
import socket

import torch

from tests.refine.toy import TINY, learner, shown

CONFIG = dataclasses.replace(TINY, pool=6)  # smaller than two batches: the pool is full, and shared, in the second step
STEPS = 2


def gradients(trained):
    """Of all weights after some steps, in double precision: Adam would turn rounding into whole steps."""
    trained.networks.double()
    pooled = trained._pooled
    trained._pooled = lambda *arguments: pooled(*arguments).double()
    for step in range(STEPS):
        rendered, photographed = (shown(each.images.double(), each.masks) for each in trained.batch(step))
        images, _ = trained.update_generators(rendered, photographed, step)
        trained.update_discriminators(images, step)
    named = trained.networks.named_parameters()
    return torch.cat([parameter.grad.flatten() for name, parameter in named if name.endswith("weight")])


def one_of_two(rank, port, folder):
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in place.items()} | {"MASTER_ADDR": "127.0.0.1"}
    trained = learner(CONFIG)
    assert trained.accelerator.num_processes == 2
    torch.save(gradients(trained), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_train_as_one(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(one_of_two, (port, tmp_path), 2)
    alone = gradients(learner(CONFIG))
    for rank in range(2):
        torch.testing.assert_close(torch.load(tmp_path / f"{rank}.pt"), alone, rtol=1e-6, atol=1e-6)
