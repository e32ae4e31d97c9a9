# SPDX-License-Identifier: Apache-2.0
"""Made-up MANO files, written once."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from handcraft.hand import HandModel


@pytest.fixture(scope="session")
def mano_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``MANO_RIGHT.pkl`` and ``MANO_LEFT.pkl`` in Python 2's layout."""
    from tests.data.mano.make import write_mano

    folder = tmp_path_factory.mktemp("mano")
    write_mano(folder)
    return folder


@pytest.fixture(scope="session")
def mano_model(mano_folder: Path) -> "HandModel":
    """The made-up right hand."""
    from handcraft.hand import HandModel

    return HandModel.load_mano(mano_folder / "MANO_RIGHT.pkl")
