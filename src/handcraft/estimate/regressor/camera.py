# SPDX-License-Identifier: Apache-2.0
"""The weak-perspective camera of three numbers: the logarithm of a scale, and a shift right and down.

Places are measured in half sides of the square picture, -1 to 1 from its left or upper edge to the other one; points
in decimetres, so that scale, shift and angles all count about one and a network finds none of them harder than the
others. The documents disagree about the order: seed 001 writes ``s X + t`` (eq 2.4) and its code, as HMR's, has
``s (X + t)``. Both are here by name.

Both documents regress the scale itself. Nothing keeps that above zero, and a negative one turns the picture upside
down: a network that must reach hands of every roll finds that way first, with the 3D hand the wrong way round.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.geometry import Camera

CameraConvention = Literal["s(X+t)", "sX+t"]
"""``s(X+t)``: the shift is in decimetres of the hand. ``sX+t``: it is in half sides of the picture."""

CAMERA_NUMBERS = 3
"""The natural logarithm of the scale, then the shift right and down."""

DECIMETRES_PER_METRE = 10.0


def places_from_points(
    camera: Float[Tensor, "batch 3"], points_m: Float[Tensor, "batch point 3"], convention: CameraConvention
) -> Float[Tensor, "batch point 2"]:
    """Where points in the camera's axes are seen, -1 to 1 over the picture (seed 001, eq 2.4)."""
    scale, shift = camera[:, None, :1].exp(), camera[:, None, 1:]
    seen_dm = points_m[..., :2] * DECIMETRES_PER_METRE
    return scale * (seen_dm + shift) if convention == "s(X+t)" else scale * seen_dm + shift


def pixels_from_places(places: Float[Tensor, "*batch 2"], side_px: int) -> Float[Tensor, "*batch 2"]:
    """Pixels of a square picture of ``side_px`` from places in it."""
    return (places + 1) * (side_px / 2)


def places_from_pixels(pixels: Float[Tensor, "*batch 2"], side_px: int) -> Float[Tensor, "*batch 2"]:
    """Undoes ``pixels_from_places``."""
    return pixels * (2 / side_px) - 1


def camera_in_pixels(camera: Float[Tensor, "batch 3"], side_px: int, convention: CameraConvention) -> Camera:
    """The same camera as everywhere else in handcraft: pixels per metre and a principal point."""
    scale, shift = camera[:, :1].exp(), camera[:, 1:]
    origin_px = pixels_from_places(scale * shift if convention == "s(X+t)" else shift, side_px)
    intrinsics = torch.eye(3).to(camera).repeat(len(camera), 1, 1)
    intrinsics[:, 0, 0] = intrinsics[:, 1, 1] = scale[:, 0] * (DECIMETRES_PER_METRE * side_px / 2)
    intrinsics[:, :2, 2] = origin_px
    return Camera(intrinsics, side_px, side_px, "weak_perspective")
