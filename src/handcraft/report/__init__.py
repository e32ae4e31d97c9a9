# SPDX-License-Identifier: Apache-2.0
"""Run folders in, one self-contained page out; and the drawing of hands that other stages' pictures need."""

from handcraft.report.drawing import TRUTH_COLOURS, contact_sheet, draw_skeleton, overlay_skeleton, picture_from_image
from handcraft.report.label_pictures import show_depth, show_mask, show_normals, show_parts
from handcraft.report.page import write_report

__all__ = [
    "TRUTH_COLOURS",
    "contact_sheet",
    "draw_skeleton",
    "overlay_skeleton",
    "picture_from_image",
    "show_depth",
    "show_mask",
    "show_normals",
    "show_parts",
    "write_report",
]
