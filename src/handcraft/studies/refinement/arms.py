# SPDX-License-Identifier: Apache-2.0
"""The arms of the study: who is trained on what, and what each predicts on the test images."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet, split_by_subject
from handcraft.encode import feature_space
from handcraft.estimate import Estimator, predict, train_estimator
from handcraft.files import write_json_atomically
from handcraft.measure import ImageCentre, MeanPose
from handcraft.refine import Refiner, refine_prepared, train_refiner
from handcraft.studies.refinement.config import CEILING_FOLDS, StudyConfig
from handcraft.studies.refinement.rejecting import FEWEST_KEPT, Judges, selected, without_rejects
from handcraft.studies.refinement.sets import StudySets, segmenter_judge


@dataclass(frozen=True)
class Arm:
    """One row of the table: what it predicts on the test images, once per training seed."""

    name: str
    role: Literal["baseline", "arm", "ceiling"]
    description: str
    training_images: int
    predicted_px: tuple[Float[Tensor, "image 21 2"], ...]


@dataclass(frozen=True)
class Arms:
    """Trains what the arms need, below one run folder; finished runs are loaded."""

    run: Path
    config: StudyConfig
    sets: StudySets

    def all(self) -> list[Arm]:
        """Baselines first, then the arms, then the ceiling."""
        refined = [
            self.arm(name, f"trained on renders refined by the {name}", len(self.sets.source), self._refined(name))
            for name in self.config.refiners
        ]
        return [
            *self._baselines(),
            self.arm("raw renders", "trained on plain renders as they are", len(self.sets.source), self._raw),
            self.arm("normalised colours", "renders and photographs both with their tint taken out",
                      len(self.sets.source), self._normalised),
            *refined,
            *self._without_rejects(),
            self._ceiling(),
        ]  # fmt: skip

    def refiner(self, name: str, seed: int) -> Refiner:
        """The refiner ``name`` of one training seed."""
        config, path = self.config.refiner_config(name, seed), self.run / f"seed-{seed}" / folder_name("refine", name)
        return train_refiner(self.sets.source, self.sets.target, config, path, resume=True)

    def refined(self, name: str, seed: int) -> PreparedSet:
        """The renders as the refiner ``name`` of one training seed makes them."""
        return refine_prepared(self.refiner(name, seed), self.sets.source)

    def selection(self, name: str, seed: int) -> dict[str, Any]:
        """Which refined renders keep-or-reject keeps and why the others are not; judged once, then read."""
        file = self.run / f"seed-{seed}" / f"{folder_name('selection', name)}.json"
        if not file.exists():
            judges = Judges(segmenter_judge(self.run / "segmenter"), self.judge(), feature_space())
            refined, raw, photographs = self.refined(name, seed), self.sets.source, self.sets.target
            chosen = selected(refined, raw, photographs, judges, tolerated=self.config.tolerated)
            write_json_atomically(file, chosen.to_json())
        held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return held

    def judge(self) -> Estimator:
        """The estimator that judges label drift: other hands, both looks, strong colour jitter, another seed."""
        return train_estimator(self.sets.judge, self.config.judge_config(), self.run / "judge", resume=True)

    def estimator(self, name: str, training: PreparedSet, seed: int, *, normalised: bool = False) -> Estimator:
        """An estimator trained on ``training``; it is shown nothing else."""
        config = self.config.keypoint_config(seed, normalised=normalised)
        path = self.run / f"seed-{seed}" / folder_name("estimate", name)
        return train_estimator(training, config, path, resume=True)

    def arm(self, name: str, description: str, images: int, predictions: Callable[[int], Tensor]) -> Arm:
        """An arm of ``images`` training images, whose ``predictions`` on the test images follow from a seed."""
        return Arm(name, "arm", description, images, tuple(predictions(seed) for seed in self.config.seeds))

    def _raw(self, seed: int) -> Tensor:
        return predict(self.estimator("raw renders", self.sets.source, seed), self.sets.test)

    def _normalised(self, seed: int) -> Tensor:
        estimator = self.estimator("normalised colours", self.sets.source, seed, normalised=True)
        return predict(estimator, self.sets.test)

    def _refined(self, name: str) -> Callable[[int], Tensor]:
        def predictions(seed: int) -> Tensor:
            return predict(self.estimator(name, self.refined(name, seed), seed), self.sets.test)

        return predictions

    def _without_rejects(self) -> list[Arm]:
        """One arm for each refiner that keep-or-reject leaves enough images of, if it is asked for."""
        names = self.config.refiners if self.config.tolerated else {}
        kept = {name: [self.selection(name, seed)["kept"] for seed in self.config.seeds] for name in names}
        return [
            self.arm(without_rejects(name), f"trained on those of the {name}'s images that no judge rejects",
                      len(indices[0]), self._kept(name))
            for name, indices in kept.items()
            if min(map(len, indices)) >= FEWEST_KEPT
        ]  # fmt: skip

    def _kept(self, name: str) -> Callable[[int], Tensor]:
        def predictions(seed: int) -> Tensor:
            training = self.refined(name, seed).select(self.selection(name, seed)["kept"])
            return predict(self.estimator(without_rejects(name), training, seed), self.sets.test)

        return predictions

    def _baselines(self) -> list[Arm]:
        source, images = self.sets.source, self.sets.test.float_images()
        assert source.keypoints_px is not None
        assert source.confidence is not None
        mean_pose = MeanPose.fit(source.keypoints_px, source.confidence)
        return [
            Arm("image centre", "baseline", "answers the middle of the crop", 0, (ImageCentre()(images),)),
            Arm("mean pose", "baseline", "answers the renders' mean pose", len(source), (mean_pose(images),)),
        ]

    def _ceiling(self) -> Arm:
        if self.sets.ceiling is not None:
            training = self.sets.ceiling
            predictions = tuple(
                predict(self.estimator("labelled target", training, seed), self.sets.test) for seed in self.config.seeds
            )
            return Arm("labelled target", "ceiling", "trained on labelled images of the test's own kind, other hands",
                       len(training), predictions)  # fmt: skip
        folds = split_by_subject(
            self.sets.test.subjects, [1 / CEILING_FOLDS] * CEILING_FOLDS, seed=self.config.data_seed
        )
        predictions = tuple(self._cross_fitted(folds, seed) for seed in self.config.seeds)
        return Arm("labelled target", "ceiling",
                   "trained on half of the test's people, tested on the other half, both ways round",
                   len(self.sets.test) // CEILING_FOLDS, predictions)  # fmt: skip

    def _cross_fitted(self, folds: list[list[int]], seed: int) -> Tensor:
        predicted_px = torch.full((len(self.sets.test), 21, 2), torch.nan)
        for number, held_out in enumerate(folds):
            others = [index for fold in folds if fold is not held_out for index in fold]
            estimator = self.estimator(f"labelled target {number}", self.sets.test.select(others), seed)
            predicted_px[held_out] = predict(estimator, self.sets.test.select(held_out))
        return predicted_px


def folder_name(stage: str, name: str) -> str:
    """``refine-feature-map-cyclegan``."""
    return f"{stage}-{name.lower().replace(' ', '-')}"
