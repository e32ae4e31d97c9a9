# SPDX-License-Identifier: Apache-2.0
"""Sampling poses that a hand can take: inside its limits, neighbours moving together, fingers out of the palm.

Curls of neighbouring fingers are tied by a Gaussian copula; a finger that is curled cannot spread; the distal joint
follows the middle one (its tendon makes it: about two thirds). A pose whose finger segments touch the palm, the
thumb or each other is opened step by step towards the flat hand until they no longer do.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.anatomy import DOF_NAMES, dof_indices, joint_limits_rad
from handcraft.hand.model import ShapedHand
from handcraft.hand.skeleton import FINGERS, KEYPOINTS

POSE_UNIFORMS = 20
"""Uniform numbers one pose is made of."""

OPENING_STEPS = 8
OPENING_FACTOR = 0.78


@dataclass(frozen=True)
class PoseConfig:
    """How poses are drawn."""

    neighbour_correlation: float = 0.6
    """Correlation between the curls of adjacent fingers; its n-th power n fingers apart."""
    wrist_deg: float = 20.0
    """Spread (one standard deviation) of the wrist's angles."""

    def __post_init__(self) -> None:
        if not 0 <= self.neighbour_correlation < 1:
            raise HandcraftError(
                f"Expected `neighbour_correlation` to be in [0, 1), but got {self.neighbour_correlation}."
            )
        if self.wrist_deg < 0:
            raise HandcraftError(f"Expected `wrist_deg` to be at least 0, but got {self.wrist_deg}.")


def poses_from_uniform(
    uniform: Float[Tensor, "batch 20"], config: PoseConfig = PoseConfig()
) -> Float[Tensor, "batch dof"]:
    """Poses (radians) inside the joint limits, correlated over the fingers; not yet checked for touching."""
    normal = torch.special.ndtri(uniform.clamp(1e-6, 1 - 1e-6))
    curl = _curls(normal[:, :4], config.neighbour_correlation)
    degrees = torch.zeros(len(uniform), len(DOF_NAMES))
    # Hooks bend the outer joints more than the knuckle, slopes the other way round.
    hook = 0.22 * normal[:, 4:8]
    middle = 100 * (curl + hook).clamp(0, 1)
    degrees[:, dof_indices("flexion", "pip")] = middle
    degrees[:, dof_indices("flexion", "mcp")[1:]] = -12 + 97 * (curl - hook + 0.08 * normal[:, 8:12]).clamp(0, 1)
    degrees[:, dof_indices("flexion", "dip")] = 0.67 * middle + 6 * normal[:, 12:13]
    degrees[:, dof_indices("deviation", "mcp")] = _spread_deg(normal[:, 13], curl)
    thumb = {"thumb_cmc_flexion": (4, 12, 14), "thumb_cmc_deviation": (-2, 13, 15), "thumb_mcp_flexion": (18, 16, 16)}
    for name, (mean, deviation, column) in thumb.items():
        degrees[:, DOF_NAMES.index(name)] = mean + deviation * normal[:, column]
    degrees[:, DOF_NAMES.index("thumb_ip_flexion")] = 18 + 24 * normal[:, 17]
    degrees[:, DOF_NAMES.index("wrist_flexion")] = config.wrist_deg * normal[:, 18]
    degrees[:, DOF_NAMES.index("wrist_deviation")] = 0.5 * config.wrist_deg * normal[:, 19]
    lowest, highest = joint_limits_rad()
    return torch.deg2rad(degrees).clamp(lowest, highest)


def _curls(normal: Float[Tensor, "batch 4"], correlation: float) -> Float[Tensor, "batch 4"]:
    """How far index to little finger are curled, 0 to 1: correlated, and at the ends more often than between."""
    steps = torch.arange(4)
    covariance = correlation ** (steps[:, None] - steps[None]).abs().float()
    tied = normal @ torch.linalg.cholesky(covariance).T
    level = torch.special.ndtr(tied)
    return 0.5 - 0.5 * torch.cos(torch.pi * level.clamp(0, 1))


def _spread_deg(normal: Float[Tensor, " batch"], curl: Float[Tensor, "batch 4"]) -> Float[Tensor, "batch 4"]:
    """Deviation of index to little finger: fanned out by one common amount, less where a finger is curled."""
    fan = (6 + 6 * normal).clamp(-3, 18)
    return fan[:, None] * torch.tensor([1.0, 0.15, -0.6, -1.25]) * (1 - 0.8 * curl)


def open_until_free(
    shaped: ShapedHand, angles_rad: Float[Tensor, "batch dof"]
) -> tuple[Float[Tensor, "batch dof"], Bool[Tensor, " batch"]]:
    """Open the fingers of touching poses step by step; returns the poses and which of them are free in the end.

    The wrist stays as it is. Poses that did not touch come back unchanged, to the bit.
    """
    wrist = torch.tensor([name.startswith("wrist") for name in DOF_NAMES])
    free = ~touching(shaped, angles_rad)
    for _ in range(OPENING_STEPS):
        rows = torch.nonzero(~free)[:, 0]
        if len(rows) == 0:
            break
        opened = torch.where(wrist, angles_rad[rows], angles_rad[rows] * OPENING_FACTOR)
        angles_rad = angles_rad.index_copy(0, rows, opened)
        free = free.index_copy(0, rows, ~touching(shaped.select(rows), opened))
    return angles_rad, free


def touching(shaped: ShapedHand, angles_rad: Float[Tensor, "batch dof"]) -> Bool[Tensor, " batch"]:
    """Whether any two finger segments, or a finger and the palm, are nearer than their thickness allows.

    Segments are capsules (points along bones with radii); the palm is a fan of capsules from wrist to knuckles.
    """
    keypoints_m = shaped.with_pose(angles_rad).keypoints_m()
    size = (keypoints_m[:, KEYPOINTS.index("middle_mcp")] - keypoints_m[:, 0]).norm(dim=-1)
    points, owner, radius = _capsule_points(keypoints_m)
    radius = radius * (size / 0.1)[:, None]
    distance = torch.cdist(points, points)
    apart = owner[:, None] != owner[None]
    limit = radius[:, :, None] + radius[:, None]
    return ((distance < limit) & apart).flatten(1).any(1)


_SEGMENT_RADII = {"thumb": (0.0085, 0.0075), "index": (0.007, 0.0062), "middle": (0.007, 0.0062),
                  "ring": (0.0066, 0.0058), "little": (0.0058, 0.005)}  # fmt: skip
"""Radii in metres of a hand of 100 mm from wrist to middle knuckle, a little under flesh: soft tissue gives way."""


def _capsule_points(
    keypoints_m: Float[Tensor, "batch 21 3"],
) -> tuple[Float[Tensor, "batch points 3"], Tensor, Float[Tensor, " points"]]:
    """Points along the outer two bones of each finger and along the palm, with owner (finger; 5 the palm), radius."""
    points, owner, radius = [], [], []
    for number, finger in enumerate(FINGERS):
        base = 1 + 4 * number
        for bone, bone_radius in zip((base + 1, base + 2), _SEGMENT_RADII[finger], strict=True):
            for fraction in (0.15, 0.5, 0.85):
                points.append(torch.lerp(keypoints_m[:, bone], keypoints_m[:, bone + 1], fraction))
                owner.append(number)
                radius.append(bone_radius)
    for knuckle in (5, 9, 13, 17):
        for fraction in (0.3, 0.55, 0.8):
            points.append(torch.lerp(keypoints_m[:, 0], keypoints_m[:, knuckle], fraction))
            owner.append(5)
            radius.append(0.009)
    return torch.stack(points, 1), torch.tensor(owner), torch.tensor(radius)
