# SPDX-License-Identifier: Apache-2.0
"""Rotations and cameras: laws, no hands."""

from handcraft.geometry.cameras import Camera, Projection
from handcraft.geometry.interpolation import axis_angle_from_rotation, slerp
from handcraft.geometry.rotations import rotation_about, rotation_from_axis_angle

__all__ = ["Camera", "Projection", "axis_angle_from_rotation", "rotation_about", "rotation_from_axis_angle", "slerp"]
