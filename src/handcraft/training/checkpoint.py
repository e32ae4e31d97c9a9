# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: written beside their name and renamed, checked before they are believed, and never able to run code.

In contrast to a plain ``torch.save``: a kill or a full disk leaves the older checkpoint whole; a flipped bit is noticed
(the zip's checksums are compared, which torch does not do); a state that could not be read back is refused when it is
written, not weeks later when it is needed.
"""

import io
import json
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.files import atomic_path
from handcraft.training.disk import refused_by_disk
from handcraft.training.record import as_json

FORMAT = "handcraft checkpoint 1"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds; all tensors are on the CPU."""

    kind: str
    """What was trained, e.g. ``cyclegan``."""
    config: dict[str, Any]
    """Its configuration as JSON data."""
    step: int
    """Steps done."""
    state: dict[str, Any]
    """Weights, optimisers and whatever else training continues from."""


def save_checkpoint(path: Path, *, kind: str, config: Any, step: int, state: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Write a checkpoint; ``path`` holds the old one or the whole new one at any moment.

    Raises HandcraftError naming the file when the disk is full or not writable, TypeError when ``state`` holds
    something that ``load_checkpoint`` would refuse (anything but tensors, numbers, words, lists and dicts).
    """
    _refuse_unloadable(state, "state")
    content = {
        "format": FORMAT,
        "kind": kind,
        "config": json.dumps(as_json(config)),
        "step": step,
        "state": dict(state),
    }
    buffer = io.BytesIO()  # torch writes to memory: its own file writer hides why a disk refused
    torch.save(content, buffer)
    with refused_by_disk(Path(path)), atomic_path(path) as beside:
        beside.write_bytes(buffer.getbuffer())


def load_checkpoint(path: Path, *, kind: str | Collection[str]) -> Checkpoint:
    """Read a checkpoint of ``kind``, or of one of several; only tensors and plain values are ever built from the file.

    Raises HandcraftError in one line for a missing, truncated, damaged, foreign or hostile file and for another kind.
    """
    content = _read(Path(path))
    if not _is_ours(content):
        raise HandcraftError(f"Expected {path} to be a `{FORMAT}`, but it is another file of torch's; name another.")
    kinds = (kind,) if isinstance(kind, str) else tuple(kind)
    if content["kind"] not in kinds:
        raise HandcraftError(
            f"Expected {path} to be a checkpoint of kind {' or '.join(kinds)}, but it is of kind {content['kind']}; "
            "name another."
        )
    return Checkpoint(content["kind"], json.loads(content["config"]), content["step"], content["state"])


def _is_ours(content: Any) -> bool:  # noqa: ANN401
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return False
    types = {"kind": str, "config": str, "step": int, "state": dict}
    return all(isinstance(content.get(name), kind) for name, kind in types.items()) and _is_json(content["config"])


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _read(path: Path) -> Any:  # noqa: ANN401 (anybody's file)
    if not path.is_file():
        raise HandcraftError(
            f"Expected a checkpoint at {path}, but there is no such file; train first or name another."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile) as error:
        raise HandcraftError(
            f"Expected a whole checkpoint at {path}, but it is truncated or no checkpoint; use another or train again."
        ) from error
    if damaged:
        raise HandcraftError(f"Expected a whole checkpoint at {path}, but its {damaged} is damaged; use another copy.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign pickle fails in as many ways as there are pickles
        raise HandcraftError(
            f"Expected a handcraft checkpoint at {path}, but it holds something else than tensors and plain values; "
            "it was not run; use a checkpoint that handcraft wrote."
        ) from error


def _refuse_unloadable(value: Any, name: str) -> None:  # noqa: ANN401
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_unloadable(item, f"{name}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _refuse_unloadable(item, f"{name}[{index}]")
    elif type(value) not in (bool, int, float, str, type(None), torch.dtype) and not isinstance(value, Tensor):
        raise TypeError(f"Expected {name} to be a tensor, a number or a word, but got a {type(value)}.")
