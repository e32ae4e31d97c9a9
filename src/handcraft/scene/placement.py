# SPDX-License-Identifier: Apache-2.0
"""Where the hand is before the camera: seen by somebody else, or by the one whose hand it is."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.cameras import Camera, Projection
from handcraft.geometry.interpolation import slerp
from handcraft.geometry.rotations import X_AXIS, Y_AXIS, Z_AXIS, rotation_about
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.scene.draws import normal_from_uniform

View = Literal["third_person", "egocentric"]

PLACEMENT_UNIFORMS = 8

OPEN_HAND_M = 0.19
"""Wrist to middle fingertip of a middling open hand."""

FOREARM_M = 0.25
"""Wrist to the end of the drawn forearm; its end must not be seen."""

CAMERA_FROM_DORSAL = ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))
"""Rotation that shows the back of a hand with its fingers up: dorsal towards the camera, distal up the image."""


@dataclass(frozen=True)
class PlacementConfig:
    """How camera and hand are placed."""

    view: View = "third_person"
    """``third_person``: palm or back towards the camera, then tilted and rolled, in the middle of the picture.
    ``egocentric``: before a camera on the owner's head; the forearm comes in over the lower border, the fingers point
    away, and back, thumb or palm is up as forearms turn."""
    camera: Projection = "pinhole"
    """``weak_perspective`` shows near and far alike: a camera far away that zooms in."""
    roll_deg: float = 180.0
    """Rolled in the image evenly within plus or minus this; 180 is every direction, up to where an owner's arm goes."""
    turn_deg: float = 30.0
    """Spread of the turn about the hand's long axis, away from a square view of palm or back."""
    tilt_deg: float = 25.0
    """Spread of the tilt towards or away from the camera."""
    fill: tuple[float, float] = (0.5, 0.85)
    """Share of the image's width that the hand's length (wrist to middle fingertip) spans when seen square, in the
    third person."""
    reach_m: tuple[float, float] = (0.28, 0.55)
    """How far from the owner's eyes the hand is, in egocentric views."""

    def __post_init__(self) -> None:
        for name in ("roll_deg", "turn_deg", "tilt_deg"):
            if not 0 <= getattr(self, name) <= 180:
                raise HandcraftError(f"Expected `{name}` to be within 0 and 180, but got {getattr(self, name)}.")
        if not 0 < self.fill[0] <= self.fill[1]:
            raise HandcraftError(f"Expected `fill` to be two rising shares above 0, but got {self.fill}.")
        if not 0.2 <= self.reach_m[0] <= self.reach_m[1]:
            raise HandcraftError(f"Expected `reach_m` to be two rising distances from 0.2 m, but got {self.reach_m}.")


@dataclass(frozen=True)
class Placement:
    """Hands before cameras, as values that can be moved: a rotation, where the wrist is, and the zoom."""

    rotation: Float[Tensor, "batch 3 3"]
    """From hand to camera frame."""
    position_m: Float[Tensor, "batch 3"]
    """The hand frame's origin, which is the wrist, in the camera's frame."""
    scale: Float[Tensor, " batch"]
    """Focal length in pixels of pinhole cameras, pixels per metre of weak-perspective ones."""
    projection: Projection = "pinhole"

    @property
    def camera_from_hand(self) -> Float[Tensor, "batch 4 4"]:
        """Rotation and position as one transform."""
        transform = torch.eye(4).to(self.rotation).repeat(len(self.rotation), 1, 1)
        transform[:, :3, :3], transform[:, :3, 3] = self.rotation, self.position_m
        return transform

    def camera(self, height_px: int, width_px: int) -> Camera:
        """The cameras, for pictures of a size."""
        make = Camera.from_focal_length if self.projection == "pinhole" else Camera.from_scale
        return make(self.scale, height_px, width_px)

    def towards(self, end: "Placement", share: Float[Tensor, " batch"]) -> "Placement":
        """``share`` of the way to ``end``: rotated on the sphere, moved along a line, zoomed by equal factors."""
        assert self.projection == end.projection
        return Placement(
            slerp(self.rotation, end.rotation, share),
            torch.lerp(self.position_m, end.position_m, share[:, None]),
            self.scale * (end.scale / self.scale) ** share,
            self.projection,
        )


def sample_placement(
    uniform: Float[Tensor, "batch 8"],
    keypoints_m: Float[Tensor, "batch 21 3"],
    is_left: Bool[Tensor, " batch"],
    height_px: int,
    width_px: int,
    config: PlacementConfig,
) -> Placement:
    """Where the hands are in pictures of a size; their keypoints' centre lands where the view has it.

    ``is_left`` matters to egocentric views only: a left hand is seen as the mirror image of a right one.
    """
    centre_m = 0.5 * (keypoints_m.amin(1) + keypoints_m.amax(1))
    if config.view == "third_person":
        rotation = camera_rotation(uniform, config)
        focal_px, target_m = _third_person(uniform, keypoints_m, width_px, config)
    else:
        rotation = egocentric_rotation(uniform, is_left, config)
        focal_px, target_m = _egocentric(uniform, is_left, height_px, width_px, config)
    position_m = target_m - (rotation @ centre_m[..., None])[..., 0]
    if config.view == "egocentric":
        position_m = _with_forearm_leaving(position_m, rotation, height_px / focal_px, target_m[:, 2], config.camera)
    scale = focal_px if config.camera == "pinhole" else focal_px / target_m[:, 2]
    return Placement(rotation, position_m, scale, config.camera)


def camera_rotation(uniform: Float[Tensor, "batch 8"], config: PlacementConfig) -> Float[Tensor, "batch 3 3"]:
    """Rotations from hand to camera frame: palm or back, turned about the hand, tilted, rolled in the image."""
    normal = normal_from_uniform(uniform[:, 2:4])
    palm_or_back = torch.where(uniform[:, 1] < 0.5, torch.pi, 0.0)
    turn_rad = palm_or_back + torch.deg2rad(torch.tensor(config.turn_deg)) * normal[:, 0]
    tilt_rad = torch.deg2rad(torch.tensor(config.tilt_deg)) * normal[:, 1]
    roll_rad = torch.deg2rad(torch.tensor(config.roll_deg)) * (2 * uniform[:, 4] - 1)
    return _rotation(turn_rad, tilt_rad, roll_rad)


def egocentric_rotation(
    uniform: Float[Tensor, "batch 8"], is_left: Bool[Tensor, " batch"], config: PlacementConfig
) -> Float[Tensor, "batch 3 3"]:
    """Rotations from hand to camera frame as owners see their hands: back, thumb or palm up, fingers leaning away."""
    normal = normal_from_uniform(uniform[:, 2:4])
    turned_deg = torch.tensor([0.0, 80.0, 170.0])[torch.bucketize(uniform[:, 1].contiguous(), torch.tensor([0.5, 0.8]))]
    turn_deg = turned_deg + config.turn_deg * normal[:, 0]
    lean_deg = (35 + config.tilt_deg * normal[:, 1]).clamp(0, 70)
    # The right forearm comes from below and from the right, so its fingers point up and to the left.
    roll_deg = -(25 + 30 * (2 * uniform[:, 4] - 1)).clamp(-config.roll_deg, config.roll_deg)
    right = _rotation(torch.deg2rad(turn_deg), -torch.deg2rad(lean_deg), torch.deg2rad(roll_deg))
    mirrored = torch.tensor([-1.0, 1.0, 1.0])[:, None] * right * torch.tensor([1.0, 1.0, -1.0])
    return torch.where(is_left[:, None, None], mirrored, right)


def _rotation(
    turn_rad: Float[Tensor, " batch"], tilt_rad: Float[Tensor, " batch"], roll_rad: Float[Tensor, " batch"]
) -> Float[Tensor, "batch 3 3"]:
    back = torch.tensor(CAMERA_FROM_DORSAL).expand(len(turn_rad), 3, 3)
    return rotation_about(Z_AXIS, roll_rad) @ rotation_about(X_AXIS, tilt_rad) @ back @ rotation_about(Y_AXIS, turn_rad)


def _third_person(
    uniform: Float[Tensor, "batch 8"], keypoints_m: Float[Tensor, "batch 21 3"], width_px: int, config: PlacementConfig
) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch 3"]]:
    """Focal lengths (pixels) and where the keypoints' centre is (metres): near the middle, as large as asked for."""
    field_of_view = torch.deg2rad(25 + 25 * uniform[:, 0])
    focal_px = 0.5 * width_px / (0.5 * field_of_view).tan()
    wrist_m, knuckle_m, tip_m = (
        keypoints_m[:, KEYPOINTS.index(name)] for name in ("wrist", "middle_mcp", "middle_tip")
    )
    length_m = (tip_m - knuckle_m).norm(dim=-1) + (knuckle_m - wrist_m).norm(dim=-1)
    fill = config.fill[0] + (config.fill[1] - config.fill[0]) * uniform[:, 5]
    # A curled hand keeps the scale of its open self, up to a point: it may not leave the frame, nor shrink to a dot.
    distance_m = focal_px * length_m.clamp(0.75 * OPEN_HAND_M, 1.25 * OPEN_HAND_M) / (fill * width_px)
    slack = (1 - fill)[:, None] * (uniform[:, 6:8] - 0.5) * 0.5 * (width_px / focal_px * distance_m)[:, None]
    return focal_px, torch.cat([slack, distance_m[:, None]], dim=1)


def _egocentric(
    uniform: Float[Tensor, "batch 8"], is_left: Bool[Tensor, " batch"], height_px: int, width_px: int,
    config: PlacementConfig,
) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch 3"]]:  # fmt: skip
    """Focal lengths (pixels) of wide cameras, and the keypoints' centre (metres): in reach, on the hand's own side."""
    field_of_view = torch.deg2rad(50 + 25 * uniform[:, 0])
    focal_px = 0.5 * width_px / (0.5 * field_of_view).tan()
    distance_m = config.reach_m[0] + (config.reach_m[1] - config.reach_m[0]) * uniform[:, 5]
    across = torch.where(is_left, -1.0, 1.0) * (-0.15 + 0.5 * uniform[:, 6])  # in half widths of the picture
    down = -0.15 + 0.4 * uniform[:, 7]  # in half heights
    target = torch.stack([across * 0.5 * width_px / focal_px, down * 0.5 * height_px / focal_px, torch.ones(len(down))])
    return focal_px, target.T * distance_m[:, None]


def _with_forearm_leaving(
    position_m: Float[Tensor, "batch 3"], rotation: Float[Tensor, "batch 3 3"], height_ratio: Float[Tensor, " batch"],
    depth_m: Float[Tensor, " batch"], projection: Projection,
) -> Float[Tensor, "batch 3"]:  # fmt: skip
    """Positions moved down until the forearm ends below the picture, which is ``height_ratio`` metres high at 1 m."""
    end_m = position_m - FOREARM_M * rotation[:, :, 1]
    seen_at_m = end_m[:, 2].clamp_min(0) if projection == "pinhole" else depth_m
    lack_m = 0.55 * height_ratio * seen_at_m - end_m[:, 1]
    return position_m + lack_m.clamp_min(0)[:, None] * torch.tensor([0.0, 1.0, 0.0])
