# SPDX-License-Identifier: Apache-2.0
"""Trained networks of this room from files: a user may name the run's folder or the checkpoint in it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.training import RunFolder, load_checkpoint

Model = TypeVar("Model")


def load_network(path: Path, *, kind: str, make: Callable[[Mapping[str, Tensor], dict[str, Any]], Model]) -> Model:
    """What ``make`` builds of the weights and the recorded configuration.

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
