# SPDX-License-Identifier: Apache-2.0
"""How good a finder is: on composed scenes of hands that it never saw."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from handcraft.estimate.finder.composed import ComposedScenes, compose
from handcraft.estimate.finder.config import FinderConfig
from handcraft.estimate.finder.cutouts import HandCutouts
from handcraft.estimate.finder.finder import Finder
from handcraft.estimate.finder.labels import Found, SceneLabels, box_overlaps
from handcraft.predict.predictor import LEAST_PLACE_SCORE
from handcraft.randomness import generator_for

SAME_HAND = 0.5
"""Intersection over union from which a found box is that hand's."""
IGNORED_HAND = 0.3
"""Intersection over union from which a found box may be that of an ignored hand, and no mistake."""
HELD_OUT_BLOCK = 1_000_000
"""No training comes so far: its hands are new to every finder."""
HELD_OUT_STREAM = 3
SCENES_TOGETHER = 50


@dataclass(frozen=True)
class FinderScores:
    """How well hands are found; of no hands at all, shares are 0."""

    scenes: int
    hands: int
    precision: float
    """Share of what was found that is a hand."""
    recall: float
    """Share of hands that were found."""
    mean_overlap: float
    """Mean intersection over union of found hands' boxes."""
    turn_error_deg: float
    """Mean difference of found hands' turns, of hands that do not point at the camera."""
    empty_scenes_right: float
    """Share of pictures without a hand in which none was found."""


def held_out_scenes(hands: HandCutouts, config: FinderConfig, *, count: int) -> ComposedScenes:
    """``count`` scenes of hands, the same ones whenever they are asked for."""
    generator = generator_for(config.seed, HELD_OUT_STREAM)
    return compose(hands, config.scenes, count, config.image_px, generator=generator)


def evaluate_finder(finder: Finder, scenes: ComposedScenes) -> FinderScores:
    """What the finder makes of scenes."""
    parts = [finder(chunk.permute(0, 2, 3, 1)) for chunk in scenes.images.split(SCENES_TOGETHER)]
    names = ("boxes_px", "scores", "turns_rad")
    return score_found(Found(*(torch.cat([getattr(part, name) for part in parts]) for name in names)), scenes.labels)


def score_found(found: Found, labels: SceneLabels) -> FinderScores:
    """What was found beside what is there: the best scores choose their hand first, and a hand is found once."""
    claims = found.scores >= LEAST_PLACE_SCORE
    overlaps = box_overlaps(found.boxes_px, labels.boxes_px)
    hand_of = matches(overlaps * labels.there[:, None], claims)
    excused = (overlaps * labels.ignored[:, None]).amax(-1) >= IGNORED_HAND
    is_hit = hand_of >= 0
    judged = claims & (is_hit | ~excused)
    scene, peak = is_hit.nonzero(as_tuple=True)
    slot = hand_of[scene, peak]
    gap = found.turns_rad[scene, peak] - labels.turns_rad[scene, slot]
    error_deg = torch.rad2deg(torch.atan2(torch.sin(gap), torch.cos(gap)).abs())
    turned = labels.turn_weights[scene, slot] == 1
    empty = ~(labels.there | labels.ignored).any(1)
    return FinderScores(
        len(claims),
        int(labels.there.sum()),
        _share(is_hit.sum(), judged.sum()),
        _share(is_hit.sum(), labels.there.sum()),
        _share(overlaps[scene, peak, slot].sum(), is_hit.sum()),
        _share(error_deg[turned].sum(), turned.sum()),
        _share((empty & ~claims.any(1)).sum(), empty.sum()),
    )


def matches(overlaps: Tensor, claims: Bool[Tensor, "scene peak"]) -> Int[Tensor, "scene peak"]:
    """The hand that each claim, in order, has found: the one it overlaps most, of those that are left; -1 for none."""
    left = overlaps.clone()
    hand_of = torch.full(claims.shape, -1)
    rows = torch.arange(len(claims))
    for peak in range(claims.shape[1]):
        overlap, slot = left[:, peak].max(-1)
        is_hit = claims[:, peak] & (overlap >= SAME_HAND)
        hand_of[:, peak] = torch.where(is_hit, slot, hand_of[:, peak])
        left[rows[is_hit], :, slot[is_hit]] = 0.0
    return hand_of


def _share(part: Tensor, whole: Tensor) -> float:
    return float(part) / float(whole) if math.isfinite(float(whole)) and whole > 0 else 0.0
