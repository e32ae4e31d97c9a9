# SPDX-License-Identifier: Apache-2.0
"""One file per public layout that samples can be written in; each docstring says what the layout keeps and loses."""

from handcraft.data.exporters.coco import export_coco
from handcraft.data.exporters.freihand import export_freihand
from handcraft.data.exporters.freihand_predictions import write_freihand_predictions
from handcraft.data.exporters.yolo import export_yolo

__all__ = ["export_coco", "export_freihand", "export_yolo", "write_freihand_predictions"]
