# SPDX-License-Identifier: Apache-2.0
"""What learners of one network with one optimiser have in common: their state."""

from typing import Any

import torch
from torch import nn


class SingleNetwork:
    """Base of such learners; the checkpoint's ``network`` is what trained models are loaded from."""

    network: nn.Module
    optimiser: torch.optim.Optimizer

    def state_dict(self) -> dict[str, Any]:
        """Weights and optimiser."""
        return {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` gave."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
