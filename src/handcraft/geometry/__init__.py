# SPDX-License-Identifier: Apache-2.0
"""Rotations and cameras: laws, no hands."""

from handcraft.geometry.cameras import Camera
from handcraft.geometry.rotations import rotation_about, rotation_from_axis_angle

__all__ = ["Camera", "rotation_about", "rotation_from_axis_angle"]
