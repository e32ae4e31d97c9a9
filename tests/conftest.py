# SPDX-License-Identifier: Apache-2.0
"""What holds for every test. Imports nothing of handcraft: jaxtyping's hook has to come first to see its shapes."""

from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from handcraft.hand import HandModel

torch.set_num_threads(1)  # small tensors: a second thread costs more than it gives, and sums stay the same everywhere


@pytest.fixture(scope="session")
def hand_model() -> "HandModel":
    """The hand, loaded once; on a fresh machine this takes a minute."""
    from handcraft.hand import HandModel

    return HandModel.load()
