# SPDX-License-Identifier: Apache-2.0
"""An average of the weights over the last steps: steadier than any one step's, and what is used after training."""

import copy

import torch
from torch import nn


class MovingAverage:
    """An exponential moving average of a network's weights; decay 0 is the network as it is.

    ``network`` is that average: frozen, and in evaluation mode (no dropout, batch statistics as last seen), which is
    how a network is used.
    """

    network: nn.Module

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Move towards ``network``; in the first steps faster, or the average would remember the random start."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for averaged, weights in zip(self.network.parameters(), network.parameters(), strict=True):
            averaged.lerp_(weights, 1 - decay)
        for kept, statistics in zip(self.network.buffers(), network.buffers(), strict=True):
            kept.copy_(statistics)
