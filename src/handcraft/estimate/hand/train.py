# SPDX-License-Identifier: Apache-2.0
"""Train a hand network into a run folder."""

from dataclasses import replace
from pathlib import Path

import torch

from handcraft.estimate.hand.config import HandNetConfig
from handcraft.estimate.hand.examples import HandExamples, examples_from, joined
from handcraft.estimate.hand.feeds import RenderFeed
from handcraft.estimate.hand.learner import WEIGHTS_STREAM, HandLearner, make_hand_net
from handcraft.estimate.render_blocks import RenderBlocks, leaves_cores_free
from handcraft.randomness import generator_for, seed_for
from handcraft.training import RunFolder, make_accelerator, train

SHOWN = 24
"""Renders in the pictures of a run."""
HELD_OUT = 256
"""Renders that a run is judged on meanwhile."""
HELD_OUT_STREAM = 1000
"""Place of their seed among the run's; its blocks have the first ones."""


def train_hand_net(
    config: HandNetConfig, run_path: Path, *, workers: int = 1, resume: bool = False, progress: bool = True
) -> None:
    """Train on renders made on the fly, into the folder ``run_path``.

    With ``resume`` a run that was killed goes on from its last checkpoint and ends where it would have ended.

    Raises:
        HandcraftError: a folder in use, or a resumed run with another configuration.
    """
    accelerator = make_accelerator(config.device, config.precision)
    run = RunFolder.create(
        run_path,
        stage="estimate hand",
        config=config.without_loop(),
        seed=config.seed,
        inputs={"source": "simulated photographs, rendered on the fly", "is_real": False},
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    held_out = _held_out(config, workers)
    shown = held_out.rows(torch.arange(SHOWN) * len(held_out) // SHOWN)
    network = make_hand_net(config, generator=generator_for(config.seed, WEIGHTS_STREAM))
    ahead = leaves_cores_free(accelerator.device)
    with RenderBlocks(
        config.stream.scenes(), seed=config.seed, make=examples_from, join=joined, workers=workers, ahead=ahead
    ) as blocks:
        feed = RenderFeed(blocks, config.batch_size, config.stream.passes, config.seed)
        learner = HandLearner(network, feed, shown, config, accelerator, held_out=held_out)
        train(learner, config.loop, run, resume=resume, progress=progress)


def _held_out(config: HandNetConfig, workers: int) -> HandExamples:
    """Renders of the stream that no block has."""
    scenes = replace(config.stream, block=min(HELD_OUT, config.stream.block)).scenes()
    seed = seed_for(config.seed, HELD_OUT_STREAM)
    with RenderBlocks(scenes, seed=seed, make=examples_from, join=joined, workers=workers) as blocks:
        return blocks.at(0)
