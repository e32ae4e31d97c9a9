# SPDX-License-Identifier: Apache-2.0
"""A learner as small as can be that still has what makes resuming hard: two optimisers, momentum, dropout, a pool."""

import dataclasses
import json
import multiprocessing
import time
from pathlib import Path

import torch
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.training import LoopConfig, RunFolder, batch_indices, forked_rng, load_checkpoint, train

CONFIG = {"width": 8, "rates": [0.01, 0.02]}
LOOP = LoopConfig(steps=60, log_every=4, checkpoint_every=10, draw_every=30)  # 4 and 10: means reach over checkpoints
SEED = 5


class ToyLearner:
    """Fits sums with one network while another tells its outputs, kept in a pool, from true ones."""

    kind = "toy"

    def __init__(self, seconds_per_step=0.0, at_step=None):
        with forked_rng(SEED):
            self.maker = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 1))
            self.judge = nn.Linear(1, 1)
        self.maker_optimiser = torch.optim.Adam(self.maker.parameters(), lr=0.01)
        self.judge_optimiser = torch.optim.SGD(self.judge.parameters(), lr=0.02, momentum=0.9)
        self.pool = torch.zeros(4, 1)
        self.items = torch.linspace(-1, 1, 28).reshape(7, 4)
        self.seconds_per_step, self.at_step, self.seen = seconds_per_step, at_step or {}, []

    def step(self, step):
        time.sleep(self.seconds_per_step)
        self.at_step.get(step, lambda: None)()
        indices = batch_indices(len(self.items), 4, seed=SEED, stream=0, step=step)
        self.seen.append(indices.tolist())
        batch = self.items[indices]
        made = self.maker(batch)
        maker_loss = (made - batch.sum(1, keepdim=True)).square().mean() - 0.01 * self.judge(made).mean()
        descend(self.maker_optimiser, maker_loss)
        judge_loss = (self.judge(self.pool) - self.judge(made.detach())).square().mean()
        descend(self.judge_optimiser, judge_loss)
        self.pool = torch.cat([self.pool[2:], made.detach()[:2]])
        return {"maker": maker_loss.item(), "judge": judge_loss.item()}

    def state_dict(self):
        names = ("maker", "judge", "maker_optimiser", "judge_optimiser")
        return {name: getattr(self, name).state_dict() for name in names} | {"pool": self.pool}

    def load_state_dict(self, state):
        for name in ("maker", "judge", "maker_optimiser", "judge_optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.pool = state["pool"]

    def draw(self, path):
        torch.rand(1)  # a careless learner: drawing must not shift the dropout of the steps after it
        path.write_text(json.dumps(self.pool.tolist()))


def descend(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def start(folder, resume=False, config=CONFIG, seed=SEED):
    return RunFolder.create(folder, stage="refine", config=config, seed=seed, inputs={}, resume=resume)


def train_toy(folder, resume=False, loop=LOOP, seconds_per_step=0.0, at_step=None):
    torch.set_num_threads(1)
    learner = ToyLearner(seconds_per_step, at_step)
    train(learner, loop, start(folder, resume), resume=resume, progress=False)
    return learner


def what_training_left(folder):
    """All that must not depend on kills: every byte of the metrics, the pictures and the tensors in the checkpoint."""
    files = [folder / "metrics.jsonl", *sorted((folder / "pictures").iterdir())]
    left = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    return left | {"checkpoint": in_bytes(dataclasses.asdict(load_checkpoint(folder / "checkpoint.pt", kind="toy")))}


def in_bytes(value):
    if isinstance(value, dict):
        return {key: in_bytes(item) for key, item in value.items()}
    if isinstance(value, torch.Tensor):
        return (value.dtype, tuple(value.shape), value.numpy().tobytes())
    return [in_bytes(item) for item in value] if isinstance(value, (list, tuple)) else repr(value)


def process(target, *arguments):
    """A process of its own for ``target``, quickly: forked from a server that has imported torch once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["handcraft.training", "torch._dynamo"])  # Adam imports the latter
    return context.Process(target=target, args=arguments)


def message_of_train_toy(folder, messages, prepare, resume=False):
    """In a process of its own: train and send the error's message; ``prepare(folder)`` gives ``at_step``."""
    try:
        train_toy(Path(folder), resume, at_step=prepare(Path(folder)))
        messages.send("no error")
    except HandcraftError as error:
        messages.send(str(error))
