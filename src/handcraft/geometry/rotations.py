# SPDX-License-Identifier: Apache-2.0
"""Rotations as 3x3 matrices, with gradients that stay finite at the identity."""

import torch
from jaxtyping import Float
from torch import Tensor

X_AXIS, Y_AXIS, Z_AXIS = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def cross_matrix(vector: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """The matrix K with ``K @ u == cross(vector, u)``."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))


def rotation_from_axis_angle(axis_angle_rad: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Rodrigues' formula: rotate by the vector's length (radians) about its direction, right-handed.

    ``sinc`` keeps value and gradient finite at angle zero, where the published layers divide by it.
    """
    square = axis_angle_rad.square().sum(-1)[..., None, None]
    angle = (square + 1e-16).sqrt()
    sine_over_angle = torch.sinc(angle / torch.pi)
    versine_over_square = 0.5 * torch.sinc(angle / (2 * torch.pi)).square()
    # The square of the cross matrix, as v v^T - |v|^2 1: cheaper than thousands of small matrix products.
    outer = axis_angle_rad[..., :, None] * axis_angle_rad[..., None, :]
    identity = torch.eye(3, dtype=outer.dtype, device=outer.device)
    turn = sine_over_angle * cross_matrix(axis_angle_rad) + versine_over_square * outer
    return turn + (1 - versine_over_square * square) * identity


def rotation_about(axis: tuple[float, float, float], angle_rad: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotate by ``angle_rad`` about a fixed unit axis, right-handed."""
    direction = torch.tensor(axis, dtype=angle_rad.dtype, device=angle_rad.device)
    return rotation_from_axis_angle(angle_rad[..., None] * direction)


def rotation_from_columns(columns: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """A rotation from what its first two columns are meant to be (Zhou et al. 2019, Eq. 15).

    Every rotation is reached, and its neighbours by nearby numbers: what a network learns has no seam, which an axis
    times an angle has at half turns.
    """
    first = torch.nn.functional.normalize(columns[..., :3], dim=-1, eps=1e-6)
    leaning = columns[..., 3:] - (first * columns[..., 3:]).sum(-1, keepdim=True) * first
    second = torch.nn.functional.normalize(leaning, dim=-1, eps=1e-6)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)
