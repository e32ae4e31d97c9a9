# SPDX-License-Identifier: Apache-2.0
"""What the hand network is trained by: one loss per output, each a mean over the crops that show a hand."""

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
    side: float = 0.1
    """Cross-entropy of left and right."""
    presence: float = 0.1
    """Cross-entropy of hand and no hand."""
    confidence: float = 0.05
    """Cross-entropy of found and not found."""


def hand_losses(outputs: HandOutputs, crops: HandCrops, size_px: int) -> dict[str, Float[Tensor, ""]]:
    """Each loss by the name of its weight; ``size_px`` is the side of the crops."""
    labels, present = crops.labels, crops.present.float()
    places = labels.keypoints_px / size_px
    inside = ((places > 0) & (places < 1)).all(-1).float() * present[:, None]
    offset = outputs.places - places
    distance = offset.square().sum(-1).add(1e-8).sqrt()
    hand_side = keypoint_boxes(labels.keypoints_px)[1] / size_px
    found = (distance.detach() < CONFIDENT_WITHIN * hand_side[:, None]).float()
    joints = (outputs.joints_m - labels.joints_m).square().sum(-1).add(1e-10).sqrt()

    def mean_over_hands(values: Tensor) -> Float[Tensor, ""]:
        return (values.flatten(1).mean(1) * present).sum() / present.sum().clamp_min(1)

    return {
        "map": _mean(_map_cross_entropy(outputs.log_places, places), inside),
        "place": _mean(distance, inside),
        "joints": mean_over_hands(joints),
        "angles": mean_over_hands((outputs.angles_rad - labels.angles_rad).abs()),
        "rotation": mean_over_hands((outputs.camera_from_hand - labels.camera_from_hand).abs()),
        "shape": mean_over_hands((outputs.shape - labels.shape).abs()),
        "side": mean_over_hands(_judged(outputs.right_logits, labels.is_right.float())[:, None]),
        "presence": _judged(outputs.presence_logits, present).mean(),
        "confidence": _mean(_judged(outputs.confidence_logits, found), present[:, None].expand_as(found)),
    }


def total(losses: dict[str, Float[Tensor, ""]], weights: HandLossWeights) -> Float[Tensor, ""]:
    """Their weighted sum."""
    return torch.stack([getattr(weights, name) * loss for name, loss in losses.items()]).sum()


def _mean(values: Float[Tensor, "batch joint"], weights: Float[Tensor, "batch joint"]) -> Float[Tensor, ""]:
    return (values * weights).sum() / weights.sum().clamp_min(1)


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
