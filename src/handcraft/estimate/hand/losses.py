# SPDX-License-Identifier: Apache-2.0
"""What the hand network is trained by: a loss per output, each a mean over what is known of crops that show a hand."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.estimate.hand.crops import HandCrops, keypoint_boxes
from handcraft.estimate.hand.network import HandOutputs

CONFIDENT_WITHIN = 0.1
"""Share of the hand's longer side within which a keypoint counts as found: confidence is its probability."""

LEAST_WEIGHT = 1e-6
"""All weights together count at least so much: the mean of nothing is 0."""


@dataclass(frozen=True)
class HandLossWeights:
    """How much each loss counts."""

    map: float = 0.1
    """Cross-entropy of heat maps, nats."""
    place: float = 10.0
    """Distance of expected places, in sides of the crop."""
    joints: float = 10.0
    """Distance in 3D, metres times ten."""
    angles: float = 0.2
    """Mean absolute error of joint angles, radians."""
    rotation: float = 0.5
    """Mean absolute error of the rotation matrix."""
    shape: float = 0.1
    """Mean absolute error of shape parameters."""
    side: float = 0.5
    """Cross-entropy of left and right."""
    presence: float = 0.1
    """Cross-entropy of hand and no hand."""
    confidence: float = 0.05
    """Cross-entropy of found and not found."""


def hand_losses(outputs: HandOutputs, crops: HandCrops, size_px: int) -> dict[str, Float[Tensor, ""]]:
    """Each loss by the name of its weight; ``size_px`` is the side of the crops.

    Labels that are not known may be anything, NaN too: they change no loss and no gradient. A loss of which a batch
    knows nothing is 0.
    """
    labels, present = crops.labels, crops.present.float()
    weights = labels.keypoint_weights * present[:, None]
    places = torch.where(labels.keypoint_weights[..., None] > 0, labels.keypoints_px / size_px, 0.5)
    inside = ((places > 0) & (places < 1)).all(-1).float() * weights
    offset = outputs.places - places
    distance = offset.square().sum(-1).add(1e-8).sqrt()
    hand_side = keypoint_boxes(labels.keypoints_px, labels.keypoint_weights)[1] / size_px
    found = (distance.detach() < CONFIDENT_WITHIN * hand_side[:, None]).float()
    posed, sided = present * labels.has_pose, present * labels.has_side

    def off(name: str) -> Tensor:
        truth = getattr(labels, name)
        is_known = labels.has_pose.view(-1, *[1] * (truth.ndim - 1))
        return getattr(outputs, name) - torch.where(is_known, truth, 0.0)

    joints = off("joints_m").square().sum(-1).add(1e-10).sqrt()
    right = _judged(outputs.right_logits, labels.is_right.float())

    return {
        "map": _mean(_map_cross_entropy(outputs.log_places, places), inside),
        "place": _mean(distance, inside),
        "joints": _mean_over_hands(joints, posed),
        "angles": _mean_over_hands(off("angles_rad").abs(), posed),
        "rotation": _mean_over_hands(off("camera_from_hand").abs(), posed),
        "shape": _mean_over_hands(off("shape").abs(), posed),
        "side": _mean_over_hands(right[:, None], sided),
        "presence": _judged(outputs.presence_logits, present).mean(),
        "confidence": _mean(_judged(outputs.confidence_logits, found), weights),
    }


def total(losses: dict[str, Float[Tensor, ""]], weights: HandLossWeights) -> Float[Tensor, ""]:
    """Their weighted sum."""
    return torch.stack([getattr(weights, name) * loss for name, loss in losses.items()]).sum()


def _mean(values: Float[Tensor, "batch joint"], weights: Float[Tensor, "batch joint"]) -> Float[Tensor, ""]:
    return (values * weights).sum() / weights.sum().clamp_min(LEAST_WEIGHT)


def _mean_over_hands(values: Float[Tensor, "batch ..."], weights: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    return _mean(values.flatten(1).mean(1)[:, None], weights[:, None])


def _judged(logits: Float[Tensor, "*batch"], truth: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    return F.binary_cross_entropy_with_logits(logits, truth, reduction="none")


def _map_cross_entropy(
    log_places: Float[Tensor, "batch joint cells cells"], places: Float[Tensor, "batch joint 2"]
) -> Float[Tensor, "batch joint"]:
    """Towards a Gaussian of one cell about the true place."""
    cells = log_places.shape[-1]
    centres = torch.arange(cells, device=places.device) + 0.5
    along = torch.exp(-0.5 * (centres - places[..., None] * cells).square())
    along = along / along.sum(-1, keepdim=True).clamp_min(math.exp(-30))
    target = along[..., 1, :, None] * along[..., 0, None, :]
    return -(target * log_places).sum((-2, -1))
