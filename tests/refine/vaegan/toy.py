# SPDX-License-Identifier: Apache-2.0
"""A tiny VAEGAN on the two tiny domains of the other refiners: five steps that pass through all three stages."""

import dataclasses

import torch

from handcraft.refine.vaegan import VAEGAN_SMOKE, VAEGANConfig, VAEGANLearner
from handcraft.training import make_accelerator
from tests.refine.toy import photographs, renders

TINY = dataclasses.replace(VAEGAN_SMOKE, turn_photographs_deg=10.0)
GAN_STEP, VAE_STEP, VAEGAN_STEP = 0, 2, 4
"""The first step of each stage."""


def learner(config: VAEGANConfig = TINY):
    return VAEGANLearner(renders(), photographs(), config, make_accelerator("cpu", config.precision))


def learner_at(step, config: VAEGANConfig = TINY):
    """A learner that has just done ``step``."""
    trained = learner(config)
    for each in range(step + 1):
        trained.step(each)
    return trained


def assert_same(one, other):
    """Two states, of tensors and plain values, are the same to the last bit."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    else:
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
