# SPDX-License-Identifier: Apache-2.0
"""From what every cell says to hands: cells that say it louder than their neighbours."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.estimate.finder.labels import Found
from handcraft.estimate.finder.network import FinderMaps

FAINTEST = 0.01
"""Scores below this are told as nothing: flat fields of cells have no peak to speak of."""


def decode(maps: FinderMaps, peaks: int) -> Found:
    """The ``peaks`` best hands: local maxima of the heat map in 3x3 cells (Zhou et al. 2019, section 3), best first.

    Its operations are those that ONNX has, for it is a part of the exported graph.
    """
    highest, cells = torch.topk(peak_heat(maps).flatten(1), peaks)
    is_there = highest > 0
    scores = torch.sigmoid(_at(maps.score[:, None], cells)[..., 0])
    boxes_px = _at(maps.boxes_px, cells)
    direction = _at(maps.direction, cells)
    turns_rad = torch.atan2(direction[..., 1], direction[..., 0])
    return Found(boxes_px * is_there[..., None], scores * is_there, turns_rad * is_there)


def peak_heat(maps: FinderMaps) -> Float[Tensor, "n cells cells"]:
    """The heat of cells that say it loudest of their 3x3 neighbours, 0 elsewhere."""
    heat = torch.sigmoid(maps.heat)
    highest = F.max_pool2d(heat[:, None], 3, stride=1, padding=1)[:, 0]
    return torch.where((heat >= highest) & (heat >= FAINTEST), heat, torch.zeros_like(heat))


def _at(
    values: Float[Tensor, "n channels cells cells"], cells: Int[Tensor, "n peak"]
) -> Float[Tensor, "n peak channels"]:
    index = cells[:, None].expand(-1, values.shape[1], -1)
    return torch.gather(values.flatten(2), 2, index).transpose(1, 2)
