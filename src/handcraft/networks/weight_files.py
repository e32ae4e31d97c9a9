# SPDX-License-Identifier: Apache-2.0
"""Files of weights that others made: read without running them, their names brought to timm's, checked in one line."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.files import sha256_of

State = Mapping[str, Tensor]


def file_hash(path: Path) -> str:
    """The first eight digits of a file's SHA-256: what tells one file of weights from another in a result."""
    return sha256_of(path)[:8]


def read_state(path: Path) -> dict[str, Tensor]:
    """Tensors by name of a safetensors file or of what ``torch.save`` wrote; nothing else is ever built from it.

    Raises:
        HandcraftError: a file that is missing, damaged or holds something else.
    """
    if not path.is_file():
        raise HandcraftError(f"Expected a file of weights at {path}, but there is none; name another.")
    try:
        held = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except Exception as error:  # a foreign pickle fails in as many ways as there are pickles
        reason = " ".join(str(error).split())[:120]
        raise HandcraftError(f"Expected {path} to hold tensors by name, but it cannot be read: {reason}.") from error
    for key in ("state_dict", "model"):
        if isinstance(held, dict) and isinstance(held.get(key), dict):
            held = held[key]
    if not isinstance(held, dict) or not held or not all(isinstance(value, Tensor) for value in held.values()):
        raise HandcraftError(f"Expected {path} to hold tensors by name, but it holds something else; name another.")
    return held


def take_over(network: nn.Module, state: State, *, file: Path) -> None:
    """Load ``state`` into ``network``.

    Raises:
        HandcraftError: tensors that are missing, too many or of another shape.
    """
    wanted = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    given = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    wrong = [
        *(f"{name} is missing" for name in wanted if name not in given),
        *(f"{name} is not known" for name in given if name not in wanted),
        *(f"{name} is {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
          for name in wanted if name in given and given[name].shape != wanted[name].shape),
    ]  # fmt: skip
    if wrong:
        raise HandcraftError(f"Expected {file} to fit the network, but {wrong[0]} ({len(wrong)} such); name another.")
    network.load_state_dict(given, strict=False)


def without_auxiliary_classes(state: State) -> dict[str, Tensor]:
    """Inception-v3 without the second head that it was trained with."""
    return {name: value for name, value in state.items() if not name.startswith("AuxLogits.")}


def vgg_from_torchvision(state: State) -> dict[str, Tensor]:
    """What is fully connected in torchvision is a convolution over the whole 7x7 map in timm."""
    renamed = dict(state)
    layers = {"classifier.0": ("pre_logits.fc1", 7), "classifier.3": ("pre_logits.fc2", 1)}
    for old, (new, kernel) in layers.items():
        if f"{old}.weight" in renamed:
            weight = renamed.pop(f"{old}.weight")
            renamed[f"{new}.weight"] = weight.reshape(len(weight), -1, kernel, kernel)
            renamed[f"{new}.bias"] = renamed.pop(f"{old}.bias")
    return {name.replace("classifier.6.", "head.fc."): value for name, value in renamed.items()}


def densenet_from_torchvision(state: State) -> dict[str, Tensor]:
    """Names of 2017, as still in torchvision's file: ``denselayer1.norm.1.weight`` is ``denselayer1.norm1.weight``."""
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))\.(\d)\.", r"\1\2.", name): value for name, value in state.items()}


def without_mask_token(state: State) -> dict[str, Tensor]:
    """DINOv2 without what stood for hidden patches while it was trained."""
    return {name: value for name, value in state.items() if name != "mask_token"}
