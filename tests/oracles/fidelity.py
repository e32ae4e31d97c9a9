# SPDX-License-Identifier: Apache-2.0
"""torch-fidelity's arithmetic on features, as an independent reference; its networks are not used."""

from handcraft.networks.backbones import import_torchvision

import_torchvision()  # its package imports torchvision, which a torch of another build cannot load as it is

from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric  # noqa: E402
from torch_fidelity.metric_isc import isc_features_to_metric  # noqa: E402
from torch_fidelity.metric_kid import kid_features_to_metric  # noqa: E402
from torch_fidelity.metric_prc import prc_features_to_metric  # noqa: E402


def frechet_distance(real, made):
    statistics = [fid_features_to_statistics(features.double()) for features in (real, made)]
    return fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]


def inception_score(logits, splits):
    return isc_features_to_metric(logits, splits=splits, shuffle=False)["inception_score_mean"]


def kernel_distance(real, made):
    whole = {"kid_subsets": 1, "kid_subset_size": len(real), "rng_seed": 0, "verbose": False}
    return kid_features_to_metric(real.double(), made.double(), **whole)["kernel_inception_distance_mean"]


def precision_recall(real, made, neighbours):
    options = {"prc_neighborhood": neighbours, "prc_batch_size": 64, "verbose": False}
    shares = prc_features_to_metric(made.double(), real.double(), **options)
    return shares["precision"], shares["recall"]
