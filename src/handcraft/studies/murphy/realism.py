# SPDX-License-Identifier: Apache-2.0
"""Figures 4.1 to 4.4 measured: each training set against photographs, in the document's four spaces or their stand-ins.

All sets of one run are measured on the same draws of photographs, and every trained refiner for itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet, normalise_colour
from handcraft.encode import ClassSpace, HandEncoder, feature_space, learn_layouts
from handcraft.errors import HandcraftError
from handcraft.measure.realism import (
    FRECHET_AS_IN_THESIS,
    INCEPTION,
    NEAREST_NEIGHBOUR,
    Measure,
    RepeatedFigure,
    feature_measures,
    largest_size,
    repeated,
)
from handcraft.refine import refine_prepared
from handcraft.studies.described import evenly
from handcraft.studies.murphy.config import MurphyConfig
from handcraft.studies.murphy.published import NORMALISED, RAW, REFINERS
from handcraft.studies.refinement.arms import Arms
from handcraft.studies.refinement.sets import StudySets

VIEWS = ("pixels", "conv", "logits", "softmax")
"""The document's four spaces: the image itself, a network's last layer before the classes, their logits, their shares
of one."""


@dataclass(frozen=True)
class ModelRealism:
    """How like photographs one set is, and which training of its refiner made it."""

    method: str
    model: str
    size: int
    """Images in each draw of each set."""
    nearest_neighbour: dict[str, RepeatedFigure]
    """1-NN accuracy by space."""
    inception: RepeatedFigure
    root_frechet: RepeatedFigure
    frechet: RepeatedFigure


def class_space(config: MurphyConfig, judge: PreparedSet) -> ClassSpace:
    """ResNet-34 where its weights are given, the hand encoder with layouts of hands for classes elsewhere."""
    if config.weights is None:
        return learn_layouts(HandEncoder.load(), judge, classes=config.layouts, seed=config.hands.data_seed)
    space = feature_space("resnet34", config.weights)
    if not isinstance(space, ClassSpace):
        raise HandcraftError(f"Expected {config.weights} to have classes, but it has none; name another file.")
    return space


def views_of(images: Float[Tensor, "image 3 size size"], space: ClassSpace) -> dict[str, Float[Tensor, "image _"]]:
    """Images as each of ``VIEWS`` has them."""
    features = space.features(images)
    logits = space.logits_of(features)
    return dict(zip(VIEWS, (images.flatten(1), features, logits, logits.softmax(1)), strict=True))


def photographs_of(sets: StudySets) -> Float[Tensor, "image 3 size size"]:
    """All photographs of the target's kind, those the refiners were trained towards among them, as in the document.

    None is there twice: a copy's nearest neighbour would be itself.
    """
    images = [sets.target.float_images()]
    if sets.test.source == sets.target.source and not set(sets.test.keys) & set(sets.target.keys):
        images.append(sets.test.float_images())
    return torch.cat(images)


def training_sets(
    arms: Arms, renders: PreparedSet, seeds: tuple[int, ...]
) -> Iterator[tuple[str, str, Float[Tensor, "image 3 size size"]]]:
    """Method, model and images of every training set of Table 4.1; what no one trained has one model."""
    yield RAW, "none", renders.float_images()
    yield NORMALISED, "none", normalise_colour(renders.float_images())
    for name in REFINERS:
        for seed in seeds:
            yield name, f"seed {seed}", refine_prepared(arms.refiner(name, seed), renders).float_images()


def measure_realism(config: MurphyConfig, sets: StudySets, arms: Arms, space: ClassSpace) -> list[ModelRealism]:
    """Every set against disjoint draws of photographs, with photographs against photographs as the control."""
    photographs = photographs_of(sets)
    size = min(config.draw_size, largest_size(len(photographs), len(sets.source), repeats=config.draws))
    if size < 2:
        raise HandcraftError(
            f"Expected at least {4 * config.draws} photographs for {config.draws} draws with controls, but got "
            f"{len(photographs)}; name more."
        )
    real = views_of(photographs, space)
    renders = sets.source.select(evenly(len(sets.source), size * config.draws))
    measured = []
    for method, model, images in training_sets(arms, renders, config.hands.seeds):
        made = views_of(images, space)
        measured.append(_measured(method, model, real, made, config, size=size, space=space.name))
    return measured


def _measured(
    method: str, model: str, real: dict[str, Tensor], made: dict[str, Tensor], config: MurphyConfig, *,
    size: int, space: str,
) -> ModelRealism:  # fmt: skip
    def figure(measure: Measure, view: str) -> RepeatedFigure:
        return repeated(
            measure, real[view], made[view], space=f"{view}, {space}", repeats=config.draws, size=size,
            seed=config.hands.data_seed,
        ).figures[0]  # fmt: skip

    _, standard, *_ = feature_measures(images=size, features=real["conv"].shape[1])
    return ModelRealism(
        method,
        model,
        size,
        {view: figure(NEAREST_NEIGHBOUR, view) for view in VIEWS},
        inception=figure(INCEPTION, "softmax"),
        root_frechet=figure(FRECHET_AS_IN_THESIS, "softmax"),
        frechet=figure(standard, "conv"),
    )
