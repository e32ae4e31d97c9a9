# SPDX-License-Identifier: Apache-2.0
"""How the weights of a refiner move: Adam with its schedule, and gradients averaged over processes.

Networks of a refiner are not wrapped for data parallelism: a discriminator takes part in the losses of others, and only
one loss is its own. So each optimiser averages the gradients of its own weights, and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from handcraft.errors import expect_above, expect_at_least, expect_below_one


@dataclass(frozen=True)
class OptimiserConfig:
    """Adam, and how its learning rate goes on.

    Raises:
        HandcraftError: a value outside its range.
    """

    learning_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    constant_steps: int = 0
    """Steps at the full rate before it falls."""
    decay_steps: int = 0
    """Steps over which the rate then falls linearly to 0, as in Zhu et al. 2017, appendix 7.1; 0 keeps it for ever, as
    seeds 000 and 002 do."""

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        expect_above(0, learning_rate=self.learning_rate)
        expect_below_one(beta1=self.beta1, beta2=self.beta2)
        expect_at_least(0, constant_steps=self.constant_steps, decay_steps=self.decay_steps)

    def rate_at(self, step: int) -> float:
        """The learning rate of step number ``step`` (0, 1, ...): a pure function, with nothing to resume."""
        if self.decay_steps == 0 or step < self.constant_steps:
            return self.learning_rate
        return self.learning_rate * max(0.0, 1 - (step - self.constant_steps + 1) / (self.decay_steps + 1))


class Descent:
    """One optimiser over some weights. Only they receive gradients, whatever else a loss depends on."""

    def __init__(self, parameters: list[nn.Parameter], config: OptimiserConfig, accelerator: Accelerator) -> None:
        self.parameters, self.config, self.accelerator = parameters, config, accelerator
        betas = (config.beta1, config.beta2)
        self.optimiser = torch.optim.Adam(parameters, lr=config.learning_rate, betas=betas, fused=True)

    def descend(self, loss: Tensor, step: int) -> None:
        """One step down ``loss``, the mean of this process's part of the batch, at the rate of ``step``."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.rate_at(step)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss, inputs=self.parameters)
        if self.accelerator.num_processes > 1:
            self._average_gradients()
        self.optimiser.step()

    def _average_gradients(self) -> None:
        gradients = [each.grad for each in self.parameters if each.grad is not None]
        mean = self.accelerator.reduce(torch.cat([each.flatten() for each in gradients]), reduction="mean")
        for gradient, part in zip(gradients, mean.split([each.numel() for each in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def state_dict(self) -> dict[str, Any]:
        """The optimiser's moments."""
        return self.optimiser.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` gave."""
        self.optimiser.load_state_dict(state)


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Inside, graphs lead through ``networks`` to what they are shown, but not into their weights: faster, and safe."""
    weights = [each for network in networks for each in network.parameters() if each.requires_grad]
    for each in weights:
        each.requires_grad_(False)
    try:
        yield
    finally:
        for each in weights:
            each.requires_grad_(True)
