# SPDX-License-Identifier: Apache-2.0
"""Train an estimator into a run folder, and predict with it: the two verbs of this stage for keypoints."""

from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.estimate.estimator import Estimator
from handcraft.estimate.keypoint_config import KeypointConfig
from handcraft.estimate.keypoint_learner import KeypointLearner
from handcraft.training import RunFolder, make_accelerator, train


def train_estimator(
    prepared: PreparedSet, config: KeypointConfig, run_path: Path, *, resume: bool = False, progress: bool = True
) -> Estimator:
    """Train on ``prepared`` into the folder ``run_path`` and return the estimator at the end of it.

    With ``resume`` a run that was killed goes on from its last checkpoint and ends where it would have ended.

    Raises:
        HandcraftError: crops without keypoints, a folder in use, or a resumed run with another configuration.
    """
    accelerator = make_accelerator(config.device, config.precision)
    learner = KeypointLearner(prepared, config, accelerator)
    run = RunFolder.create(
        run_path,
        stage="estimate",
        config=config,
        seed=config.seed,
        inputs={"source": prepared.source, "is_real": prepared.is_real, "images": len(prepared)},
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop, run, resume=resume, progress=progress)
    return Estimator(learner.network.state_dict(), config, device=accelerator.device)


def predict(estimator: Estimator, prepared: PreparedSet) -> Float[Tensor, "n 21 2"]:
    """Keypoints of every crop, in pixels of the crop."""
    return estimator(prepared.float_images())
