# SPDX-License-Identifier: Apache-2.0
"""Image to features and image to domain: the hand encoder, feature spaces by name, domain classifiers."""

from handcraft.encode.config import HAND_ENCODER_SHIPPED, HAND_ENCODER_SMOKE, HandEncoderConfig
from handcraft.encode.domain_classifier import DomainClassifier, train_domain_classifier
from handcraft.encode.domain_config import DOMAINS_LAPTOP, DOMAINS_PAPER, DOMAINS_SMOKE, DomainConfig
from handcraft.encode.domain_learner import DomainLearner
from handcraft.encode.domains import Domains
from handcraft.encode.hand_encoder import HandEncoder
from handcraft.encode.labelled_crops import LabelledCrops, render_labelled_crops
from handcraft.encode.layouts import LayoutSpace, learn_layouts
from handcraft.encode.learner import HandEncoderLearner
from handcraft.encode.spaces import ClassSpace, FeatureSpace, SpaceChoice, feature_space
from handcraft.encode.train import train_hand_encoder

__all__ = [
    "DOMAINS_LAPTOP",
    "DOMAINS_PAPER",
    "DOMAINS_SMOKE",
    "HAND_ENCODER_SHIPPED",
    "HAND_ENCODER_SMOKE",
    "ClassSpace",
    "DomainClassifier",
    "DomainConfig",
    "DomainLearner",
    "Domains",
    "FeatureSpace",
    "HandEncoder",
    "HandEncoderConfig",
    "HandEncoderLearner",
    "LabelledCrops",
    "LayoutSpace",
    "SpaceChoice",
    "feature_space",
    "learn_layouts",
    "render_labelled_crops",
    "train_domain_classifier",
    "train_hand_encoder",
]
