# SPDX-License-Identifier: Apache-2.0
"""Joints to poses: inverse kinematics, the joints-to-pose network, pose libraries of them, and a prior over poses."""

from handcraft.fit.alignment import NormalisedJoints, normalise_joints
from handcraft.fit.inverse_kinematics import FitConfig, FittedPoses, fit_angles
from handcraft.fit.library import BuiltLibrary, Coverage, build_library, coverage
from handcraft.fit.pose_learner import PoseNetworkLearner, train_pose_network
from handcraft.fit.pose_network import PoseNetwork, PoseNetworkConfig, PosePredictor
from handcraft.fit.pose_prior import PosePrior, PosePriorConfig, elbo, gaussian_log_likelihood
from handcraft.fit.prior_learner import PosePriorLearner, train_pose_prior
from handcraft.networks.divergence import kl_to_standard_normal

__all__ = [
    "BuiltLibrary", "Coverage", "FitConfig", "FittedPoses", "NormalisedJoints", "PoseNetwork", "PoseNetworkConfig",
    "PoseNetworkLearner", "PosePredictor", "PosePrior", "PosePriorConfig", "PosePriorLearner", "build_library",
    "coverage", "elbo", "fit_angles", "gaussian_log_likelihood", "kl_to_standard_normal", "normalise_joints",
    "train_pose_network", "train_pose_prior",
]  # fmt: skip
