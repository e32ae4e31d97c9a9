# SPDX-License-Identifier: Apache-2.0
"""Trained models from files: a user may name the run's folder or the checkpoint in it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.training.checkpoint import load_checkpoint
from handcraft.training.run_folder import RunFolder

Model = TypeVar("Model")


def load_trained(path: Path, *, kind: str, make: Callable[[Mapping[str, Tensor], Mapping[str, Any]], Model]) -> Model:
    """What ``make`` builds of the weights and the recorded configuration of a run folder or a checkpoint file.

    Raises:
        HandcraftError: no checkpoint there, one that is damaged or of another kind, or weights that do not fit the
            configuration beside them.
    """
    path = Path(path)
    file = RunFolder.open(path).checkpoint if path.is_dir() else path
    checkpoint = load_checkpoint(file, kind=kind)
    try:
        return make(checkpoint.state["learner"]["network"], checkpoint.config)
    except (RuntimeError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise HandcraftError(f"Expected {file} to fit its configuration, but it does not: {reason}.") from error
