# SPDX-License-Identifier: Apache-2.0
"""Hands as vectors: Anny's, and that of made-up MANO files, written once."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from handcraft.estimate.regressor import HandParameters
    from handcraft.hand import HandModel


@pytest.fixture(scope="session")
def anny(hand_model: "HandModel") -> "HandParameters":
    """Anny's hand with the usual start."""
    from handcraft.estimate.regressor import AnnyNumbers, HandParameters

    return HandParameters(AnnyNumbers(hand_model))


@pytest.fixture(scope="session")
def mano_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``MANO_RIGHT.pkl`` and ``MANO_LEFT.pkl`` in Python 2's layout."""
    from tests.data.mano.make import write_mano

    folder = tmp_path_factory.mktemp("mano")
    write_mano(folder)
    return folder


@pytest.fixture(scope="session")
def mano(mano_folder: Path) -> "HandParameters":
    """The made-up right hand."""
    from handcraft.estimate.regressor import HandParameters, MANONumbers

    return HandParameters(MANONumbers.load(mano_folder / "MANO_RIGHT.pkl"))
