# SPDX-License-Identifier: Apache-2.0
"""Train a hand network into a run folder."""

from pathlib import Path

from handcraft.data.rendered import RenderedSet
from handcraft.estimate.hand.config import HandNetConfig
from handcraft.estimate.hand.examples import examples_from, joined
from handcraft.estimate.hand.feeds import RenderFeed
from handcraft.estimate.hand.learner import WEIGHTS_STREAM, HandLearner, make_hand_net
from handcraft.estimate.render_blocks import RenderBlocks
from handcraft.randomness import generator_for
from handcraft.training import RunFolder, make_accelerator, train

SHOWN = 24
"""Renders in the pictures of a run."""


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
    scenes = config.stream.scenes()
    shown = examples_from(list(RenderedSet(scenes[0][0], config.seed, SHOWN)))
    network = make_hand_net(config, generator=generator_for(config.seed, WEIGHTS_STREAM))
    ahead = accelerator.device.type != "cpu"
    with RenderBlocks(
        scenes, seed=config.seed, make=examples_from, join=joined, workers=workers, ahead=ahead
    ) as blocks:
        feed = RenderFeed(blocks, config.batch_size, config.stream.passes, config.seed)
        learner = HandLearner(network, feed, shown, config, accelerator)
        train(learner, config.loop, run, resume=resume, progress=progress)
