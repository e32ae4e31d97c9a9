# SPDX-License-Identifier: Apache-2.0
"""A pool of poses: joint angles and, for finding the nearest, the joints they make on the middle shape.

Whatever poses come from (sampling, a person's joints through inverse kinematics, a prior), they meet here. The wrist is
straight in every pose: 21 joints do not tell a bent wrist from a turned hand.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.files import atomic_path
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.joint_checks import expect_hands
from handcraft.hand.model import HandModel, ShapedHand
from handcraft.hand.poses import POSE_UNIFORMS, PoseConfig, open_until_free, poses_from_uniform
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.randomness import generator_for

_FORMAT = "handcraft pose library 1"
_STREAM = 0x905E  # keeps a library's numbers apart from those of scenes of the same seed
_CHUNK = 512

AS_IN_SCENES = PoseConfig()
"""How scenes draw poses."""
_IS_WRIST = torch.tensor([name.startswith("wrist") for name in DOF_NAMES])


def middle_hand(model: HandModel) -> ShapedHand:
    """The hand all libraries are made on: the model's template, whose every phenotype is in the middle."""
    return model.with_shape(model.source.template_shape[None])


def straight_wrist(angles_rad: Float[Tensor, "*batch dof"]) -> Float[Tensor, "*batch dof"]:
    """The same poses with the wrist's angles at zero."""
    return angles_rad.masked_fill(_IS_WRIST.to(angles_rad.device), 0.0)


@dataclass(frozen=True)
class PoseLibrary:
    """Poses of right hands with straight wrists, and where they are from."""

    angles_rad: Float[Tensor, "pose 22"]
    """In the order of ``anatomy.DOF_NAMES``, inside the limits unless ``source`` says otherwise."""
    joints_m: Float[Tensor, "pose 21 3"]
    """What ``angles_rad`` make of the middle hand, in hand frame; nearness is measured between these."""
    source: str
    """Where the poses are from, for the data card."""

    def __post_init__(self) -> None:
        """Refuse a library without poses, or one whose angles and joints do not belong together."""
        if len(self.angles_rad) != len(self.joints_m):
            raise HandcraftError(
                f"Expected `joints_m` to have {len(self.angles_rad)} poses as `angles_rad`, "
                f"but got {len(self.joints_m)}; make the library anew."
            )
        if not self.angles_rad.isfinite().all():
            raise HandcraftError("Expected `angles_rad` to be finite, but got NaN or infinity; leave those poses out.")
        expect_hands(self.joints_m)

    def __len__(self) -> int:
        return len(self.angles_rad)

    @staticmethod
    def from_angles(model: HandModel, angles_rad: Float[Tensor, "pose 22"], source: str) -> "PoseLibrary":
        """The library of given poses; their wrists are straightened."""
        angles_rad, hand = straight_wrist(angles_rad), middle_hand(model)
        joints_m = [hand.with_pose(chunk).keypoints_m() for chunk in angles_rad.split(_CHUNK)]
        return PoseLibrary(angles_rad, torch.cat(joints_m), source)

    @staticmethod
    def sampled(model: HandModel, count: int, seed: int, config: PoseConfig = AS_IN_SCENES) -> "PoseLibrary":
        """Poses drawn as scenes draw them, fingers out of the palm; pose ``i`` depends on (seed, i) only."""
        expect_at_least(1, count=count)
        hand, parts = middle_hand(model), []
        for first in range(0, count, _CHUNK):
            rows = range(first, min(first + _CHUNK, count))
            uniform = [torch.rand(POSE_UNIFORMS, generator=generator_for(seed, _STREAM, row)) for row in rows]
            drawn = straight_wrist(poses_from_uniform(torch.stack(uniform), config))
            parts.append(open_until_free(hand.select(torch.zeros(len(rows), dtype=torch.long)), drawn)[0])
        return PoseLibrary.from_angles(model, torch.cat(parts), f"sampled poses, seed {seed}")

    def select(self, rows: Int64[Tensor, " count"]) -> "PoseLibrary":
        """The poses ``rows``, in that order."""
        return replace(self, angles_rad=self.angles_rad[rows], joints_m=self.joints_m[rows])

    def nearest(self, joints_m: Float[Tensor, "query 21 3"], k: int = 1) -> Int64[Tensor, "query k"]:
        """Indices of the ``k`` poses nearest to each query, the nearest first: Euclidean over all 63 numbers."""
        if not 1 <= k <= len(self):
            raise HandcraftError(f"Expected `k` to be from 1 to the library's {len(self)} poses, but got {k}.")
        _, found = self._tree.query(joints_m.flatten(1).cpu().numpy(), k=np.arange(1, k + 1))
        return torch.from_numpy(found.astype(np.int64))

    def distances_m(self, joints_m: Float[Tensor, "query 21 3"]) -> Float[Tensor, " query"]:
        """How far each query is from its nearest pose: the mean distance of their 21 joints."""
        nearest = self.joints_m[self.nearest(joints_m)[:, 0]]
        return (nearest - joints_m).norm(dim=-1).mean(-1)

    @cached_property
    def _tree(self) -> Any:  # noqa: ANN401 (scipy has no types)
        from scipy.spatial import cKDTree  # here, not above: most uses of a hand search no poses

        return cKDTree(self.joints_m.flatten(1).cpu().numpy())

    def save(self, path: Path) -> None:
        """Write one safetensors file; it appears whole or not at all."""
        about = {"format": _FORMAT, "source": self.source, "angles": DOF_NAMES, "joints": KEYPOINTS}
        tensors = {"angles_rad": self.angles_rad.contiguous(), "joints_m": self.joints_m.contiguous()}
        # Bytes first: safetensors' own file writer hides why a disk refused.
        with atomic_path(Path(path)) as beside:
            beside.write_bytes(save(tensors, metadata={"handcraft": json.dumps(about)}))

    @staticmethod
    def load(path: Path) -> "PoseLibrary":
        """Read what ``save`` wrote.

        Raises:
            HandcraftError: a file that is missing, cut short, something else, or in another order or unit.
        """
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {}).get("handcraft", "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except (OSError, SafetensorError, ValueError) as error:
            raise HandcraftError(
                f"Expected {path} to be a pose library, but it cannot be read: {error}; "
                "make one with `handcraft poses build`."
            ) from error
        if about.get("format") != _FORMAT or set(tensors) != {"angles_rad", "joints_m"}:
            raise HandcraftError(f"Expected {path} to be a pose library; it is another safetensors file.")
        for name, names in (("angles", DOF_NAMES), ("joints", KEYPOINTS)):
            if tuple(about.get(name, ())) != names:
                raise HandcraftError(
                    f"Expected the {name} of {path} in this version's order, but they are in another; build it anew."
                )
        try:
            expect_hands(tensors["joints_m"], f"joints_m of {path}")
            return PoseLibrary(tensors["angles_rad"].float(), tensors["joints_m"].float(), str(about.get("source")))
        except (IndexError, TypeError, RuntimeError) as error:
            raise HandcraftError(f"Expected {path} to be a pose library, but its shapes are not one's.") from error
