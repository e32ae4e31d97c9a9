# SPDX-License-Identifier: Apache-2.0
"""A few renders with all labels, and a network to start from, made once."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from handcraft.data.rendered import RenderedSet
from handcraft.estimate.hand import HAND_SMOKE, HandStart, open_start
from handcraft.estimate.hand.examples import HandExamples, examples_from
from handcraft.estimate.hand.learner import make_hand_net
from handcraft.estimate.hand.stream import StreamConfig
from handcraft.training import LoopConfig, save_checkpoint


@pytest.fixture(scope="session")
def examples() -> HandExamples:
    scene, _ = StreamConfig(render_px=48, block=32).scenes()[0]
    return examples_from(list(RenderedSet(scene, 3, 12)))


TINY = replace(
    HAND_SMOKE, stream=StreamConfig(render_px=32, block=32, passes=1), batch_size=16, loop=LoopConfig(1, 1, 1, 1)
)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """A hand network as if trained: no bias is 0, and no normalisation is the identity."""
    generator = torch.Generator().manual_seed(1)
    network = make_hand_net(TINY, generator=generator)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            parameter.data.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
            for tensor in (module.bias.data, module.running_mean):
                tensor.copy_(0.3 * torch.randn(tensor.shape, generator=generator))
    file = tmp_path_factory.mktemp("start") / "checkpoint.pt"
    state = {"learner": {"average": network.state_dict()}}
    save_checkpoint(file, kind="hand", config=TINY.without_loop(), step=7, state=state)
    return file


@pytest.fixture
def start(checkpoint) -> HandStart:
    return open_start(str(checkpoint))
