# SPDX-License-Identifier: Apache-2.0
"""A vector of numbers as a hand before a weak-perspective camera: how it becomes keypoints, places and a mesh.

    vector = camera (logarithm of the scale, right, down) | turn | pose | shape

Seed 001 calls it Theta (table 6.1): 61 numbers for MANO's hand, 37 for Anny's. The hand's own frame has its origin at
the wrist, so all points are relative to the wrist, in metres, in the camera's axes (x right, y down, z forward).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.estimate.regressor.camera import (
    CAMERA_NUMBERS,
    CameraConvention,
    camera_in_pixels,
    places_from_points,
)
from handcraft.estimate.regressor.numbers import HandNumbers
from handcraft.geometry import Camera
from handcraft.geometry.rotations import Z_AXIS, rotation_about
from handcraft.hand import PosedHand
from handcraft.scene.placement import CAMERA_FROM_DORSAL


@dataclass(frozen=True)
class VectorParts:
    """The parts of vectors, by name."""

    camera: Float[Tensor, "batch 3"]
    turn: Float[Tensor, "batch turn"]
    pose: Float[Tensor, "batch pose"]
    shape: Float[Tensor, "batch shape"]


@dataclass(frozen=True)
class HandParameters:
    """What vectors mean, and the mean one that a regressor starts from.

    Raises:
        HandcraftError: a ``fill`` that is not above 0.
    """

    numbers: HandNumbers
    convention: CameraConvention = "s(X+t)"
    fill: float = 0.75
    """Share of the picture that the mean hand's longer side takes at the start."""
    roll_deg: float = 0.0
    """How far the mean hand is turned at the start from fingers up, clockwise as seen."""

    def __post_init__(self) -> None:
        if not 0 < self.fill < math.inf:
            raise HandcraftError(f"Expected `fill` to be above 0, but got {self.fill}.")

    @cached_property
    def mean(self) -> Float[Tensor, " parameter"]:
        """The mean hand, in the middle of the picture and as large as ``fill`` says."""
        still = torch.cat([torch.zeros(CAMERA_NUMBERS), *self.numbers.start()]).to(self._device)
        corners = self.places(still[None])[0].aminmax(dim=0)
        middle, extent = (corners.min + corners.max) / 2, (corners.max - corners.min).max()
        scale = 2 * self.fill / extent
        shift = -middle if self.convention == "s(X+t)" else -scale * middle
        return torch.cat([scale.log()[None], shift, still[CAMERA_NUMBERS:]])

    @property
    def _device(self) -> torch.device:
        return self.numbers.model.rest_from_bones.device

    @cached_property
    def _counts(self) -> list[int]:
        return [CAMERA_NUMBERS, *(len(part) for part in self.numbers.start())]

    @property
    def faces(self) -> Int[Tensor, "face 3"]:
        """Triangles of every mesh."""
        return self.numbers.model.topology.faces

    def parts(self, vectors: Float[Tensor, "batch parameter"]) -> VectorParts:
        """Vectors cut into their parts."""
        return VectorParts(*vectors.split(self._counts, dim=1))

    def camera_from_hand(self, vectors: Float[Tensor, "batch parameter"]) -> Float[Tensor, "batch 3 3"]:
        """Rotation from the hand's frame to the camera's axes."""
        roll_rad = torch.tensor(math.radians(self.roll_deg)).to(vectors)
        start = rotation_about(Z_AXIS, roll_rad) @ vectors.new_tensor(CAMERA_FROM_DORSAL)
        return self.numbers.rotation(self.parts(vectors).turn) @ start

    def keypoints_m(self, vectors: Float[Tensor, "batch parameter"]) -> Float[Tensor, "batch 21 3"]:
        """The 21 keypoints relative to the wrist; gradients lead through."""
        return self._posed(vectors).keypoints_m() @ self.camera_from_hand(vectors).transpose(-1, -2)

    def vertices_m(self, vectors: Float[Tensor, "batch parameter"]) -> Float[Tensor, "batch vertex 3"]:
        """The mesh's vertices, forearm included, likewise."""
        return self._posed(vectors).skin().vertices_m @ self.camera_from_hand(vectors).transpose(-1, -2)

    def places(self, vectors: Float[Tensor, "batch parameter"]) -> Float[Tensor, "batch 21 2"]:
        """Where the 21 keypoints are seen, -1 to 1 over the picture (eq 2.4); gradients lead through."""
        return places_from_points(self.parts(vectors).camera, self.keypoints_m(vectors), self.convention)

    def camera(self, vectors: Float[Tensor, "batch parameter"], side_px: int) -> Camera:
        """The cameras, for pictures of ``side_px``."""
        return camera_in_pixels(self.parts(vectors).camera, side_px, self.convention)

    def _posed(self, vectors: Tensor) -> PosedHand:
        parts = self.parts(vectors)
        shaped = self.numbers.model.with_shape(self.numbers.source_shape(parts.shape))
        return shaped.with_bone_rotations(self.numbers.bone_rotations(parts.pose))
