# SPDX-License-Identifier: Apache-2.0
"""A trained hand network to go on from: the shipped one, a run folder, a checkpoint, or an ONNX file.

In ONNX files batch normalisation is folded into the convolutions before it. Read back, a convolution keeps the file's
weights, and the normalisation behind it adds the folded bias and changes nothing else: in evaluation mode the network
answers as the file does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.estimate.hand.config import HandNetConfig
from handcraft.estimate.hand.export import load_hand_net
from handcraft.estimate.hand.learner import KIND, make_hand_net
from handcraft.estimate.hand.network import HandNet
from handcraft.estimate.parity import expect_installed
from handcraft.files import sha256_of
from handcraft.predict.model_files import SHIPPED
from handcraft.training import RunFolder

SHIPPED_NAME = "shipped"
PREFIX = "network."
"""Of the network's own names in its file."""


@dataclass(frozen=True)
class HandStart:
    """A trained network, what it is, and where it comes from."""

    network: HandNet
    config: HandNetConfig
    described: dict[str, Any]
    """Name, hash and training, as JSON data."""


def open_start(name: str) -> HandStart:
    """The network that ``name`` means: ``shipped``, a run folder, a checkpoint, or a file that ends in ``.onnx``.

    Raises:
        HandcraftError: nothing there, something else than a hand network, or a file that does not say how to build it;
            onnx is not installed where it is needed.
    """
    path = SHIPPED / f"{KIND}.onnx" if name == SHIPPED_NAME else Path(name)
    if path.suffix == ".onnx":
        return _from_onnx(path, name)
    file = RunFolder.open(path).checkpoint if path.is_dir() else path
    network, config, told = load_hand_net(file)
    return HandStart(network, config, {"name": name, "sha256": sha256_of(file), "steps": told["steps"]})


def _from_onnx(path: Path, name: str) -> HandStart:
    if not path.is_file():
        whose = "this copy of handcraft comes without it" if path.parent == SHIPPED else "there is no such file"
        raise HandcraftError(f"Expected a hand network in {path}, but {whose}; name a run folder or another file.")
    tensors, about = _read(path)
    config = _recorded_config(path, about)
    network = make_hand_net(config, generator=torch.Generator())
    try:
        network.load_state_dict(unfolded(network, tensors))
    except (KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise HandcraftError(
            f"Expected {path} to hold the weights of its network, but it does not: {reason}; export it again."
        ) from error
    described = {"name": name, "sha256": sha256_of(path), "steps": about["training"].get("steps")}
    return HandStart(network.eval(), config, described)


def unfolded(network: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state for ``network`` that answers as the file with these initializers does, in evaluation mode.

    Raises:
        KeyError: a tensor that the network needs and the file does not have.
    """
    state = {name: tensors[PREFIX + name] for name in network.state_dict() if PREFIX + name in tensors}
    for prefix, bias, norm in _folded_norms(network):
        state[f"{prefix}.weight"] = torch.ones_like(norm.weight)
        state[f"{prefix}.bias"] = tensors[f"{PREFIX}{bias}"]
        state[f"{prefix}.running_mean"] = torch.zeros_like(norm.weight)
        state[f"{prefix}.running_var"] = torch.full_like(norm.weight, 1 - norm.eps)
        state[f"{prefix}.num_batches_tracked"] = torch.tensor(0)
    return state


def _folded_norms(network: nn.Module) -> list[tuple[str, str, nn.BatchNorm2d]]:
    """Each normalisation behind a convolution: its name, the name of the bias it became, itself."""
    found = []
    for name, module in network.named_modules():
        children = list(module.named_children()) if isinstance(module, nn.Sequential) else []
        for (before, convolution), (after, norm) in pairwise(children):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                found.append((f"{name}.{after}", f"{name}.{before}.weight_bias", norm))
    return found


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Initializers, and what the file says of itself."""
    expect_installed("onnx")
    import onnx
    from onnx import numpy_helper

    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf's errors share no type with onnx's
        raise HandcraftError(f"Expected {path} to be a hand network as ONNX, but it cannot be read.") from error
    told = {each.key: each.value for each in model.metadata_props}
    if (found := told.get("handcraft.kind", "no word of what it is")) != KIND:
        raise HandcraftError(f"Expected {path} to be a hand network, but it says: {found}.")
    floats = [each for each in model.graph.initializer if each.data_type == onnx.TensorProto.FLOAT]
    tensors = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in floats}
    return tensors, json.loads(told.get("handcraft.about", "{}"))


def _recorded_config(path: Path, about: Mapping[str, Any]) -> HandNetConfig:
    recorded = about.get("training", {}).get("config")
    if not isinstance(recorded, dict):
        raise HandcraftError(
            f"Expected {path} to say how its network is built, but it is of an earlier version; export it again."
        )
    return HandNetConfig.from_recorded(recorded)
