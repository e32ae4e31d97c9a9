# SPDX-License-Identifier: Apache-2.0
"""The optimiser Muon for matrices, and AdamW for what is none, behind one rate.

A step of Muon (Jordan 2024, "Muon: an optimizer for hidden layers in neural networks") is the momentum's nearest
orthogonal matrix: all its directions are as large, so that rare ones are learned as soon as common ones. Filters of a
convolution are rows of such a matrix. Steps are as large as AdamW's would be (Liu et al. 2025, "Muon is scalable for
LLM training", eq. 4). Layers that take pictures in or give answers out are better left to AdamW.
"""

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from jaxtyping import Float
from torch import Tensor, nn

ADAM_SHARE = 1 / 3
"""Of the rate, for what is no matrix: what is best for matrices is too much for the rest."""
MOMENTUM = 0.95
BETAS = (0.9, 0.999)
EPSILON = 1e-8
QUINTIC = (3.4445, -4.7750, 2.0315)
"""Moves singular values from (0, 1] to about 1 when applied a few times."""
ITERATIONS = 5
ADAMW_SIZE = 0.2
"""Root mean square of AdamW's steps at a rate of 1, as found in training."""


class Muon(torch.optim.Optimizer):
    """Steps of one size in every direction for ``matrices``; AdamW at a third of the rate for ``others``.

    Args:
        matrices: with at least two dimensions; all but the first are one.
        others: any shapes.
        learning_rate: of both groups, as schedules set it.
        weight_decay: decoupled: each step takes this share of rate times weights.
        dtype: that orthogonal matrices are computed in; bfloat16 is exact enough where it is fast.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        learning_rate: float,
        *,
        weight_decay: float,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        groups = [{"params": list(matrices), "is_matrix": True}, {"params": list(others), "is_matrix": False}]
        super().__init__(groups, {"lr": learning_rate, "weight_decay": weight_decay})
        self.dtype = dtype

    @classmethod
    def of(
        cls,
        network: nn.Module,
        learning_rate: float,
        *,
        outer_layers: Iterable[nn.Module],
        weight_decay: float,
        dtype: torch.dtype,
    ) -> "Muon":
        """For all of ``network``; ``outer_layers`` take its inputs or give its answers, and are no matrices here."""
        outer = {id(weights) for layer in outer_layers for weights in layer.parameters()}
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for weights in network.parameters():
            (matrices if weights.ndim > 1 and id(weights) not in outer else others).append(weights)
        return cls(matrices, others, learning_rate, weight_decay=weight_decay, dtype=dtype)

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move all parameters that have a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            rate = group["lr"] * (1 if group["is_matrix"] else ADAM_SHARE)
            change = self._orthogonal_change if group["is_matrix"] else _adam_change
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - rate * group["weight_decay"])
                    parameter.sub_(change(parameter.grad, self.state[parameter]), alpha=rate)
        return loss

    def _orthogonal_change(self, gradient: Tensor, state: dict[str, Any]) -> Tensor:
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum: Tensor = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(momentum, MOMENTUM).reshape(len(gradient), -1)  # Nesterov's
        size = ADAMW_SIZE * max(ahead.shape) ** 0.5
        return size * nearly_orthogonal(ahead.to(self.dtype)).to(gradient.dtype).view_as(gradient)


def _adam_change(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    if not state:
        state.update(steps=0, mean=torch.zeros_like(gradient), square=torch.zeros_like(gradient))
    state["steps"] += 1
    mean = state["mean"].lerp_(gradient, 1 - BETAS[0]) / (1 - BETAS[0] ** state["steps"])
    square = state["square"].lerp_(gradient.square(), 1 - BETAS[1]) / (1 - BETAS[1] ** state["steps"])
    change: Tensor = mean / (square.sqrt() + EPSILON)
    return change


def nearly_orthogonal(matrix: Float[Tensor, "rows columns"]) -> Float[Tensor, "rows columns"]:
    """The same singular vectors with singular values of about 1 (0.7 to 1.2), by a Newton-Schulz iteration."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.T if is_tall else matrix
    wide = wide / (wide.norm() + 1e-7)
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * (gram @ gram)) @ wide
    return wide.T if is_tall else wide
