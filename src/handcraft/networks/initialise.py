# SPDX-License-Identifier: Apache-2.0
"""Weight initialisers, each named by its law. The randomness is an argument, so a seed gives one set of weights."""

import math
from collections.abc import Iterator

import torch
from torch import nn

Weighted = nn.Conv2d | nn.ConvTranspose2d | nn.Linear


def _weighted(network: nn.Module) -> Iterator[Weighted]:
    for module in network.modules():
        if isinstance(module, Weighted):
            yield module


def _clear_bias(module: Weighted) -> None:
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def initialise_normal(network: nn.Module, *, std: float, generator: torch.Generator) -> None:
    """Every weight from N(0, std^2), every bias 0, in place.

    With ``std=0.02`` the law of DCGAN and CycleGAN (Radford et al. 2016; Zhu et al. 2017, appendix 7.1). Such a small
    start also keeps a fresh generator near grey, from where it seldom falls into inverted colours.
    """
    for module in _weighted(network):
        nn.init.normal_(module.weight, 0.0, std, generator=generator)
        _clear_bias(module)


def initialise_kaiming(network: nn.Module, *, negative_slope: float = 0.0, generator: torch.Generator) -> None:
    """Every weight from N(0, 2 / ((1 + negative_slope^2) fan_in)), bias 0, in place (He et al. 2015, Eq. 14)."""
    for module in _weighted(network):
        nn.init.kaiming_normal_(module.weight, a=negative_slope, nonlinearity="leaky_relu", generator=generator)
        _clear_bias(module)


def initialise_xavier(network: nn.Module, *, gain: float = 1.0, generator: torch.Generator) -> None:
    """Every weight from N(0, 2 gain^2 / (fan_in + fan_out)), bias 0, in place (Glorot, Bengio 2010, Eq. 12)."""
    for module in _weighted(network):
        nn.init.xavier_normal_(module.weight, gain=gain, generator=generator)
        _clear_bias(module)


def initialise_constant_output(layer: Weighted, *, probability: float) -> None:
    """Make a last layer answer ``sigmoid(output) == probability`` everywhere: weight 0, bias the logit, in place.

    For rare classes: training starts at the prior instead of first unlearning one half (Lin et al. 2017, section 4.1).
    """
    if layer.bias is None:
        raise ValueError("Expected `layer` to have a bias, but it has none.")
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, math.log(probability / (1.0 - probability)))


def parameter_count(network: nn.Module) -> int:
    """Number of trainable values, the figure publications quote."""
    return sum(parameter.numel() for parameter in network.parameters())
