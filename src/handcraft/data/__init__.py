# SPDX-License-Identifier: Apache-2.0
"""Samples in and out: the one record, readers of public data sets, shards, crops, splits, and how samples are drawn."""

from handcraft.data.crop import CropBox, hand_crop
from handcraft.data.depth_sets import ICVL, MSRA15, NYU, DepthSet
from handcraft.data.drawing import (
    TRUTH_COLOURS,
    contact_sheet,
    draw_skeleton,
    in_rows,
    overlay_skeleton,
    picture_from_image,
    whole_scale,
)
from handcraft.data.exporters import export_coco, export_freihand, export_yolo, write_freihand_predictions
from handcraft.data.label_pictures import show_depth, show_mask, show_normals, show_parts
from handcraft.data.mask_refinement import GreenScreen, refined_mask
from handcraft.data.opening import open_dataset
from handcraft.data.picture_files import Picture, PictureFile, open_picture, picture_files, write_picture
from handcraft.data.prepared import PreparedSet
from handcraft.data.preprocess import (
    HGAN_TEST,
    HGAN_TRAINING,
    KOMOROWICZ,
    MURPHY_PHOTOGRAPHS,
    MURPHY_RENDERS,
    PreprocessConfig,
    normalise_colour,
    prepare,
)
from handcraft.data.readers import (
    RHD,
    CocoHands,
    FreiHAND,
    JointsAndSurface,
    JointsJson,
    PhotographFolder,
    Reader,
    RealHands,
    SkippedFile,
    SynthHands,
    YoloHands,
    read_depth_joints,
    read_freihand_predictions,
    read_freihand_truth,
)
from handcraft.data.sample import HandBatch, HandSample, collate
from handcraft.data.shards import ShardDataset, ShardWriter
from handcraft.data.splits import komorowicz_split, split_by_subject
from handcraft.data.variance_crop import centre_crop, variance_crop

__all__ = [
    "HGAN_TEST",
    "HGAN_TRAINING",
    "ICVL",
    "KOMOROWICZ",
    "MSRA15",
    "MURPHY_PHOTOGRAPHS",
    "MURPHY_RENDERS",
    "NYU",
    "RHD",
    "TRUTH_COLOURS",
    "CocoHands",
    "CropBox",
    "DepthSet",
    "FreiHAND",
    "GreenScreen",
    "HandBatch",
    "HandSample",
    "JointsAndSurface",
    "JointsJson",
    "PhotographFolder",
    "Picture",
    "PictureFile",
    "PreparedSet",
    "PreprocessConfig",
    "Reader",
    "RealHands",
    "ShardDataset",
    "ShardWriter",
    "SkippedFile",
    "SynthHands",
    "YoloHands",
    "centre_crop",
    "collate",
    "contact_sheet",
    "draw_skeleton",
    "export_coco",
    "export_freihand",
    "export_yolo",
    "hand_crop",
    "in_rows",
    "komorowicz_split",
    "normalise_colour",
    "open_dataset",
    "open_picture",
    "overlay_skeleton",
    "picture_files",
    "picture_from_image",
    "prepare",
    "read_depth_joints",
    "read_freihand_predictions",
    "read_freihand_truth",
    "refined_mask",
    "show_depth",
    "show_mask",
    "show_normals",
    "show_parts",
    "split_by_subject",
    "variance_crop",
    "whole_scale",
    "write_freihand_predictions",
    "write_picture",
]
