# SPDX-License-Identifier: Apache-2.0
"""One file per public data set; each docstring is the set's data sheet."""

from handcraft.data.readers.coco import CocoHands
from handcraft.data.readers.depth_joints import read_depth_joints
from handcraft.data.readers.freihand import FreiHAND
from handcraft.data.readers.freihand_predictions import (
    JointsAndSurface,
    read_freihand_predictions,
    read_freihand_truth,
)
from handcraft.data.readers.joint_files import JointSet, joints_of_samples, read_joint_file
from handcraft.data.readers.joints_json import JointsJson
from handcraft.data.readers.photographs import PhotographFolder
from handcraft.data.readers.reader import Reader, SkippedFile
from handcraft.data.readers.realhands import RealHands
from handcraft.data.readers.rhd import RHD
from handcraft.data.readers.synthhands import SynthHands
from handcraft.data.readers.yolo import YoloHands

__all__ = [
    "RHD",
    "CocoHands",
    "FreiHAND",
    "JointSet",
    "JointsAndSurface",
    "JointsJson",
    "PhotographFolder",
    "Reader",
    "RealHands",
    "SkippedFile",
    "SynthHands",
    "YoloHands",
    "joints_of_samples",
    "read_depth_joints",
    "read_freihand_predictions",
    "read_freihand_truth",
    "read_joint_file",
]
