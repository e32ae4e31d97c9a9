# SPDX-License-Identifier: Apache-2.0
"""The five models of seed 002, trained once for each seed, and what they make of the sets."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from handcraft.data import PreparedSet
from handcraft.estimate import Estimator, train_estimator
from handcraft.refine import CycleGANConfig, Refiner, RefinerConfig, refine_prepared, train_refiner, train_silhouette
from handcraft.studies.hgan.config import HganConfig
from handcraft.studies.hgan.published import TABLE_I
from handcraft.studies.hgan.sets import HganSets
from handcraft.studies.refinement.arms import folder_name

MODELS_IN_ORDER = tuple(TABLE_I)


@dataclass(frozen=True)
class Models:
    """Trains what is not there yet below one run folder; finished runs are loaded."""

    run: Path
    config: HganConfig
    sets: HganSets

    def train(self, told: Callable[[str], None]) -> None:
        """The silhouette network, then every model for every seed; ``told`` hears what comes next."""
        told("the silhouette network")
        self.silhouette()
        for seed in self.config.hands.seeds:
            for number, name in enumerate(MODELS_IN_ORDER, start=1):
                told(f"{name}, model {number} of {len(MODELS_IN_ORDER)}, seed {seed}")
                self.refiner(name, seed)

    def silhouette(self) -> None:
        """GeoConGAN's network, on the masks of both domains."""
        domains = [self.sets.renders, self.sets.photographs]
        train_silhouette(domains, self.config.silhouette, self.run / "silhouette", resume=True)

    def refiner(self, name: str, seed: int) -> Refiner:
        """The model ``name`` of one training seed."""
        return train_refiner(
            self.sets.renders, self.sets.photographs, self._config(name, seed), self.folder(name, seed), resume=True
        )

    def folder(self, name: str, seed: int) -> Path:
        """Its run folder."""
        return self.run / f"seed-{seed}" / folder_name("refine", name)

    def refined(self, name: str, seed: int, which: str) -> PreparedSet:
        """What a model makes of ``test_renders`` or ``whole_renders``: kept in its folder, used by all tables alike.

        Models that composite do so here as in training: outside the mask stays white.
        """
        path = self.folder(name, seed) / f"{which}.safetensors"
        if not path.exists():
            refine_prepared(self.refiner(name, seed), getattr(self.sets, which)).save(path)
        return PreparedSet.load(path)

    def seen_through(self, name: str, seed: int) -> str:
        """What the model's discriminators look at, in words that stand on every row of a table."""
        description = Refiner.load(self.folder(name, seed)).description
        if network := description.get("seen_through"):
            return f"discriminators look through {network}"
        return {"pixel": "discriminators of single pixels", "patch70": "discriminators of patches of 70 px"}.get(
            description["config"]["discriminator"]["kind"], ""
        )

    def judge(self) -> Estimator:
        """The estimator that judges label drift."""
        return train_estimator(self.sets.judge, self.config.hands.judge_config(), self.run / "judge", resume=True)

    def _config(self, name: str, seed: int) -> RefinerConfig:
        config = self.config.hands.refiner_config(name, seed)
        if isinstance(config, CycleGANConfig) and config.silhouette_weight > 0:
            return dataclasses.replace(config, silhouette=str(self.run / "silhouette"))
        return config
