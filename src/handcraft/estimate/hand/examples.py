# SPDX-License-Identifier: Apache-2.0
"""What the hand network learns from: pictures and their labels, as tensors of one batch.

Renders know everything. Photographs know some keypoints and perhaps the side; what is unknown is marked, and teaches
nothing.

Examples can be moved: :meth:`HandExamples.mirrored` shows the other hand, labels and all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS

WRIST = 0


@dataclass(frozen=True)
class HandExamples:
    """Pictures of one hand each, with labels. 3D labels have the camera's axes: x right, y down, z forward."""

    images: UInt8[Tensor, "n 3 side side"]
    foreground: Bool[Tensor, "n side side"]
    """Where anything stands before the backdrop."""
    keypoints_px: Float[Tensor, "n 21 2"]
    joints_m: Float[Tensor, "n 21 3"]
    """Relative to the wrist."""
    is_right: Bool[Tensor, " n"]
    angles_rad: Float[Tensor, "n 22"]
    """Of the right hand, or of the left hand's mirror image."""
    camera_from_hand: Float[Tensor, "n 3 3"]
    """Rotation; a left hand's frame is the right one's with z mirrored."""
    shape: Float[Tensor, "n parameter"]
    keypoint_weights: Float[Tensor, "n 21"]
    """How sure each keypoint's label is, 0 to 1; of what has 0 the place means nothing."""
    has_pose: Bool[Tensor, " n"]
    """Whether all is known that a photograph does not tell: 3D joints, angles, rotation, shape, what else is seen."""
    has_side: Bool[Tensor, " n"]

    def __len__(self) -> int:
        """How many."""
        return len(self.images)

    def rows(self, index: Int[Tensor, " m"]) -> "HandExamples":
        """Some of them."""
        return HandExamples(*(getattr(self, each.name)[index] for each in fields(self)))

    def to(self, device: torch.device) -> "HandExamples":
        """The same on another device."""
        return HandExamples(*(getattr(self, each.name).to(device) for each in fields(self)))

    def mirrored(self, where: Bool[Tensor, " n"]) -> "HandExamples":
        """The picture in a mirror, where asked for: the other hand in the same pose.

        With X = diag(-1, 1, 1) and Z = diag(1, 1, -1), the mirror image X R S of a hand posed by rotation R whose
        side is made by S is R' S Z with R' = X R Z, a rotation again.
        """
        flip = torch.where(where, -1.0, 1.0)
        x = torch.stack([flip, torch.ones_like(flip), torch.ones_like(flip)], -1)
        side_px = self.images.shape[-1]
        mirrored_px = self.keypoints_px * x.new_tensor([-1.0, 1.0]) + x.new_tensor([float(side_px), 0.0])
        return replace(
            self,
            images=torch.where(where[:, None, None, None], self.images.flip(-1), self.images),
            foreground=torch.where(where[:, None, None], self.foreground.flip(-1), self.foreground),
            keypoints_px=torch.where(where[:, None, None], mirrored_px, self.keypoints_px),
            joints_m=self.joints_m * x[:, None],
            is_right=self.is_right ^ where,
            camera_from_hand=x[:, :, None] * self.camera_from_hand * x.flip(-1)[:, None],
        )


def examples_from(samples: Sequence[HandSample]) -> HandExamples:
    """The examples of renders of one size; importable by name, so that they are made where the renders are.

    Raises:
        HandcraftError: samples without the labels that a hand network learns from.
    """
    lacking = {
        name
        for name in ("parts", "keypoints_px", "joints_m", "angles_rad", "camera_from_hand", "shape")
        for sample in samples
        if getattr(sample, name) is None
    }
    if lacking:
        raise HandcraftError(f"Expected every sample to have {', '.join(sorted(lacking))}; use handcraft's renders.")

    def stacked(name: str) -> Tensor:
        return torch.stack([getattr(sample, name) for sample in samples])

    joints_m = stacked("joints_m")
    return HandExamples(
        (stacked("image") * 255).round().to(torch.uint8),
        stacked("parts") > 0,
        stacked("keypoints_px"),
        joints_m - joints_m[:, WRIST : WRIST + 1],
        torch.tensor([sample.side == "right" for sample in samples]),
        stacked("angles_rad"),
        stacked("camera_from_hand")[:, :3, :3].contiguous(),
        stacked("shape"),
        **all_known(len(samples)),
    )


def all_known(count: int) -> dict[str, Tensor]:
    """The last three fields of ``count`` examples of which everything is known."""
    known = torch.ones(count, dtype=torch.bool)
    return {"keypoint_weights": torch.ones(count, len(KEYPOINTS)), "has_pose": known, "has_side": known.clone()}


def joined(parts: Sequence[HandExamples]) -> HandExamples:
    """All examples of several batches."""
    names = [each.name for each in fields(HandExamples)]
    return HandExamples(*(torch.cat([getattr(part, name) for part in parts]) for name in names))
