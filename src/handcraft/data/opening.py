# SPDX-License-Identifier: Apache-2.0
"""Opens a data set by what lies in its folder."""

from pathlib import Path

from handcraft.data.manifest import MANIFEST_NAME
from handcraft.data.readers.coco import CocoHands, coco_files
from handcraft.data.readers.freihand import FreiHAND
from handcraft.data.readers.joints_json import THESIS_PICKLES, JointsJson
from handcraft.data.readers.photographs import PhotographFolder
from handcraft.data.readers.reader import Reader
from handcraft.data.readers.realhands import RealHands, is_realhands
from handcraft.data.readers.rhd import RHD
from handcraft.data.readers.synthhands import SynthHands, is_synthhands
from handcraft.data.readers.yolo import YoloHands, yolo_file
from handcraft.data.shards import ShardDataset
from handcraft.errors import HandcraftError
from handcraft.files import PICTURE_SUFFIXES


def open_dataset(path: Path) -> Reader:
    """The reader for a folder.

    ``dataset.json`` means shards, ``training_xyz.json`` FreiHAND (``evaluation_K.json`` alone: its evaluation part),
    ``training/anno_training.pickle`` RHD (``evaluation/anno_evaluation.pickle`` alone: its evaluation part), folders
    like ``female_noobject/seq01`` SynthHands, recordings with ``color`` and ``mask`` RealHands, ``joints.json`` or both
    ``11k_joints_train.pkl`` and ``11k_joints_val.pkl`` the labelled 11k Hands, a YAML file with ``kpt_shape`` YOLO
    pose, a JSON file of keypoints in it or in ``annotations`` COCO; otherwise the pictures in it are photographs
    without labels.

    Raises:
        HandcraftError: no such folder, or nothing of the kind in it; says what was looked for.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise HandcraftError(f"Expected {folder} to be the folder of a data set, but there is no such folder.")
    if (folder / MANIFEST_NAME).exists():
        return ShardDataset(folder)
    if (folder / "training_xyz.json").exists():
        return FreiHAND(folder)
    if (folder / "evaluation_K.json").exists() and (folder / "evaluation" / "rgb").is_dir():
        return FreiHAND(folder, split="evaluation")
    if (folder / "training" / "anno_training.pickle").exists():
        return RHD(folder)
    if (folder / "evaluation" / "anno_evaluation.pickle").exists():
        return RHD(folder, split="evaluation")
    if is_synthhands(folder):
        return SynthHands(folder)
    if is_realhands(folder):
        return RealHands(folder)
    if (folder / "joints.json").exists():
        return JointsJson(folder)
    if all((folder / name).exists() for name in THESIS_PICKLES):
        return JointsJson(folder, labels=THESIS_PICKLES)
    if yolo_file(folder):
        return YoloHands(folder)
    if coco_files(folder):
        return CocoHands(folder)
    try:
        return PhotographFolder(folder)
    except HandcraftError as error:
        raise HandcraftError(
            f"Expected a data set in {folder}: looked for {MANIFEST_NAME} (shards), training_xyz.json (FreiHAND), "
            "training/anno_training.pickle (RHD), female_noobject/seq01 (SynthHands), RECORDING/color and mask "
            "(RealHands), joints.json (11k Hands), a YAML file with kpt_shape (YOLO), annotations/*.json (COCO) and "
            "photographs "
            f"({' '.join(PICTURE_SUFFIXES)}), but found none of them."
        ) from error
