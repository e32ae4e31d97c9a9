# SPDX-License-Identifier: Apache-2.0
"""FreiHAND's challenge files: a submission and the truth its scorer compares it with.

``pred.json`` is a list of two lists, joints and vertices, one entry a frame each; the truth is ``evaluation_xyz.json``
and ``evaluation_verts.json``, published after the challenge closed. All in metres, in the camera's frame.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError


@dataclass(frozen=True)
class JointsAndSurface:
    """Hands as FreiHAND's scorer takes them."""

    joints_m: Float[Tensor, "frame 21 3"]
    vertices_m: Float[Tensor, "frame vertex 3"]

    def __len__(self) -> int:
        return len(self.joints_m)


def read_freihand_predictions(path: Path) -> JointsAndSurface:
    """A submission's ``pred.json``. MANO's 778 vertices are usual; any other number is taken, the same for all frames.

    Raises:
        HandcraftError: no such file, another layout, numbers that are not finite or not metres.
    """
    held = _parsed(Path(path), "name a submission's pred.json")
    if not isinstance(held, list) or len(held) != 2:
        raise HandcraftError(
            f"Expected {path} to be a list of two lists, joints and vertices, but got {_said(held)}; "
            "`write_freihand_predictions` writes it so."
        )
    return _joined(Path(path), held[0], held[1])


def read_freihand_truth(folder: Path, *, split: Literal["evaluation", "training"] = "evaluation") -> JointsAndSurface:
    """``{split}_xyz.json`` and ``{split}_verts.json`` of a folder, such as ``FreiHAND_pub_v2``.

    Raises:
        HandcraftError: a file that is missing, another layout, numbers that are not finite or not metres.
    """
    paths = [Path(folder) / f"{split}_{kind}.json" for kind in ("xyz", "verts")]
    cure = "name a folder with it; without a surface, score joints by `handcraft measure joints`"
    joints, vertices = (_parsed(path, cure) for path in paths)
    return _joined(Path(folder), joints, vertices)


def _parsed(path: Path, cure: str) -> Any:  # noqa: ANN401 (anybody's file)
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise HandcraftError(f"Expected {path}, but it is missing; {cure}.") from error
    except ValueError as error:
        raise HandcraftError(f"Expected {path} to be JSON, but it cannot be read: {error}.") from error


def _said(held: Any) -> str:  # noqa: ANN401 (anybody's file)
    return f"a list of {len(held)}" if isinstance(held, list) else type(held).__name__


def _joined(path: Path, joints: Any, vertices: Any) -> JointsAndSurface:  # noqa: ANN401 (anybody's lists)
    joints_m, vertices_m = _numbers(path, "joints", joints), _numbers(path, "vertices", vertices)
    if joints_m.shape[1] != 21:
        raise HandcraftError(f"Expected 21 joints a frame in {path}, but got {joints_m.shape[1]}; see its first list.")
    if len(joints_m) != len(vertices_m):
        raise HandcraftError(
            f"Expected joints and vertices of the same frames in {path}, but got {len(joints_m)} and "
            f"{len(vertices_m)} of them; write both of every frame."
        )
    return JointsAndSurface(joints_m, vertices_m)


def _numbers(path: Path, name: str, values: Any) -> Float[Tensor, "frame point 3"]:  # noqa: ANN401 (anybody's lists)
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise HandcraftError(f"Expected as many {name} of 3 numbers in each frame of {path}, but {error}.") from error
    if numbers.ndim != 3 or numbers.shape[2] != 3 or 0 in numbers.shape:
        raise HandcraftError(
            f"Expected {name} of 3 numbers in each frame of {path}, but got the shape {numbers.shape}; where there is "
            "no surface write zeros, as the scorer wants."
        )
    if not np.isfinite(numbers).all():
        frame = int(np.flatnonzero(~np.isfinite(numbers).all(axis=(1, 2)))[0])
        raise HandcraftError(f"Expected finite {name} in {path}, but frame {frame} (from 0) has others; write zeros.")
    far = float(np.abs(numbers).max())
    if far > 20:
        raise HandcraftError(f"Expected {name} in {path} in metres, but the largest is {far:.4g}; divide by 1000.")
    return torch.from_numpy(numbers)
