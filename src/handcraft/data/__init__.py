# SPDX-License-Identifier: Apache-2.0
"""Samples in and out: the one record, readers of public data sets, shards, crops, splits, and how samples are drawn."""

from handcraft.data.crop import CropBox, hand_crop
from handcraft.data.drawing import (
    TRUTH_COLOURS,
    contact_sheet,
    draw_skeleton,
    in_rows,
    overlay_skeleton,
    picture_from_image,
    whole_scale,
)
from handcraft.data.exporters import export_coco, export_freihand, export_yolo
from handcraft.data.label_pictures import show_depth, show_mask, show_normals, show_parts
from handcraft.data.opening import open_dataset
from handcraft.data.prepared import PreparedSet
from handcraft.data.preprocess import PreprocessConfig, normalise_colour, prepare
from handcraft.data.readers import CocoHands, FreiHAND, JointsJson, PhotographFolder, Reader, SkippedFile, YoloHands
from handcraft.data.sample import HandBatch, HandSample, collate
from handcraft.data.shards import ShardDataset, ShardWriter
from handcraft.data.splits import split_by_subject

__all__ = [
    "TRUTH_COLOURS",
    "CocoHands",
    "CropBox",
    "FreiHAND",
    "HandBatch",
    "HandSample",
    "JointsJson",
    "PhotographFolder",
    "PreparedSet",
    "PreprocessConfig",
    "Reader",
    "ShardDataset",
    "ShardWriter",
    "SkippedFile",
    "YoloHands",
    "collate",
    "contact_sheet",
    "draw_skeleton",
    "export_coco",
    "export_freihand",
    "export_yolo",
    "hand_crop",
    "in_rows",
    "normalise_colour",
    "open_dataset",
    "overlay_skeleton",
    "picture_from_image",
    "prepare",
    "show_depth",
    "show_mask",
    "show_normals",
    "show_parts",
    "split_by_subject",
    "whole_scale",
]
