# SPDX-License-Identifier: Apache-2.0
"""Train a hand encoder into a run folder."""

from pathlib import Path

from handcraft.encode.config import HandEncoderConfig
from handcraft.encode.hand_encoder import HandEncoder
from handcraft.encode.labelled_crops import LabelledCrops, render_labelled_crops
from handcraft.encode.learner import HandEncoderLearner
from handcraft.training import RunFolder, make_accelerator, train


def crops_to_learn_from(config: HandEncoderConfig, *, workers: int = 1) -> LabelledCrops:
    """The rendered crops that ``config`` names: the same ones on every machine, from any number of processes."""
    photographic = render_labelled_crops(
        "photographic", config.photographic_count, seed=config.seed, size=config.image_px, workers=workers
    )
    plain = render_labelled_crops("plain", config.plain_count, seed=config.seed, size=config.image_px, workers=workers)
    return LabelledCrops.joined([photographic, plain])


def train_hand_encoder(
    crops: LabelledCrops, config: HandEncoderConfig, run_path: Path, *, resume: bool = False, progress: bool = True
) -> HandEncoder:
    """Train on ``crops`` into the folder ``run_path`` and return the encoder at the end of it.

    With ``resume`` a run that was killed goes on from its last checkpoint and ends where it would have ended.

    Raises:
        HandcraftError: crops of another size, a folder in use, or a resumed run with another configuration.
    """
    accelerator = make_accelerator(config.device, config.precision)
    learner = HandEncoderLearner(crops, config, accelerator)
    run = RunFolder.create(
        run_path,
        stage="encode",
        config=config,
        seed=config.seed,
        inputs={"images": len(crops)},
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop, run, resume=resume, progress=progress)
    return HandEncoder.load(run_path, device=str(accelerator.device))
