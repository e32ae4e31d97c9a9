# SPDX-License-Identifier: Apache-2.0
"""What the numbers of a hand mean, once for Anny's and once for MANO's: its turn, its pose and its shape.

Both are right hands; crops show left ones in a mirror. A turn that has not begun shows the back of the hand, fingers
up (``CAMERA_FROM_DORSAL``), whichever hand it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.geometry.rotations import rotation_from_axis_angle, rotation_from_columns
from handcraft.hand import HandModel, MANOFile, MANOHand
from handcraft.hand.poses import POSE_UNIFORMS, poses_from_uniform
from handcraft.scene.shapes import phenotypes_from_uniform


@runtime_checkable
class HandNumbers(Protocol):
    """Numbers of one hand, in three parts, and where each starts."""

    @property
    def model(self) -> HandModel:
        """The hand they pose."""

    def start(self) -> tuple[Float[Tensor, " turn"], Float[Tensor, " pose"], Float[Tensor, " shape"]]:
        """The numbers of the mean hand."""

    def rotation(self, turn: Float[Tensor, "batch turn"]) -> Float[Tensor, "batch 3 3"]:
        """By how much the hand is turned in the camera's axes."""

    def bone_rotations(self, pose: Float[Tensor, "batch pose"]) -> Float[Tensor, "batch bones 3 3"]:
        """Each bone's turn in its own frame."""

    def source_shape(self, shape: Float[Tensor, "batch shape"]) -> Float[Tensor, "batch shape"]:
        """The shape as ``HandModel.with_shape`` wants it; zeros are the mean of people."""


@dataclass(frozen=True)
class AnnyNumbers:
    """6 numbers of turn (two columns of a rotation), the 22 joint angles in radians, 6 of shape.

    A number of shape is the phenotype's distance from the mean adult on the logistic scale: 0 is the mean, phenotypes
    stay within 0 and 1 whatever the number.
    """

    model: HandModel

    def start(self) -> tuple[Float[Tensor, " turn"], Float[Tensor, " pose"], Float[Tensor, " shape"]]:
        """Not turned, in the middle of the poses that renders are drawn from, the mean adult."""
        middle_rad = poses_from_uniform(torch.full((1, POSE_UNIFORMS), 0.5))[0]
        return torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), middle_rad, torch.zeros(len(self.model.source.shape_names))

    def rotation(self, turn: Float[Tensor, "batch turn"]) -> Float[Tensor, "batch 3 3"]:
        """By Gram and Schmidt."""
        return rotation_from_columns(turn)

    def bone_rotations(self, pose: Float[Tensor, "batch pose"]) -> Float[Tensor, "batch bones 3 3"]:
        """Of joint angles, in the order of ``DOF_NAMES``."""
        return self.model.bone_rotations(pose)

    def source_shape(self, shape: Float[Tensor, "batch shape"]) -> Float[Tensor, "batch shape"]:
        """Phenotypes."""
        mean = phenotypes_from_uniform(torch.full_like(shape[:1], 0.5, device="cpu")).to(shape)
        return torch.sigmoid(torch.logit(mean) + shape)


@dataclass(frozen=True)
class MANONumbers:
    """3 numbers of turn, 45 of pose (axes times angles, radians), 10 of shape: with the camera seed 001's 61."""

    model: HandModel
    hand: MANOHand
    mean_pose_rad: Float[Tensor, " 45"]

    @staticmethod
    def load(path: Path, device: str | torch.device = "cpu") -> "MANONumbers":
        """Of the user's own file; a left file's hand is taken as the right hand that it mirrors."""
        file = MANOFile.load(path).with_shape_sign_mended()
        hand = MANOHand.from_file(file, device)
        return MANONumbers(HandModel.of(hand, "right"), hand, torch.from_numpy(file.mean_pose_rad).float())

    def start(self) -> tuple[Float[Tensor, " turn"], Float[Tensor, " pose"], Float[Tensor, " shape"]]:
        """Not turned, the file's mean pose, its mean shape."""
        return torch.zeros(3), self.mean_pose_rad, torch.zeros(10)

    def rotation(self, turn: Float[Tensor, "batch turn"]) -> Float[Tensor, "batch 3 3"]:
        """By Rodrigues."""
        return rotation_from_axis_angle(turn)

    def bone_rotations(self, pose: Float[Tensor, "batch pose"]) -> Float[Tensor, "batch bones 3 3"]:
        """Of MANO's 15 joints, twist and all."""
        return self.hand.bones_from_pose(pose)

    def source_shape(self, shape: Float[Tensor, "batch shape"]) -> Float[Tensor, "batch shape"]:
        """MANO's own."""
        return shape
