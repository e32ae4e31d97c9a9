# SPDX-License-Identifier: Apache-2.0
"""Samples in and out: the one record, readers of public data sets, shards, crops and splits."""

from handcraft.data.crop import CropBox, hand_crop
from handcraft.data.opening import open_dataset
from handcraft.data.prepared import PreparedSet
from handcraft.data.preprocess import PreprocessConfig, normalise_colour, prepare
from handcraft.data.readers import FreiHAND, JointsJson, PhotographFolder, Reader, SkippedFile
from handcraft.data.sample import HandBatch, HandSample, collate
from handcraft.data.shards import ShardDataset, ShardWriter
from handcraft.data.splits import split_by_subject

__all__ = [
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
    "collate",
    "hand_crop",
    "normalise_colour",
    "open_dataset",
    "prepare",
    "split_by_subject",
]
