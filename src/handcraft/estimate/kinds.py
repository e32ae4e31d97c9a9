# SPDX-License-Identifier: Apache-2.0
"""The kinds of trained model that find keypoints: what is asked for keypoints need not know which it has."""

from pathlib import Path

from handcraft.estimate import keypoint_learner
from handcraft.estimate.estimator import Estimator
from handcraft.estimate.regressor import learner as regressor_learner
from handcraft.estimate.regressor.regressor import Regressor
from handcraft.training import RunFolder, load_checkpoint

KINDS: dict[str, type[Estimator] | type[Regressor]] = {
    keypoint_learner.KIND: Estimator,
    regressor_learner.KIND: Regressor,
}
"""By the ``kind`` of their checkpoints; both map images to keypoints in pixels."""


def load_estimator(path: Path, *, device: str = "cpu") -> Estimator | Regressor:
    """The estimator or regressor of a run folder or of a checkpoint file.

    Raises:
        HandcraftError: none there, or one that is damaged or of another kind.
    """
    path = Path(path)
    file = RunFolder.open(path).checkpoint if path.is_dir() else path
    return KINDS[load_checkpoint(file, kind=tuple(KINDS)).kind].load(file, device=device)
