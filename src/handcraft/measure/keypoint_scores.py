# SPDX-License-Identifier: Apache-2.0
"""One estimator on one labelled test set: errors, PCK and areas with intervals; arms compared; seeds combined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.bootstrap import (
    DEFAULT_BOOTSTRAP,
    BootstrapConfig,
    Estimate,
    Statistic,
    bootstrap,
    mean_of,
    paired_difference,
)
from handcraft.measure.joint_error import EPE_MEAN, EPE_MEDIAN, image_errors, joint_error
from handcraft.measure.metric import Metric
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
from handcraft.measure.weighted import weighted_median


@dataclass(frozen=True)
class KeypointErrors:
    """The errors of every test image, in the order of the images: what is saved, resampled and compared."""

    errors_px: Float[Tensor, "image 21"]
    """NaN where not labelled."""
    hand_sizes_px: Float[Tensor, " image"]
    """NaN where the labels span nothing; such an image has no relative error."""
    clusters: tuple[str, ...]
    """Whose hand it is, one per image."""

    @property
    def relative(self) -> Float[Tensor, "image 21"]:
        """Errors in hand sizes."""
        return self.errors_px / self.hand_sizes_px[:, None]

    @property
    def per_image_px(self) -> Float[Tensor, " image"]:
        """Mean error of each image, px; NaN without labels."""
        return image_errors(self.errors_px)

    def labelled(self) -> "KeypointErrors":
        """The images with at least one labelled keypoint; the others are no evidence and are never drawn."""
        rows = (~self.errors_px.isnan().all(dim=1)).nonzero()[:, 0]
        return KeypointErrors(
            self.errors_px[rows], self.hand_sizes_px[rows], tuple(self.clusters[row] for row in rows.tolist())
        )


def _median_of(errors: KeypointErrors) -> Statistic:
    return lambda weights: weighted_median(errors.errors_px, weights)


_STATISTIC_OF: dict[Metric, Callable[[KeypointErrors], Statistic]] = {
    EPE_MEAN: lambda errors: mean_of(errors.errors_px),
    EPE_MEDIAN: _median_of,
    AUC_30PX: lambda errors: mean_of(auc_shares(errors.errors_px, thresholds_px())),
    AUC_RELATIVE: lambda errors: mean_of(auc_shares(errors.relative, thresholds_relative())),
}

KEYPOINT_METRICS = tuple(_STATISTIC_OF)
"""What a test set is scored by."""


@dataclass(frozen=True)
class KeypointScores:
    """The figures of one estimator on one test set; intervals are over people (clusters)."""

    epe_mean: Estimate
    epe_median: Estimate
    auc_30px: Estimate
    auc_relative: Estimate
    pck_px: PckCurve
    pck_relative: PckCurve
    images: int
    """With at least one labelled keypoint."""
    people: int
    keypoints: int
    errors: KeypointErrors
    """All images in the order given, unlabelled ones too."""

    def to_json(self) -> dict[str, Any]:
        """The ``scores`` of ``results.json``; the errors of single images are not in it."""
        figures = ("epe_mean", "epe_median", "auc_30px", "auc_relative", "pck_px", "pck_relative")
        return {name: getattr(self, name).to_json() for name in figures} | {
            "images": self.images,
            "people": self.people,
            "keypoints": self.keypoints,
        }


def score_keypoints(
    predicted_px: Float[Tensor, "image 21 2"],
    true_px: Float[Tensor, "image 21 2"],
    confidence: Float[Tensor, "image 21"],
    clusters: Sequence[str],
    *,
    seed: int,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> KeypointScores:
    """Score predicted keypoints against labels.

    Args:
        predicted_px: in the frame of the labels; pixel (0, 0) has its centre at (0.5, 0.5).
        true_px: labels; what stands at confidence 0 is never read.
        confidence: 0 is not labelled, anything above counts fully.
        clusters: the person of each image, or its key when nobody knows.
        seed: of the resampling.
        config: of the resampling.

    Raises:
        HandcraftError: no labelled keypoint, a coordinate that is not finite, or not one cluster per image.

    >>> true_px = torch.rand(6, 21, 2, generator=torch.Generator().manual_seed(0)) * 64
    >>> clusters = ["ada", "ada", "ben", "ben", "cleo", "cleo"]
    >>> scores = score_keypoints(true_px + torch.tensor([3.0, 4.0]), true_px, torch.ones(6, 21), clusters, seed=0)
    >>> print(scores.epe_mean, scores.people)
    5.00 [5.00, 5.00] 3
    """
    if len(clusters) != len(true_px):
        raise HandcraftError(f"Expected one cluster per image, but got {len(clusters)} for {len(true_px)} images.")
    if not bool((confidence > 0).any()):
        raise HandcraftError(
            f"Expected some keypoint with `confidence` above 0, but all {len(true_px)} images have none; "
            "score on a labelled test set."
        )
    errors = KeypointErrors(
        joint_error(predicted_px, true_px, confidence).cpu(), hand_sizes(true_px, confidence).cpu(), tuple(clusters)
    )
    evidence = errors.labelled()
    return KeypointScores(
        epe_mean=over_seeds([errors], EPE_MEAN, seed=seed, config=config),
        epe_median=over_seeds([errors], EPE_MEDIAN, seed=seed, config=config),
        auc_30px=over_seeds([errors], AUC_30PX, seed=seed, config=config),
        auc_relative=over_seeds([errors], AUC_RELATIVE, seed=seed, config=config),
        pck_px=pck(evidence.errors_px, thresholds_px()),
        pck_relative=pck(evidence.relative, thresholds_relative()),
        images=len(evidence.clusters),
        people=len(set(evidence.clusters)),
        keypoints=int((~evidence.errors_px.isnan()).sum()),
        errors=errors,
    )


def over_seeds(
    runs: Sequence[KeypointErrors],
    metric: Metric = EPE_MEAN,
    *,
    seed: int,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> Estimate:
    """A figure of several training seeds of one arm on one test set: mean of the runs, clusters and seeds resampled.

    Raises:
        HandcraftError: runs that were not scored on the same images.

    >>> first, second = (torch.full((4, 21), error).double() for error in (2.0, 4.0))
    >>> runs = [KeypointErrors(errors, torch.ones(4).double(), ("a", "b", "c", "d")) for errors in (first, second)]
    >>> print(over_seeds(runs, seed=0))
    3.00 [2.00, 4.00]
    """
    evidence = _on_the_same_images(runs)
    statistics = [_STATISTIC_OF[metric](run) for run in evidence]
    return bootstrap(statistics, evidence[0].clusters, seed=seed, config=config)


def difference_between(
    arm: Sequence[KeypointErrors],
    against: Sequence[KeypointErrors],
    metric: Metric = EPE_MEAN,
    *,
    seed: int,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> Estimate:
    """``arm`` minus ``against`` on the same test images, one entry per training seed, paired in their order.

    An arm without training (a baseline) is given once. ``metric.improves(by=difference.value)`` reads the sign.

    Raises:
        HandcraftError: arms that were not scored on the same images, or numbers of runs that do not pair.

    >>> first, second = (torch.full((4, 21), error).double() for error in (2.0, 4.0))
    >>> a, b = (KeypointErrors(errors, torch.ones(4).double(), ("a", "b", "c", "d")) for errors in (first, second))
    >>> print(difference_between([a], [b], seed=0))
    -2.00 [-2.00, -2.00]
    """
    evidence = _on_the_same_images([*arm, *against])
    statistics = [_STATISTIC_OF[metric](run) for run in evidence]
    return paired_difference(
        statistics[: len(arm)], statistics[len(arm) :], evidence[0].clusters, seed=seed, config=config
    )


def _on_the_same_images(runs: Sequence[KeypointErrors]) -> list[KeypointErrors]:
    """The labelled images of each run, after a check that labels and people are the same in all."""
    if not runs:
        raise HandcraftError("Expected at least one scored run, but got none.")
    first = runs[0]
    for number, run in enumerate(runs):
        same = (
            run.clusters == first.clusters
            and torch.equal(run.errors_px.isnan(), first.errors_px.isnan())
            and torch.allclose(run.hand_sizes_px, first.hand_sizes_px, equal_nan=True)
        )
        if not same:
            raise HandcraftError(
                f"Expected every run to be scored on the same labelled images, but run {number} differs from run 0; "
                "score them on one test set."
            )
    return [run.labelled() for run in runs]
