# SPDX-License-Identifier: Apache-2.0
"""What the finder is taught, as pure functions of its maps and the labels."""

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.estimate.finder.config import STRIDE_PX
from handcraft.estimate.finder.decoding import peak_heat
from handcraft.estimate.finder.labels import SceneLabels
from handcraft.estimate.finder.network import FinderMaps, cell_centres

SPREAD = 0.72 / 6
"""Standard deviation of a hand's spot in the heat map over its box's width and height (Liu et al. 2020, TTFNet, section
3.2: alpha / 6, alpha 0.54 for cells of 4 px; here they are larger)."""
LEAST_SPREAD_CELLS = 0.35
NEAR_SHARE = 0.1
"""Cells with at least so much heat are taught what hand it is."""
FOCUS, NEAR_FOCUS = 2.0, 4.0
"""alpha and beta of the focal loss."""
WEIGHTS = {"heat": 1.0, "box": 2.0, "turn": 1.0, "score": 1.0}
HIT = 0.5
"""Intersection over union from which a box is its hand's, for the score."""


@dataclass(frozen=True)
class CellTargets:
    """What every cell should say."""

    heat: Float[Tensor, "n cells cells"]
    """1 where a hand's middle is, less about it."""
    judged: Bool[Tensor, "n cells cells"]
    """False in the boxes of ignored hands."""
    weight: Float[Tensor, "n cells cells"]
    """How much a cell counts for the box and turn; each hand's cells sum to 1."""
    boxes_px: Float[Tensor, "n 4 cells cells"]
    direction: Float[Tensor, "n 2 cells cells"]
    turn_weight: Float[Tensor, "n cells cells"]

    def to(self, device: torch.device) -> "CellTargets":
        """The same on a device."""
        return CellTargets(*(getattr(self, each.name).to(device) for each in fields(self)))


def cell_targets(labels: SceneLabels, cells: int) -> CellTargets:
    """The targets of maps of ``cells``: a Gaussian spot per hand, as wide and high as its box asks.

    Middles are moved to the centre of their cell, so that one cell's target is exactly 1 (Zhou et al. 2019, section 3).
    Where spots overlap a cell is the nearer hand's.
    """
    boxes = labels.boxes_px / STRIDE_PX
    middle = ((boxes[..., :2] + boxes[..., 2:]) / 2).floor() + 0.5
    spread = (SPREAD * (boxes[..., 2:] - boxes[..., :2])).clamp_min(LEAST_SPREAD_CELLS)
    centres = cell_centres(cells).to(boxes)
    distance = (centres - middle[..., None, None]) / spread[..., None, None]
    spots = torch.exp(-0.5 * distance.square().sum(2)) * labels.there[..., None, None]
    heat, nearest = spots.max(1)
    owned = torch.zeros_like(spots).scatter_(1, nearest[:, None], 1.0)
    weights = torch.where(spots >= NEAR_SHARE, spots, 0.0) * owned
    weights = weights / weights.sum((2, 3), keepdim=True).clamp_min(1e-6)

    def of_nearest(values: Float[Tensor, "n slot"]) -> Float[Tensor, "n cells cells"]:
        return torch.gather(values, 1, nearest.flatten(1)).view_as(heat)

    turn = of_nearest(labels.turns_rad)
    return CellTargets(
        heat,
        ~_in_ignored(labels, centres * STRIDE_PX) | (heat >= NEAR_SHARE),
        weights.sum(1),
        torch.stack([of_nearest(labels.boxes_px[..., edge]) for edge in range(4)], 1),
        torch.stack([torch.cos(turn), torch.sin(turn)], 1),
        of_nearest(labels.turn_weights),
    )


def _in_ignored(labels: SceneLabels, centres_px: Float[Tensor, "2 cells cells"]) -> Bool[Tensor, "n cells cells"]:
    low, high = labels.boxes_px[..., :2, None, None], labels.boxes_px[..., 2:, None, None]
    inside = ((centres_px >= low) & (centres_px <= high)).all(2)
    return (inside & labels.ignored[..., None, None]).any(1)


def finder_losses(maps: FinderMaps, targets: CellTargets) -> dict[str, Float[Tensor, ""]]:
    """The losses by name; those of boxes and turns are means over hands, that of scores is one over peaks."""
    weight, hands = targets.weight, targets.weight.sum().clamp_min(1.0)
    turn_error = (maps.direction - targets.direction).square().sum(1)
    return {
        "heat": focal_loss(maps.heat, targets.heat, targets.judged),
        "box": (weight * (1 - generalised_overlap(maps.boxes_px, targets.boxes_px))).sum() / hands,
        "turn": (weight * targets.turn_weight * turn_error).sum() / hands,
        "score": score_loss(maps, targets),
    }


def score_loss(maps: FinderMaps, targets: CellTargets) -> Float[Tensor, ""]:
    """Cross-entropy of a peak's box being that of its hand; reaches what makes scores of heat, nothing else."""
    overlap = overlaps(maps.boxes_px.detach(), targets.boxes_px)[0]
    is_hit = (overlap >= HIT) & (targets.weight > 0)
    counts = ((peak_heat(maps) > 0) & targets.judged).detach()
    loss = F.binary_cross_entropy_with_logits(maps.score, is_hit.float(), reduction="none")
    return (loss * counts).sum() / counts.sum().clamp_min(1)


def focal_loss(
    logits: Float[Tensor, "n cells cells"], heat: Float[Tensor, "n cells cells"], judged: Bool[Tensor, "n cells cells"]
) -> Float[Tensor, ""]:
    """Penalty-reduced focal loss of a heat map (Law and Deng 2018, equation 1), over the number of hands."""
    probability = torch.sigmoid(logits)
    is_middle = heat == 1
    found = -F.logsigmoid(logits) * (1 - probability) ** FOCUS
    refused = -F.logsigmoid(-logits) * probability**FOCUS * (1 - heat) ** NEAR_FOCUS
    loss = torch.where(is_middle, found, refused) * judged
    return loss.sum() / is_middle.sum().clamp_min(1)


def generalised_overlap(
    one: Float[Tensor, "n 4 cells cells"], other: Float[Tensor, "n 4 cells cells"]
) -> Float[Tensor, "n cells cells"]:
    """Generalised intersection over union, -1 to 1 (Rezatofighi et al. 2019, algorithm 1).

    Unlike the plain one it pulls boxes together that do not touch.
    """
    overlap, union = overlaps(one, other)
    hull = (torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])).prod(1)
    return overlap - (hull - union) / hull.clamp_min(1e-6)


def overlaps(
    one: Float[Tensor, "n 4 cells cells"], other: Float[Tensor, "n 4 cells cells"]
) -> tuple[Float[Tensor, "n cells cells"], Float[Tensor, "n cells cells"]]:
    """Intersection over union, and the union's area."""
    low, high = torch.maximum(one[:, :2], other[:, :2]), torch.minimum(one[:, 2:], other[:, 2:])
    shared = (high - low).clamp_min(0).prod(1)
    union = (one[:, 2:] - one[:, :2]).prod(1) + (other[:, 2:] - other[:, :2]).prod(1) - shared
    return shared / union.clamp_min(1e-6), union
