# SPDX-License-Identifier: Apache-2.0
"""Label drift: did refining move the hand that it must not move?

A refiner may change how a hand looks, and the labels of the render are kept. Here judges who know nothing of the
refiner look at the images before and after: a segmenter whose silhouette is compared with the labelled mask, and a
keypoint estimator whose points are compared with each other and with the labels. The judges are imperfect, so what they
say of the images before refining is always shown beside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.bootstrap import (
    DEFAULT_BOOTSTRAP,
    BootstrapConfig,
    Estimate,
    bootstrap,
    mean_of,
    paired_difference,
)
from handcraft.measure.joint_error import joint_error
from handcraft.measure.metric import Metric
from handcraft.measure.segmentation import mask_iou

DISPLACEMENT = Metric("keypoint displacement", unit="px", better="lower")

Images = Float[Tensor, "image 3 height width"]
Segment = Callable[[Images], Float[Tensor, "image height width"]]
"""Images in [0, 1] to the probability of hand at each pixel."""
Locate = Callable[[Images], Float[Tensor, "image 21 2"]]
"""Images in [0, 1] to keypoints, px."""


@dataclass(frozen=True)
class LabelDrift:
    """What the judges saw, with intervals over people; changes are after minus before, image by image."""

    mask_iou_before: Estimate
    mask_iou_after: Estimate
    mask_iou_change: Estimate
    displacement_px: Estimate
    error_before_px: Estimate
    error_after_px: Estimate
    error_change_px: Estimate
    images: int

    def to_json(self) -> dict[str, Any]:
        """An entry of ``label_drift`` in ``results.json``, but for the refiner's name."""
        return {name: part.to_json() if isinstance(part, Estimate) else part for name, part in vars(self).items()}


def label_drift(
    before: Float[Tensor, "image 3 height width"],
    after: Float[Tensor, "image 3 height width"],
    masks: Bool[Tensor, "image height width"],
    keypoints_px: Float[Tensor, "image 21 2"],
    *,
    segment: Segment,
    locate: Locate,
    clusters: Sequence[str],
    confidence: Float[Tensor, "image 21"] | None = None,
    seed: int = 0,
    batch_size: int = 256,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> LabelDrift:
    """Measure how far a refiner moved hands whose labels are kept.

    Args:
        before: rendered images, in [0, 1].
        after: the same images refined, in [0, 1].
        masks: labelled silhouettes, without the forearm.
        keypoints_px: labelled keypoints.
        segment: judge of silhouettes, trained apart from the refiner; hand is where it says 0.5 or more.
        locate: judge of keypoints, trained apart from the refiner.
        clusters: the person (or rendered identity) of each image.
        confidence: 0 is not labelled; without it every keypoint is. All three distances read labelled keypoints only.
        seed: of the resampling.
        batch_size: images shown to a judge at once.
        config: of the resampling.

    Raises:
        HandcraftError: no images, not one cluster per image, no labelled keypoint, or a judge's point not finite.

    >>> images, masks = torch.zeros(2, 3, 8, 8), torch.zeros(2, 8, 8, dtype=torch.bool)
    >>> drift = label_drift(images, images, masks, torch.zeros(2, 21, 2), clusters=["ada", "ben"],
    ...                     segment=lambda images: images[:, 0], locate=lambda images: torch.ones(len(images), 21, 2))
    >>> print(drift.displacement_px, drift.error_after_px, drift.mask_iou_after)
    0.00 [0.00, 0.00] 1.41 [1.41, 1.41] 1.00 [1.00, 1.00]
    """
    if not len(before) or len(clusters) != len(before):
        raise HandcraftError(f"Expected one cluster per image, but got {len(clusters)} for {len(before)} images.")
    confidence = torch.ones_like(keypoints_px[..., 0]) if confidence is None else confidence
    if not bool((confidence > 0).any()):
        raise HandcraftError("Expected some keypoint with `confidence` above 0, but there is none in any image.")
    located_before, located_after = (_shown(locate, images, batch_size) for images in (before, after))
    iou_before, iou_after = (
        mean_of(mask_iou(_shown(segment, images, batch_size) >= 0.5, masks.cpu())) for images in (before, after)
    )
    confidence, keypoints_px = confidence.cpu(), keypoints_px.cpu()
    displacement = mean_of(joint_error(located_after, located_before, confidence))
    error_before = mean_of(joint_error(located_before, keypoints_px, confidence))
    error_after = mean_of(joint_error(located_after, keypoints_px, confidence))

    return LabelDrift(
        mask_iou_before=bootstrap([iou_before], clusters, seed=seed, config=config),
        mask_iou_after=bootstrap([iou_after], clusters, seed=seed, config=config),
        mask_iou_change=paired_difference([iou_after], [iou_before], clusters, seed=seed, config=config),
        displacement_px=bootstrap([displacement], clusters, seed=seed, config=config),
        error_before_px=bootstrap([error_before], clusters, seed=seed, config=config),
        error_after_px=bootstrap([error_after], clusters, seed=seed, config=config),
        error_change_px=paired_difference([error_after], [error_before], clusters, seed=seed, config=config),
        images=len(before),
    )


@torch.no_grad()
def _shown(judge: Callable[[Tensor], Tensor], images: Tensor, batch_size: int) -> Tensor:
    """A judge's answers for all images, a batch at a time, on the CPU."""
    return torch.cat([judge(batch).cpu() for batch in torch.split(images, batch_size)])
