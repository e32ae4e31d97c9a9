# SPDX-License-Identifier: Apache-2.0
"""Figures 4.5 and 4.6: all sets in one plane by their pixels, and by features too, which no one told them apart by."""

from typing import Any

import torch

from handcraft.encode import ClassSpace
from handcraft.measure.realism import NEIGHBOURS, embed_in_plane
from handcraft.studies.described import evenly
from handcraft.studies.murphy.config import MurphyConfig
from handcraft.studies.murphy.realism import photographs_of, training_sets, views_of
from handcraft.studies.refinement.arms import Arms
from handcraft.studies.refinement.sets import StudySets

_EMBEDDED = ("pixels", "conv")


def embeddings(config: MurphyConfig, sets: StudySets, arms: Arms, space: ClassSpace) -> list[dict[str, Any]]:
    """Points of every set, of the first seed's refiners, by figure and space."""
    photographs = photographs_of(sets)
    renders = sets.source.select(evenly(len(sets.source), config.embedded))
    images = {method: made for method, _, made in training_sets(arms, renders, config.hands.seeds[:1])}
    images["photographs"] = photographs[evenly(len(photographs), config.embedded)]
    views = views_of(torch.cat(list(images.values())), space)
    counts = [len(each) for each in images.values()]
    found = []
    for view in _EMBEDDED:
        for number, neighbours in enumerate(NEIGHBOURS):
            embedding = embed_in_plane(views[view], neighbours=neighbours, seed=config.hands.data_seed)
            parts = [part.tolist() for part in embedding.points.split(counts)]
            points = {
                name: [[round(value, 3) for value in point] for point in part]
                for name, part in zip(images, parts, strict=True)
            }
            found.append({
                "name": f"Figure 4.{5 + number}", "space": "pixels" if view == "pixels" else space.name,
                "method": embedding.method, "points": points,
            })  # fmt: skip
    return found
