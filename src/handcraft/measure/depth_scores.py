# SPDX-License-Identifier: Apache-2.0
"""3D joints found in depth pictures, scored as NYU, ICVL and MSRA15 are: mean error, in-plane error, worst joints."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.bootstrap import DEFAULT_BOOTSTRAP, BootstrapConfig, Estimate, bootstrap, mean_of
from handcraft.measure.frame_errors import max_error_curve
from handcraft.measure.metric import Metric
from handcraft.measure.pck import PckCurve
from handcraft.measure.thresholds import MAX_ERROR_MM

MEAN_ERROR = Metric("mean error", unit="mm", better="lower")
IN_PLANE_ERROR = Metric("in-plane error", unit="mm", better="lower")
FRAMES_WITHIN = Metric("share of frames whose worst joint is within", unit="", better="higher")

_MM_PER_M = 1000.0


@dataclass(frozen=True)
class DepthScores:
    """One method on one benchmark."""

    mean_error: Estimate
    """Distance in space, mean over frames and joints, mm."""
    in_plane_error: Estimate
    """The same without depth: ``sqrt(dx^2 + dy^2)`` in the camera's frame, which seed 004 calls 2D error, mm."""
    by_joint_mm: Float[Tensor, " joint"]
    """Mean error of each joint."""
    within: PckCurve
    """Share of frames by their worst joint, every millimetre to 80."""
    errors_mm: Float[Tensor, "image joint"]


def score_depth_joints(
    predicted_m: Float[Tensor, "image joint 3"],
    true_m: Float[Tensor, "image joint 3"],
    clusters: Sequence[str],
    *,
    seed: int,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> DepthScores:
    """Score joints in the depth camera's frame (z along its axis); every joint of every frame counts.

    Args:
        predicted_m: metres.
        true_m: metres, the same frames and joints.
        clusters: of each frame: the person, or the stretch of video it is from (``consecutive``).
        seed: of the resampling.
        config: of the resampling.

    Raises:
        HandcraftError: not one cluster per frame, no frame, or coordinates that are not finite.

    >>> import torch
    >>> true_m = torch.rand(4, 14, 3, generator=torch.Generator().manual_seed(0))
    >>> scores = score_depth_joints(true_m + torch.tensor([0.003, 0.004, 0.012]), true_m, list("aabb"), seed=0)
    >>> print(scores.mean_error, scores.in_plane_error)
    13.00 [13.00, 13.00] 5.00 [5.00, 5.00]
    """
    if len(clusters) != len(true_m) or len(true_m) == 0:
        raise HandcraftError(f"Expected frames, one cluster each, but got {len(clusters)} for {len(true_m)} frames.")
    offsets_mm = (predicted_m.double() - true_m.double()) * _MM_PER_M
    if not bool(offsets_mm.isfinite().all()):
        raise HandcraftError(
            "Expected finite joints, but some are not; the benchmarks score every joint of every frame."
        )
    errors_mm = offsets_mm.norm(dim=-1)
    mean, in_plane = (
        bootstrap([mean_of(errors)], clusters, seed=seed, config=config)
        for errors in (errors_mm, offsets_mm[..., :2].norm(dim=-1))
    )
    curve = max_error_curve(errors_mm, MAX_ERROR_MM.values())
    return DepthScores(mean, in_plane, errors_mm.mean(dim=0), curve, errors_mm)
