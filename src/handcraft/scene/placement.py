# SPDX-License-Identifier: Apache-2.0
"""Where the hand is before the camera."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.cameras import Camera
from handcraft.geometry.rotations import X_AXIS, Y_AXIS, Z_AXIS, rotation_about
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.scene.draws import normal_from_uniform

PLACEMENT_UNIFORMS = 8

OPEN_HAND_M = 0.19
"""Wrist to middle fingertip of a middling open hand."""

CAMERA_FROM_DORSAL = ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))
"""Rotation that shows the back of a hand with its fingers up: dorsal towards the camera, distal up the image."""


@dataclass(frozen=True)
class PlacementConfig:
    """How camera and hand are placed: palm or back towards the camera, then tilted and rolled."""

    roll_deg: float = 180.0
    """Rolled in the image evenly within plus or minus this; 180 is every direction."""
    turn_deg: float = 30.0
    """Spread of the turn about the hand's long axis, away from a square view of palm or back."""
    tilt_deg: float = 25.0
    """Spread of the tilt towards or away from the camera."""
    fill: tuple[float, float] = (0.5, 0.85)
    """Share of the image's width that the hand's length (wrist to middle fingertip) spans when seen square."""

    def __post_init__(self) -> None:
        for name in ("roll_deg", "turn_deg", "tilt_deg"):
            if not 0 <= getattr(self, name) <= 180:
                raise HandcraftError(f"Expected `{name}` to be within 0 and 180, but got {getattr(self, name)}.")
        if not 0 < self.fill[0] <= self.fill[1]:
            raise HandcraftError(f"Expected `fill` to be two rising shares above 0, but got {self.fill}.")


def sample_placement(
    uniform: Float[Tensor, "batch 8"],
    keypoints_m: Float[Tensor, "batch 21 3"],
    height_px: int,
    width_px: int,
    config: PlacementConfig,
) -> tuple[Float[Tensor, "batch 4 4"], Camera]:
    """``camera_from_hand`` and the camera of each frame; the keypoints' centre lands near the image's centre."""
    field_of_view = torch.deg2rad(25 + 25 * uniform[:, 0])
    focal_px = 0.5 * width_px / (0.5 * field_of_view).tan()
    camera = Camera.from_focal_length(focal_px, height_px, width_px)
    rotation = camera_rotation(uniform, config)
    wrist_m, knuckle_m, tip_m = (
        keypoints_m[:, KEYPOINTS.index(name)] for name in ("wrist", "middle_mcp", "middle_tip")
    )
    length_m = (tip_m - knuckle_m).norm(dim=-1) + (knuckle_m - wrist_m).norm(dim=-1)
    fill = config.fill[0] + (config.fill[1] - config.fill[0]) * uniform[:, 5]
    # A curled hand keeps the scale of its open self, up to a point: it may not leave the frame, nor shrink to a dot.
    distance_m = focal_px * length_m.clamp(0.75 * OPEN_HAND_M, 1.25 * OPEN_HAND_M) / (fill * width_px)
    centre_m = 0.5 * (keypoints_m.amin(1) + keypoints_m.amax(1))
    slack = (1 - fill)[:, None] * (uniform[:, 6:8] - 0.5) * 0.5 * (width_px / focal_px * distance_m)[:, None]
    target = torch.cat([slack, distance_m[:, None]], dim=1)
    camera_from_hand = torch.eye(4).repeat(len(uniform), 1, 1)
    camera_from_hand[:, :3, :3] = rotation
    camera_from_hand[:, :3, 3] = target - (rotation @ centre_m[..., None])[..., 0]
    return camera_from_hand, camera


def camera_rotation(uniform: Float[Tensor, "batch 8"], config: PlacementConfig) -> Float[Tensor, "batch 3 3"]:
    """Rotations from hand to camera frame: palm or back, turned about the hand, tilted, rolled in the image."""
    normal = normal_from_uniform(uniform[:, 2:4])
    back = torch.tensor(CAMERA_FROM_DORSAL).expand(len(uniform), 3, 3)
    palm_or_back = torch.where(uniform[:, 1] < 0.5, torch.pi, 0.0)
    turn = rotation_about(Y_AXIS, palm_or_back + torch.deg2rad(torch.tensor(config.turn_deg)) * normal[:, 0])
    tilt = rotation_about(X_AXIS, torch.deg2rad(torch.tensor(config.tilt_deg)) * normal[:, 1])
    roll = rotation_about(Z_AXIS, torch.deg2rad(torch.tensor(config.roll_deg)) * (2 * uniform[:, 4] - 1))
    return roll @ tilt @ back @ turn
