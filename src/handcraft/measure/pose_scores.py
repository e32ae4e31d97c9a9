# SPDX-License-Identifier: Apache-2.0
"""3D joints scored in every way the field forgives: absolute, root-relative, with size, by centroid, by Procrustes.

"3D error" in a paper is one of these rows, often without a word on which. Side by side they also tell what is wrong: an
absolute error far above the root-relative one is a wrong distance, a root-relative one far above the Procrustes-aligned
one a wrong turn or size, and one that only falls where reflections are allowed is a hand seen the wrong way round.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.measure.alignment import (
    centroid_aligned,
    centroid_and_radius_aligned,
    procrustes_aligned,
    root_aligned,
    root_and_bone_aligned,
    scale_aligned,
)
from handcraft.measure.bootstrap import DEFAULT_BOOTSTRAP, BootstrapConfig, Estimate, bootstrap, mean_of
from handcraft.measure.joint_error import epe_median, joint_error
from handcraft.measure.metric import Metric
from handcraft.measure.pck import auc_shares
from handcraft.measure.thresholds import JOINT_GRIDS_MM

MPJPE = Metric("MPJPE", unit="mm", better="lower")
MPJPE_ROOT = Metric("MPJPE, root-relative", unit="mm", better="lower")
MPJPE_ROOT_BONE = Metric("MPJPE, root-relative, one bone's length given", unit="mm", better="lower")
MPJPE_SCALE = Metric("MPJPE, root-relative, best scale", unit="mm", better="lower")
MPJPE_CENTROID = Metric("MPJPE, centroids met", unit="mm", better="lower")
MPJPE_RADIUS = Metric("MPJPE, centroids met, mean radius given", unit="mm", better="lower")
PA_MPJPE = Metric("PA-MPJPE", unit="mm", better="lower")
PA_MPJPE_REFLECTED = Metric("PA-MPJPE, reflections allowed", unit="mm", better="lower")

_MM_PER_M = 1000.0

Align = Callable[[Float[Tensor, "hand 21 3"], Float[Tensor, "hand 21 3"]], Float[Tensor, "hand 21 3"]]
"""From predicted and true joints to predicted ones moved."""


@dataclass(frozen=True)
class PoseProtocol:
    """What root-relative errors are relative to, and which bone gives the size, by the keypoints' names.

    >>> PoseProtocol(root="palm")
    Traceback (most recent call last):
    handcraft.errors.HandcraftError: Expected `root` to be a keypoint such as wrist or middle_mcp, but got palm.
    """

    root: str = "wrist"
    bone: tuple[str, str] = ("wrist", "middle_mcp")

    def __post_init__(self) -> None:
        """Refuse names no hand has."""
        for label, name in (("root", self.root), ("bone", self.bone[0]), ("bone", self.bone[1])):
            if name not in KEYPOINTS:
                raise HandcraftError(
                    f"Expected `{label}` to be a keypoint such as wrist or middle_mcp, but got {name}."
                )
        if self.bone[0] == self.bone[1]:
            raise HandcraftError(f"Expected `bone` to have two ends, but got {self.bone[0]} twice.")

    def alignments(self) -> dict[Metric, Align]:
        """What is done to predictions before each error is taken."""
        root = KEYPOINTS.index(self.root)
        bone = (KEYPOINTS.index(self.bone[0]), KEYPOINTS.index(self.bone[1]))
        return {
            MPJPE: lambda predicted, true: predicted,
            MPJPE_ROOT: lambda predicted, true: root_aligned(predicted, true, root=root),
            MPJPE_ROOT_BONE: lambda predicted, true: root_and_bone_aligned(predicted, true, root=root, bone=bone),
            MPJPE_SCALE: lambda predicted, true: scale_aligned(predicted, true, root=root),
            MPJPE_CENTROID: centroid_aligned,
            MPJPE_RADIUS: centroid_and_radius_aligned,
            PA_MPJPE: procrustes_aligned,
            PA_MPJPE_REFLECTED: lambda predicted, true: procrustes_aligned(predicted, true, allow_reflection=True),
        }


DEFAULT_PROTOCOL = PoseProtocol()

POSE_METRICS = tuple(DEFAULT_PROTOCOL.alignments())
"""What 3D joints are scored by, in the order of forgiveness."""


@dataclass(frozen=True)
class AlignedScores:
    """The figures of one alignment."""

    mean: Estimate
    """Over hands per joint, then over joints, mm."""
    median_mm: float
    areas: dict[Metric, Estimate]
    """Under PCK, over each grid of ``JOINT_GRIDS_MM``."""
    errors_mm: Float[Tensor, "hand 21"]
    """NaN where not labelled, and where the alignment has nothing to go by."""

    def to_json(self) -> dict[str, Any]:
        """Mean with interval, median, areas by the name of their metric."""
        areas = {metric.name: area.to_json() for metric, area in self.areas.items()}
        median_mm = None if math.isnan(self.median_mm) else self.median_mm
        return {"mean_mm": self.mean.to_json(), "median_mm": median_mm, "areas": areas}


@dataclass(frozen=True)
class PoseScores:
    """3D joints of one estimator on one test set. Figures of hands that an alignment cannot move are not in it."""

    by_metric: dict[Metric, AlignedScores]
    hands: int
    joints: int
    """Labelled ones."""
    clusters: int
    """Those with a labelled joint: people, stretches of video, single hands; the intervals are over them."""

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, a figure under its metric's name."""
        figures = {metric.name: scores.to_json() for metric, scores in self.by_metric.items()}
        return {"hands": self.hands, "joints": self.joints, "clusters": self.clusters, "errors": figures}


def score_poses(
    predicted_m: Float[Tensor, "hand 21 3"],
    true_m: Float[Tensor, "hand 21 3"],
    clusters: Sequence[str],
    *,
    seed: int,
    protocol: PoseProtocol = DEFAULT_PROTOCOL,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> PoseScores:
    """Score predicted 3D joints against true ones, by all of ``POSE_METRICS``.

    Args:
        predicted_m: in the frame of the truth, metres, in our order.
        true_m: NaN where a joint is not labelled.
        clusters: the person of each hand, the stretch of video it is from, or a name of its own.
        seed: of the resampling.
        protocol: root and bone.
        config: of the resampling.

    Raises:
        HandcraftError: no labelled joint, a labelled one whose prediction is not finite, not one cluster per hand.

    >>> import torch
    >>> true_m = torch.rand(6, 21, 3, generator=torch.Generator().manual_seed(0)) / 10
    >>> scores = score_poses(true_m + torch.tensor([0.0, 0.03, 0.04]), true_m, list("aabbcc"), seed=0)
    >>> print(scores.by_metric[MPJPE].mean, round(scores.by_metric[MPJPE_ROOT].mean.value, 3))
    50.00 [50.00, 50.00] 0.0
    """
    if len(clusters) != len(true_m):
        raise HandcraftError(f"Expected one cluster per hand, but got {len(clusters)} for {len(true_m)} hands.")
    labelled = true_m.isfinite().all(-1)
    if not bool(labelled.any()):
        raise HandcraftError(f"Expected some labelled joint, but {len(true_m)} hands have none; name other truth.")
    by_metric = {
        metric: _scored(align(predicted_m, true_m), true_m, clusters, seed, config)
        for metric, align in protocol.alignments().items()
    }
    has_some = labelled.any(1).tolist()
    counted = {cluster for cluster, some in zip(clusters, has_some, strict=True) if some}
    return PoseScores(by_metric, hands=sum(has_some), joints=int(labelled.sum()), clusters=len(counted))


def _scored(
    aligned_m: Float[Tensor, "hand 21 3"],
    true_m: Float[Tensor, "hand 21 3"],
    clusters: Sequence[str],
    seed: int,
    config: BootstrapConfig,
) -> AlignedScores:
    counts = true_m.isfinite().all(-1) & aligned_m.isfinite().all(-1).any(1, keepdim=True)
    errors_mm = joint_error(aligned_m, true_m, counts.double()) * _MM_PER_M
    rows = counts.any(1).nonzero()[:, 0]
    if len(rows) == 0:
        unknown = Estimate(math.nan, math.nan, math.nan)
        return AlignedScores(unknown, math.nan, {grid.area: unknown for grid in JOINT_GRIDS_MM}, errors_mm)
    evidence, whose = errors_mm[rows], [clusters[row] for row in rows.tolist()]
    areas = {
        grid.area: bootstrap([mean_of(auc_shares(evidence, grid.values()))], whose, seed=seed, config=config)
        for grid in JOINT_GRIDS_MM
    }
    mean = bootstrap([mean_of(evidence)], whose, seed=seed, config=config)
    return AlignedScores(mean, epe_median(evidence), areas, errors_mm)
