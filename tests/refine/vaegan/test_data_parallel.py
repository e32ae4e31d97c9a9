# SPDX-License-Identifier: Apache-2.0
"""Two processes with half a batch each end with the same weights and remembered statistics, so that either can save."""

import dataclasses
import os
import socket

import torch

from tests.refine.vaegan.toy import TINY, assert_same, learner_at

CONFIG = dataclasses.replace(TINY, gan_steps=1, vae_steps=1)  # three steps: one of each stage


def one_of_two(rank, port, folder):
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in place.items()} | {"MASTER_ADDR": "127.0.0.1"}
    trained = learner_at(2, CONFIG)
    assert trained.accelerator.num_processes == 2
    state = {name: value for name, value in trained.state_dict().items() if name != "alarms"}  # of its own images
    torch.save({"state": state, "shown": trained.batches.rendered(0).images}, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_stay_together_through_all_stages(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(one_of_two, (port, tmp_path), 2)
    one, other = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert len(one["shown"]) == CONFIG.batch_size // 2
    assert not torch.equal(one["shown"], other["shown"])
    assert_same(one["state"], other["state"])
