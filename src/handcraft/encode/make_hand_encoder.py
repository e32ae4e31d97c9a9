# SPDX-License-Identifier: Apache-2.0
"""Make the hand encoder that is shipped: ``python -m handcraft.encode.make_hand_encoder`` renders, trains, writes.

It takes about a quarter of an hour of one core. What made the file is told in its metadata.
"""

import hashlib
from pathlib import Path

import tyro

import handcraft
from handcraft.encode.config import HAND_ENCODER_SHIPPED, HandEncoderConfig
from handcraft.encode.labelled_crops import LabelledCrops
from handcraft.encode.train import crops_to_learn_from, train_hand_encoder
from handcraft.training.provenance import git_commit, versions

STANDARD_EVERY = 5
"""Every fifth crop, of both looks, undamaged and on black, is what features are standardised over."""
COMMAND = "python -m handcraft.encode.make_hand_encoder"


def make_hand_encoder(
    out: Path = Path("hand_encoder.safetensors"),
    run: Path = Path("runs/hand-encoder"),
    resume: bool = False,
    workers: int = 1,
    config: HandEncoderConfig = HAND_ENCODER_SHIPPED,
) -> None:
    """Train a hand encoder and write its weights.

    Args:
        out: the file of weights.
        run: the run folder.
        resume: go on with a run that was stopped.
        workers: rendering processes; they change nothing of the result.
        config: what the encoder is trained with.
    """
    crops = crops_to_learn_from(config, workers=workers)
    encoder = train_hand_encoder(crops, config, run, resume=resume)
    encoder.standardise(crops.images[::STANDARD_EVERY].float() / 255)
    encoder.save(out, about_training(crops, config))
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


def about_training(crops: LabelledCrops, config: HandEncoderConfig) -> dict[str, object]:
    """What made an encoder, for its file: command, version, seed, steps and a hash of what it was trained on."""
    seen = hashlib.sha256(crops.images.numpy().tobytes()).hexdigest()
    return {
        "command": COMMAND,
        "handcraft": handcraft.__version__,
        "git_commit": git_commit(),
        "versions": versions(),
        "seed": config.seed,
        "steps": config.steps,
        "batch_size": config.batch_size,
        "crops": len(crops),
        "crops_sha256": seen,
    }


if __name__ == "__main__":
    tyro.cli(make_hand_encoder)
