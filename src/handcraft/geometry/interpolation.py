# SPDX-License-Identifier: Apache-2.0
"""From one rotation to another along the shortest arc of the sphere of rotations, at constant angular speed."""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.geometry.rotations import rotation_from_axis_angle


def slerp(
    start: Float[Tensor, "*batch 3 3"], end: Float[Tensor, "*batch 3 3"], share: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch 3 3"]:
    """The rotation ``share`` of the way from ``start`` (0) to ``end`` (1): ``start exp(share log(start^T end))``.

    The same path whichever frames the rotations are expressed in. Half a turn has two shortest ways; one is taken.
    """
    turn_rad = axis_angle_from_rotation(start.transpose(-1, -2) @ end)
    return start @ rotation_from_axis_angle(share[..., None] * turn_rad)


def axis_angle_from_rotation(rotation: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """The axis times the angle (radians, 0 to pi): the inverse of ``rotation_from_axis_angle``, at half turns too."""
    quaternion = quaternion_from_rotation(rotation)
    real, imaginary = quaternion[..., :1], quaternion[..., 1:]
    sine = imaginary.norm(dim=-1, keepdim=True)
    angle_rad = 2 * torch.atan2(sine, real)
    # Near the identity angle / sine tends to 2, and sine itself may be 0.
    return imaginary * torch.where(sine > 1e-7, angle_rad / sine.clamp_min(1e-7), 2.0)


def quaternion_from_rotation(rotation: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4"]:
    """Unit quaternions, real part first and never negative.

    Each row of the matrix of products q q^T is the quaternion times one of its components; the row of the largest
    component loses no digits (Shepperd 1978).
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(-1) for row in rotation.unbind(-2))
    products = torch.stack([
        torch.stack([1 + xx + yy + zz, zy - yz, xz - zx, yx - xy], -1),
        torch.stack([zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx], -1),
        torch.stack([xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy], -1),
        torch.stack([yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz], -1),
    ], -2)  # fmt: skip
    largest = products.diagonal(dim1=-2, dim2=-1).argmax(-1)
    row = torch.take_along_dim(products, largest[..., None, None], -2)[..., 0, :]
    quaternion = torch.nn.functional.normalize(row, dim=-1)
    return torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
