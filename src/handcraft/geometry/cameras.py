# SPDX-License-Identifier: Apache-2.0
"""The pinhole camera. OpenCV frame: x right, y down, z forward; pixel (0, 0) has its centre at (0.5, 0.5)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError


@dataclass(frozen=True)
class Camera:
    """Pinhole cameras that share one image size."""

    intrinsics: Float[Tensor, "*batch 3 3"]
    """``pixels_from_camera`` up to the division by depth: focal lengths and principal point, in pixels."""
    height_px: int
    width_px: int

    def __post_init__(self) -> None:
        if self.height_px < 1 or self.width_px < 1:
            raise HandcraftError(f"Expected an image of at least 1x1 pixels, but got {self.height_px}x{self.width_px}.")

    @staticmethod
    def from_focal_length(focal_length_px: Float[Tensor, "*batch"], height_px: int, width_px: int) -> "Camera":
        """Square pixels, principal point in the middle of the image."""
        zero, one = torch.zeros_like(focal_length_px), torch.ones_like(focal_length_px)
        rows = [focal_length_px, zero, one * width_px / 2, zero, focal_length_px, one * height_px / 2, zero, zero, one]
        return Camera(torch.stack(rows, dim=-1).unflatten(-1, (3, 3)), height_px, width_px)

    def pixels_from_camera(self, points_m: Float[Tensor, "*batch points 3"]) -> Float[Tensor, "*batch points 2"]:
        """Project points in the camera frame (metres) to pixels."""
        homogeneous = points_m @ self.intrinsics.transpose(-1, -2)
        return homogeneous[..., :2] / homogeneous[..., 2:]

    def camera_from_pixels(
        self, pixels: Float[Tensor, "*batch points 2"], depth_m: Float[Tensor, "*batch points"]
    ) -> Float[Tensor, "*batch points 3"]:
        """The points (metres, camera frame) seen at ``pixels`` with depth z ``depth_m``; undoes the projection."""
        homogeneous = torch.cat([pixels, torch.ones_like(pixels[..., :1])], dim=-1)
        rays = torch.linalg.solve(self.intrinsics, homogeneous.transpose(-1, -2)).transpose(-1, -2)
        return rays * depth_m[..., None]
