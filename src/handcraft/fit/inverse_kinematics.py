# SPDX-License-Identifier: Apache-2.0
"""Joints to angles: damped Gauss-Newton inside the joints' limits, for many hands and their five fingers at once.

Two facts of the hand make it quick. No finger moves another's joints, so a pose is five problems of four angles. And a
joint's way is a circle while one angle turns: ``p(a) = c + u cos a + v sin a``, so the derivative is half the
difference of the points a quarter turn ahead and behind, exactly, and eight posed hands give the whole Jacobian.
(MANO's fingertips leave the circle by their pose correctives; the answers then agree to tenths of a millimetre.)
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import expect_above, expect_at_least
from handcraft.fit.alignment import flat_joints_m, normalise_joints
from handcraft.hand import FINGERS, KEYPOINTS, HandModel, ShapedHand
from handcraft.hand.anatomy import DOF_NAMES, joint_limits_rad
from handcraft.hand.pose_library import middle_hand
from handcraft.measure.range_of_motion import finger_angles

FINGER_DOFS = [[i for i, name in enumerate(DOF_NAMES) if name.startswith(finger)] for finger in FINGERS]
"""The four angles of each finger."""
FINGER_JOINTS = [[i for i, name in enumerate(KEYPOINTS) if name.startswith(finger)][1:] for finger in FINGERS]
"""The three joints of each finger that its angles move."""


@dataclass(frozen=True)
class FitConfig:
    """How long to look for the angles."""

    iterations: int = 40
    step_rad: float = 1e-5
    """A finger is found when its angles change by less."""
    chunk: int = 512
    """Hands at a time, so that memory does not grow with the request."""

    def __post_init__(self) -> None:
        expect_at_least(1, iterations=self.iterations, chunk=self.chunk)
        expect_above(0, step_rad=self.step_rad)


@dataclass(frozen=True)
class FittedPoses:
    """Angles for given joints, and how near they come."""

    angles_rad: Float[Tensor, "pose 22"]
    """Inside the limits; the wrist straight."""
    residual_mm: Float[Tensor, " pose"]
    """Mean distance of the 15 joints beyond the palm, at the middle hand's size."""
    scale: Float[Tensor, " pose"]
    """The given hand's length as a multiple of the middle hand's."""


def fit_angles(model: HandModel, joints_m: Float[Tensor, "pose 21 3"], config: FitConfig = FitConfig()) -> FittedPoses:
    """The angles that bring the middle hand's joints nearest to those of right hands (mirror left ones first).

    Raises:
        HandcraftError: joints that are not finite, not in metres or not in our order.
    """
    given = normalise_joints(model, joints_m)
    hand, start = middle_hand(model), _start(model, given.joints_m)
    parts = [
        _descend(hand, target_m[:, FINGER_JOINTS], fingers, config)
        for target_m, fingers in zip(given.joints_m.split(config.chunk), start.split(config.chunk), strict=True)
    ]
    angles_rad = _pose(torch.cat(parts))
    return FittedPoses(angles_rad, residual_mm(hand, angles_rad, given.joints_m), given.scale)


def residual_mm(
    hand: ShapedHand, angles_rad: Float[Tensor, "pose 22"], joints_m: Float[Tensor, "pose 21 3"]
) -> Float[Tensor, " pose"]:
    """Mean distance between the joints beyond the palm of ``hand`` in these poses and ``joints_m``."""
    moving = [joint for joints in FINGER_JOINTS for joint in joints]
    made_m = hand.with_pose(angles_rad).keypoints_m()
    return 1000 * (made_m - joints_m)[:, moving].norm(dim=-1).mean(-1)


def _start(model: HandModel, joints_m: Float[Tensor, "pose 21 3"]) -> Float[Tensor, "pose 5 4"]:
    """The measured angles of the fingers, less what a flat hand measures; the thumb at rest."""
    measured = finger_angles(joints_m).angles_rad - finger_angles(flat_joints_m(model)[None]).angles_rad
    return _inside(torch.cat([torch.zeros_like(measured[:, :1]), measured], 1))


def _descend(
    hand: ShapedHand, target_m: Float[Tensor, "pose 5 3 3"], fingers: Float[Tensor, "pose 5 4"], config: FitConfig
) -> Float[Tensor, "pose 5 4"]:
    """Levenberg-Marquardt (Marquardt 1963) with the limits as active set; hands that are found drop out."""
    fingers = fingers.clone()
    damping = fingers.new_full(fingers.shape[:2], 1e-3)
    looking = torch.arange(len(fingers))
    for _ in range(config.iterations):
        now, aim = fingers[looking], target_m[looking]
        points_m, jacobian = _linearised(hand, now)
        error = points_m - aim
        tried = _inside(now + _step(jacobian, error.flatten(2), now, damping[looking]))
        better = _squares(_points(hand, tried) - aim) <= _squares(error)
        moved = (tried - now).abs().amax(-1)
        fingers[looking] = torch.where(better[..., None], tried, now)
        damping[looking] = torch.where(better, damping[looking] / 4, damping[looking] * 8).clamp(1e-7, 1e4)
        looking = looking[(moved > config.step_rad).any(1)]
        if len(looking) == 0:
            break
    return fingers


def _step(
    jacobian: Float[Tensor, "pose 5 9 4"],
    error: Float[Tensor, "pose 5 9"],
    fingers: Float[Tensor, "pose 5 4"],
    damping: Float[Tensor, "pose 5"],
) -> Float[Tensor, "pose 5 4"]:
    """The damped step; an angle at its limit that would leave it is held."""
    slope = (jacobian * error[..., None]).sum(-2)
    lowest, highest = _limits(fingers)
    free = ~(((fingers <= lowest) & (slope > 0)) | ((fingers >= highest) & (slope < 0)))
    jacobian, slope = jacobian * free[..., None, :], slope * free
    curvature = jacobian.transpose(-1, -2) @ jacobian
    diagonal = curvature.diagonal(dim1=-2, dim2=-1)
    ridge = damping[..., None] * (diagonal + 1e-5) + 1e-9 + (~free).to(slope)
    return -torch.linalg.solve(curvature + torch.diag_embed(ridge), slope)


def _linearised(
    hand: ShapedHand, fingers: Float[Tensor, "pose 5 4"]
) -> tuple[Float[Tensor, "pose 5 3 3"], Float[Tensor, "pose 5 9 4"]]:
    """The joints and how they move with each angle: half of where a quarter turn ahead and one behind bring them."""
    quarter = torch.pi / 2 * torch.eye(4).to(fingers)
    turns = torch.cat([torch.zeros_like(quarter[:1]), quarter, -quarter])[:, None, None]
    points_m = _points(hand, (fingers + turns).flatten(0, 1)).unflatten(0, (9, len(fingers)))
    jacobian = ((points_m[1:5] - points_m[5:]) / 2).flatten(3).movedim(0, -1)
    return points_m[0], jacobian


def _points(hand: ShapedHand, fingers: Float[Tensor, "pose 5 4"]) -> Float[Tensor, "pose 5 3 3"]:
    return hand.with_pose(_pose(fingers)).keypoints_m()[:, FINGER_JOINTS]


def _pose(fingers: Float[Tensor, "pose 5 4"]) -> Float[Tensor, "pose 22"]:
    angles_rad = fingers.new_zeros(len(fingers), len(DOF_NAMES))
    angles_rad[:, [dof for dofs in FINGER_DOFS for dof in dofs]] = fingers.flatten(1)
    return angles_rad


def _limits(like: Tensor) -> tuple[Float[Tensor, "5 4"], Float[Tensor, "5 4"]]:
    lowest, highest = (limit[torch.tensor(FINGER_DOFS)].to(like) for limit in joint_limits_rad())
    return lowest, highest


def _inside(fingers: Float[Tensor, "pose 5 4"]) -> Float[Tensor, "pose 5 4"]:
    lowest, highest = _limits(fingers)
    return fingers.clamp(lowest, highest)


def _squares(error: Float[Tensor, "pose 5 3 3"]) -> Float[Tensor, "pose 5"]:
    return error.square().flatten(2).sum(-1)
