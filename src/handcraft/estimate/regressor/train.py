# SPDX-License-Identifier: Apache-2.0
"""Train a regressor into a run folder."""

from pathlib import Path

from handcraft.data import PreparedSet
from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.estimate.regressor.hands import load_hand
from handcraft.estimate.regressor.learner import RegressorLearner
from handcraft.estimate.regressor.regressor import Regressor
from handcraft.training import RunFolder, make_accelerator, train


def train_regressor(
    prepared: PreparedSet,
    config: RegressorConfig,
    run_path: Path,
    *,
    validation: PreparedSet | None = None,
    resume: bool = False,
    progress: bool = True,
) -> Regressor:
    """Train on ``prepared`` into the folder ``run_path`` and return the regressor at the end of it.

    The whole of ``validation`` is judged every ``config.validate_every`` steps; its losses stand in ``metrics.jsonl``
    and before TensorBoard as ``validation_loss`` and so on, and its first crops in the pictures. With ``resume`` a run
    that was killed goes on from its last checkpoint and ends where it would have ended.

    Raises:
        HandcraftError: crops without keypoints, a file that the configuration wants and has not, a folder in use, or a
            resumed run with another configuration.
    """
    accelerator = make_accelerator(config.device, config.precision)
    hand = load_hand(config, accelerator.device)
    learner = RegressorLearner(prepared, config, accelerator, hand, validation=validation)
    inputs = {"source": prepared.source, "is_real": prepared.is_real, "images": len(prepared)}
    judged = {} if validation is None else {"validation": validation.source, "validation_images": len(validation)}
    run = RunFolder.create(
        run_path,
        stage="estimate",
        config=config,
        seed=config.seed,
        inputs=inputs | judged,
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop, run, resume=resume, progress=progress)
    return Regressor(learner.network.state_dict(), config, hand)
