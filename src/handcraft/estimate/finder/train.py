# SPDX-License-Identifier: Apache-2.0
"""Train a finder into a run folder."""

from pathlib import Path

from handcraft.estimate.finder.config import FinderConfig
from handcraft.estimate.finder.cutouts import HandCutouts, cut_out, joined
from handcraft.estimate.finder.finder import Finder
from handcraft.estimate.finder.learner import FinderLearner, HandsOfBlock
from handcraft.estimate.render_blocks import RenderBlocks, leaves_cores_free
from handcraft.training import RunFolder, make_accelerator, train


def train_finder(
    config: FinderConfig, run_path: Path, *, workers: int = 1, resume: bool = False, progress: bool = True
) -> Finder:
    """Train on scenes composed of hands that are rendered meanwhile; the finder at the end of it.

    The run goes into the folder ``run_path``. With ``resume`` a run that was killed goes on from its last checkpoint
    and ends where it would have ended. ``workers`` processes render; how many changes nothing else.

    Raises:
        HandcraftError: a folder in use, or a resumed run with another configuration.
    """
    with rendered_hands(config, workers=workers) as blocks:
        return train_on(blocks.at, config, run_path, resume=resume, progress=progress)


def rendered_hands(config: FinderConfig, *, workers: int = 1) -> RenderBlocks[HandCutouts]:
    """Blocks of hands as ``config`` has them rendered; a context."""
    device = make_accelerator(config.device, config.precision).device
    return RenderBlocks(
        config.renders, seed=config.seed, make=cut_out, join=joined, workers=workers, ahead=leaves_cores_free(device)
    )


def train_on(
    hands_of_block: HandsOfBlock, config: FinderConfig, run_path: Path, *, resume: bool = False, progress: bool = True
) -> Finder:
    """As ``train_finder``, on hands from anywhere."""
    accelerator = make_accelerator(config.device, config.precision)
    learner = FinderLearner(hands_of_block, config, accelerator)
    run = RunFolder.create(
        run_path,
        stage="find",
        config=config,
        seed=config.seed,
        inputs={"source": "scenes composed of simulated photographs"},
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop, run, resume=resume, progress=progress)
    return Finder(learner.average.network.state_dict(), config, device=accelerator.device)
