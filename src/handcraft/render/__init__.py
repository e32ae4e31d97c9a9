# SPDX-License-Identifier: Apache-2.0
"""How a scene becomes an image and its labels, in the same pass."""

from handcraft.render.pictures import take_depth, take_pictures
from handcraft.render.renderer import Renderer, Rendering, keypoint_visibility

__all__ = ["Renderer", "Rendering", "keypoint_visibility", "take_depth", "take_pictures"]
