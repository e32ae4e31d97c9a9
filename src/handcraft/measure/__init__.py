# SPDX-License-Identifier: Apache-2.0
"""Predictions and truths in, numbers out: pure functions on tensors, every figure with its interval."""

from handcraft.measure.anova import Anova, ModelFigure, one_way_anova
from handcraft.measure.baselines import ImageCentre, MeanPose
from handcraft.measure.bootstrap import BootstrapConfig, Estimate, Statistic, bootstrap, mean_of, paired_difference
from handcraft.measure.confusion import Confusion, confusion
from handcraft.measure.joint_error import EPE_MEAN, EPE_MEDIAN, epe_mean, epe_median, image_errors, joint_error
from handcraft.measure.keep_or_reject import ImageEvidence, Selection, keep_or_reject
from handcraft.measure.keypoint_scores import (
    KEYPOINT_METRICS,
    KeypointErrors,
    KeypointScores,
    difference_between,
    over_seeds,
    score_keypoints,
)
from handcraft.measure.label_drift import DISPLACEMENT, LabelDrift, label_drift
from handcraft.measure.metric import Metric, NearestTo
from handcraft.measure.pck import (
    AUC_30PX,
    AUC_RELATIVE,
    PckCurve,
    auc_shares,
    hand_sizes,
    pck,
    thresholds_px,
    thresholds_relative,
)
from handcraft.measure.range_of_motion import FingerAngles, RangeOfMotion, finger_angles, range_of_motion
from handcraft.measure.segmentation import MASK_IOU, mask_iou
from handcraft.measure.weighted import weighted_mean, weighted_median

__all__ = [
    "AUC_30PX",
    "AUC_RELATIVE",
    "DISPLACEMENT",
    "EPE_MEAN",
    "EPE_MEDIAN",
    "KEYPOINT_METRICS",
    "MASK_IOU",
    "Anova",
    "BootstrapConfig",
    "Confusion",
    "Estimate",
    "FingerAngles",
    "ImageCentre",
    "ImageEvidence",
    "KeypointErrors",
    "KeypointScores",
    "LabelDrift",
    "MeanPose",
    "Metric",
    "ModelFigure",
    "NearestTo",
    "PckCurve",
    "RangeOfMotion",
    "Selection",
    "Statistic",
    "auc_shares",
    "bootstrap",
    "confusion",
    "difference_between",
    "epe_mean",
    "epe_median",
    "finger_angles",
    "hand_sizes",
    "image_errors",
    "joint_error",
    "keep_or_reject",
    "label_drift",
    "mask_iou",
    "mean_of",
    "one_way_anova",
    "over_seeds",
    "paired_difference",
    "pck",
    "range_of_motion",
    "score_keypoints",
    "thresholds_px",
    "thresholds_relative",
    "weighted_mean",
    "weighted_median",
]
