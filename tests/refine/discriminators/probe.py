# SPDX-License-Identifier: Apache-2.0
"""What a network's answer depends on, measured by its gradient; and small stand-ins for a frozen network."""

import torch
from torch import nn

from handcraft.networks import initialise_normal
from handcraft.randomness import generator_for


def initialised(network, *, std=0.02):
    initialise_normal(network, std=std, generator=generator_for(0))
    return network


def images(count=2, size=64, *, seed=1):
    return torch.rand(count, 3, size, size, generator=generator_for(seed)) * 2 - 1


def without_normalisation(network):
    """Normalisation looks at whole images; without it, only convolutions decide what a network sees."""
    for name, child in network.named_children():
        if isinstance(child, nn.InstanceNorm2d | nn.BatchNorm2d):
            setattr(network, name, nn.Identity())
        else:
            without_normalisation(child)
    return network


def extent_px(network, *, size):
    """Rows and columns of the image that the answer nearest to the middle has a gradient at: its receptive field."""
    shown = torch.zeros(1, 3, size, size, requires_grad=True)
    answer = network(shown)
    answer[0, 0, answer.shape[2] // 2, answer.shape[3] // 2].backward()
    felt = shown.grad[0].abs().sum(dim=0)
    return tuple(span(felt.sum(dim=axis)) for axis in (1, 0))


def span(values):
    hits = values.nonzero().flatten()
    return int(hits[-1] - hits[0]) + 1


class Taps(nn.Module):
    """Four frozen convolutions: the shape of a hand encoder, and nothing learnt."""

    def __init__(self, channels=(2, 4, 6, 8)):
        super().__init__()
        self.name, self.channels = "four convolutions (a stand-in)", channels
        inputs = (3, *channels)
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, 1 + (level > 0), 1)
            for level, (before, after) in enumerate(zip(inputs, channels, strict=False))
        )
        for level, layer in enumerate(self.layers):
            nn.init.normal_(layer.weight, std=0.3, generator=generator_for(5, level))
            nn.init.zeros_(layer.bias)
        self.requires_grad_(False).eval()

    def forward(self, x):
        maps = []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), 0.2)  # no place of an image is ever lost
            maps.append(x)
        return tuple(maps)
