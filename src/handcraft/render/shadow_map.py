# SPDX-License-Identifier: Apache-2.0
"""Cast shadows: what the first lamp sees, drawn by the same rasteriser from the lamp's direction (Williams 1978).

The map keeps the surfaces that turn away from the lamp. Whatever stands between a point and the lamp shows the point
its far side, so nothing is missed, and a lit surface never meets its own depth: skin casts no specks on itself.
"""

from dataclasses import dataclass
from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int32, Int64
from torch import Tensor

from handcraft.render import kernels, shading

LAMP_DISTANCE_M = 10.0
"""Depths in the map are about this large, so that the rasteriser's perspective is as good as none."""
MARGIN_M = 0.035
"""Flesh around the keypoints that the map has to hold."""


@dataclass(frozen=True)
class LampView:
    """Where a far lamp sees each frame's hand."""

    map_from_camera: Float[Tensor, "batch 4 4"]
    """From metres in the camera's frame to (u px, v px, depth m) of the map."""
    texel_m: Float[Tensor, " batch"]

    @staticmethod
    def towards(
        joints_m: Float[Tensor, "batch points 3"], direction: Float[Tensor, "batch 3"], texels: int
    ) -> "LampView":
        """The view along ``direction`` (from the hand to the lamp) that just holds the points and their flesh."""
        ahead = -direction
        across = torch.nn.functional.one_hot(ahead.abs().argmin(-1), 3).to(ahead)
        right = torch.nn.functional.normalize(torch.linalg.cross(across, ahead), dim=-1)
        axes = torch.stack([right, torch.linalg.cross(ahead, right), ahead], dim=1)
        seen_m = joints_m @ axes.transpose(-1, -2)
        low_m, high_m = seen_m.amin(1), seen_m.amax(1)
        texel_m = ((high_m - low_m)[:, :2].amax(1) + 2 * MARGIN_M) / texels
        scale = torch.stack([1 / texel_m, 1 / texel_m, torch.ones_like(texel_m)], dim=1)
        middle = torch.tensor([texels / 2, texels / 2, LAMP_DISTANCE_M]).to(ahead)
        view = torch.eye(4).to(ahead).repeat(len(ahead), 1, 1)
        view[:, :3, :3] = scale[:, :, None] * axes
        view[:, :3, 3] = middle - scale * 0.5 * (low_m + high_m)
        return LampView(view, texel_m)

    def keys(
        self,
        positions_m: Float[Tensor, "batch vertices 3"],
        faces: Int32[Tensor, "faces 3"],
        facing: Float[Tensor, " batch"],
        texels: int,
    ) -> Int64[Tensor, "batch texels texels"]:
        """The nearest of the triangles that turn away from the lamp, in every texel."""
        corners = positions_m @ self.map_from_camera[:, :3, :3].transpose(-1, -2) + self.map_from_camera[:, None, :3, 3]
        shape = (len(corners), texels, texels)
        keys = torch.full(shape, torch.iinfo(torch.int64).max, dtype=torch.int64, device=corners.device)
        arguments = [
            kernels.warp_array(corners, wp.vec3), kernels.warp_array(faces, wp.vec3i),
            kernels.warp_array(-facing, wp.float32), 1.0, 0.0, kernels.warp_array(keys, wp.int64),
        ]  # fmt: skip
        kernels.launch(kernels.rasterise, (len(corners), len(faces)), arguments, corners.device)
        return keys


def shadow_maps(view: LampView, keys: Int64[Tensor, "batch texels texels"]) -> Any:  # noqa: ANN401 (Warp's structures are values)
    """The maps as shading reads them."""
    maps = shading.ShadowMaps()
    maps.keys = kernels.warp_array(keys, wp.int64)
    maps.map_from_camera = kernels.warp_array(view.map_from_camera, wp.mat44)
    maps.texel_m = kernels.warp_array(view.texel_m, wp.float32)
    return maps
