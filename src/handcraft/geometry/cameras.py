# SPDX-License-Identifier: Apache-2.0
"""Cameras, pinhole and weak-perspective. OpenCV frame: x right, y down, z forward; pixel (0, 0) centred at (0.5, 0.5).

A weak-perspective camera (scaled orthographic) shows everything as large as if it stood at one depth. It is what a
pinhole camera becomes as it moves away and zooms in; :meth:`Camera.weak_perspective_at` is that limit.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError

Projection = Literal["pinhole", "weak_perspective"]


@dataclass(frozen=True)
class Camera:
    """Cameras of one kind that share one image size."""

    intrinsics: Float[Tensor, "*batch 3 3"]
    """Scales on the diagonal, principal point (pixels) in the last column. Of a pinhole camera the scales are focal
    lengths in pixels, of a weak-perspective camera they are pixels per metre."""
    height_px: int
    width_px: int
    projection: Projection = "pinhole"

    def __post_init__(self) -> None:
        if self.height_px < 1 or self.width_px < 1:
            raise HandcraftError(f"Expected an image of at least 1x1 pixels, but got {self.height_px}x{self.width_px}.")

    @staticmethod
    def from_focal_length(focal_length_px: Float[Tensor, "*batch"], height_px: int, width_px: int) -> "Camera":
        """Pinhole, square pixels, principal point in the middle of the image."""
        return Camera(_centred(focal_length_px, height_px, width_px), height_px, width_px)

    @staticmethod
    def from_scale(scale_px_per_m: Float[Tensor, "*batch"], height_px: int, width_px: int) -> "Camera":
        """Weak perspective, square pixels, the axis in the middle of the image."""
        return Camera(_centred(scale_px_per_m, height_px, width_px), height_px, width_px, "weak_perspective")

    def weak_perspective_at(self, depth_m: Float[Tensor, "*batch"]) -> "Camera":
        """The weak-perspective camera that shows what is at depth ``depth_m`` as this pinhole camera does."""
        assert self.projection == "pinhole"
        scales = torch.ones_like(self.intrinsics)
        scales[..., 0, 0], scales[..., 1, 1] = 1 / depth_m, 1 / depth_m
        return Camera(self.intrinsics * scales, self.height_px, self.width_px, "weak_perspective")

    def pixels_from_camera(self, points_m: Float[Tensor, "*batch points 3"]) -> Float[Tensor, "*batch points 2"]:
        """Project points in the camera frame (metres) to pixels."""
        if self.projection == "weak_perspective":
            points_m = torch.cat([points_m[..., :2], torch.ones_like(points_m[..., 2:])], dim=-1)
        homogeneous = points_m @ self.intrinsics.transpose(-1, -2)
        return homogeneous[..., :2] / homogeneous[..., 2:]

    def camera_from_pixels(
        self, pixels: Float[Tensor, "*batch points 2"], depth_m: Float[Tensor, "*batch points"]
    ) -> Float[Tensor, "*batch points 3"]:
        """The points (metres, camera frame) seen at ``pixels`` with depth z ``depth_m``; undoes the projection."""
        homogeneous = torch.cat([pixels, torch.ones_like(pixels[..., :1])], dim=-1)
        rays = torch.linalg.solve(self.intrinsics, homogeneous.transpose(-1, -2)).transpose(-1, -2)
        if self.projection == "weak_perspective":
            return torch.cat([rays[..., :2], depth_m[..., None]], dim=-1)
        return rays * depth_m[..., None]


def _centred(scale: Float[Tensor, "*batch"], height_px: int, width_px: int) -> Float[Tensor, "*batch 3 3"]:
    zero, one = torch.zeros_like(scale), torch.ones_like(scale)
    rows = [scale, zero, one * width_px / 2, zero, scale, one * height_px / 2, zero, zero, one]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))
