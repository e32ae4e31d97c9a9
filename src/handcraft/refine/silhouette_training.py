# SPDX-License-Identifier: Apache-2.0
"""Trains the silhouette network on the masks of both domains, before any generator is.

Each step shows one domain, either with the same probability, as seed 002 has it; so sets may differ in number and in
size. Which domain and which crops a step takes follows from (seed, step) alone.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from jaxtyping import Float
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine.feeding import Batch, DomainBatches
from handcraft.refine.optimising import Descent
from handcraft.refine.pictures import draw_translations
from handcraft.refine.range import signed_from_unit
from handcraft.refine.silhouette import SILHOUETTE_KIND, SilhouetteConfig, SilhouetteNetwork, silhouette_loss
from handcraft.training import Device, RunFolder, make_accelerator, train

_WEIGHT_STREAM, _DOMAIN_STREAM, _FIRST_SET_STREAM = range(3)
_SHOWN = 8


class SilhouetteLearner:
    """A silhouette network, its optimiser and the sets it learns from: a ``training.Learner``.

    Args:
        sets: crops with their masks, one set for each domain.
        config: network and optimiser.
        accelerator: device, precision and the other processes.

    Raises:
        HandcraftError: no set, or one in whose masks there is no hand.
    """

    kind = SILHOUETTE_KIND

    def __init__(self, sets: Sequence[PreparedSet], config: SilhouetteConfig, accelerator: Accelerator) -> None:
        _expect_masks(sets)
        self.config, self.accelerator = config, accelerator
        self.names = [f"{index + 1}: {images.source}" for index, images in enumerate(sets)]
        self.domains = [
            DomainBatches(
                images,
                batch_size=config.batch_size,
                seed=config.seed,
                stream=_FIRST_SET_STREAM + index,
                accelerator=accelerator,
            )
            for index, images in enumerate(sets)
        ]
        generator = generator_for(config.seed, _WEIGHT_STREAM)
        network = SilhouetteNetwork(width=config.width, depth=config.depth, generator=generator)
        self.network = network.to(accelerator.device)
        self.descent = Descent(list(self.network.parameters()), config.optimiser, accelerator)

    def step(self, step: int) -> dict[str, float]:
        """Train on one domain's batch; ``overlap`` is the intersection of found and true hands over their union."""
        batch = self.domains[self.domain_of(step)].at(step)
        with self.accelerator.autocast():
            logits = self.network(signed_from_unit(batch.images))
        masks = batch.masks.float()
        loss = silhouette_loss(logits=logits.float(), silhouettes=masks)
        self.descent.descend(loss, step)
        return {"silhouette": loss.item(), "overlap": overlap(logits, masks)}

    def domain_of(self, step: int) -> int:
        """Which of the sets a step takes, the same on every process."""
        return int(
            torch.randint(len(self.domains), (), generator=generator_for(self.config.seed, _DOMAIN_STREAM, step))
        )

    def state_dict(self) -> dict[str, Any]:
        """Weights and optimiser."""
        return {"network": self.network.state_dict(), "descent": self.descent.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        self.network.load_state_dict(state["network"])
        self.descent.load_state_dict(state["descent"])

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Crops of each set, chosen once by the seed, and below them the probability of the hand at every pixel."""
        rows: dict[str, Tensor] = {}
        for name, domain in zip(self.names, self.domains, strict=True):
            rows |= self._rows(name, domain.shown(_SHOWN))
        draw_translations(path, rows)

    def _rows(self, name: str, batch: Batch) -> dict[str, Tensor]:
        images = signed_from_unit(batch.images)
        found = torch.sigmoid(self.network(images))[:, None].expand_as(images)
        return {name: images, f"{name}, silhouettes": signed_from_unit(found)}


def train_silhouette(
    sets: Sequence[PreparedSet],
    config: SilhouetteConfig,
    run_path: Path,
    *,
    resume: bool = False,
    device: Device = "auto",
    progress: bool = True,
) -> SilhouetteNetwork:
    """Train on crops of both domains into the run folder ``run_path``; return the network, frozen.

    Raises:
        HandcraftError: no set, masks without hands, a folder in use, a changed configuration, a loss that is no number.
    """
    accelerator = make_accelerator(device, config.precision)
    learner = SilhouetteLearner(sets, config, accelerator)
    run = RunFolder.create(
        run_path,
        stage="silhouette",
        config=config.without_loop(),
        seed=config.seed,
        inputs={name: _described(images) for name, images in zip(learner.names, sets, strict=True)},
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop, run, resume=resume, progress=progress)
    accelerator.wait_for_everyone()
    return SilhouetteNetwork.load(run.path, device=accelerator.device)


@torch.no_grad()
def overlap(logits: Float[Tensor, "batch height width"], masks: Float[Tensor, "batch height width"]) -> float:
    """Intersection over union of the pixels above 0 and the masks, over all pixels of the batch; 1 is best."""
    found, true = logits > 0, masks > 0.5
    union = (found | true).sum().item()
    return (found & true).sum().item() / union if union else 1.0


def _expect_masks(sets: Sequence[PreparedSet]) -> None:
    if not sets:
        raise HandcraftError("Expected `sets` to hold crops of at least one domain, but got none.")
    for images in sets:
        if not images.masks.any():
            raise HandcraftError(
                f"Expected the masks of {images.source} to show hands, but all are empty; prepare it with a segmenter."
            )


def _described(images: PreparedSet) -> dict[str, str | int | bool]:
    return {"source": images.source, "images": len(images), "size_px": images.size, "is_real": images.is_real}
