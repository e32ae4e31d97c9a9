# SPDX-License-Identifier: Apache-2.0
"""Where a trained model lies: a user may name the run's folder or the checkpoint in it."""

from pathlib import Path

from handcraft.training import RunFolder


def checkpoint_at(path: Path) -> Path:
    """The checkpoint of the run folder ``path``, or ``path`` itself where it is no folder."""
    path = Path(path)
    return RunFolder.open(path).checkpoint if path.is_dir() else path
