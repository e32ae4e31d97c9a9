# SPDX-License-Identifier: Apache-2.0
"""What refiners with one generator share: unpaired batches, and a network judged by one discriminator."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import torch
from accelerate import Accelerator
from jaxtyping import Bool, Float
from torch import Tensor, nn

from handcraft.data import PreparedSet
from handcraft.networks import initialise_normal
from handcraft.randomness import generator_for
from handcraft.refine.alarms import Alarms
from handcraft.refine.discriminators import PatchDiscriminator
from handcraft.refine.feeding import Batch, DomainBatches
from handcraft.refine.generators import SIZE_MULTIPLE
from handcraft.refine.losses import discriminator_loss
from handcraft.refine.optimising import Descent, OptimiserConfig
from handcraft.refine.range import signed_from_unit, unit_from_signed
from handcraft.refine.suitability import expect_trainable
from handcraft.refine.turn import random_angles_rad, turned
from handcraft.training.moving_average import MovingAverage

_RENDERED_STREAM, _PHOTOGRAPHED_STREAM, _TURN_STREAM, _WEIGHT_STREAM = range(0x0E51, 0x0E55)
_SMALLEST_SIZE = 16  # after three halvings there is still more than one pixel to normalise

Images = Float[Tensor, "batch 3 height width"]
Masks = Bool[Tensor, "batch height width"]
Terms = dict[str, Float[Tensor, ""]]
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Unpaired:
    """A batch of each domain, in [-1, 1], with the masks of its hands."""

    rendered: Images
    photographed: Images
    rendered_masks: Masks
    photographed_masks: Masks

    @classmethod
    def of(cls, rendered: Batch, photographed: Batch) -> "Unpaired":
        """Two batches as networks see them."""
        return cls(
            signed_from_unit(rendered.images),
            signed_from_unit(photographed.images),
            rendered.masks,
            photographed.masks,
        )

    def with_photographs_turned(self, angles_rad: Float[Tensor, " batch"]) -> "Unpaired":
        """The photographs and their masks turned about their middle."""
        masks = turned(self.photographed_masks[:, None].float(), angles_rad)[:, 0] > 0.5
        return Unpaired(self.rendered, turned(self.photographed, angles_rad), self.rendered_masks, masks)


class UnpairedBatches:
    """Renders and photographs of a step, in [-1, 1]; photographs turned by a random angle if so wished.

    Raises:
        HandcraftError: crops of different or unsuitable sizes.
    """

    def __init__(
        self,
        rendered: PreparedSet,
        photographed: PreparedSet,
        *,
        batch_size: int,
        turn_photographs_deg: float,
        seed: int,
        accelerator: Accelerator,
    ) -> None:
        expect_trainable(rendered, photographed, size_multiple=SIZE_MULTIPLE, size_minimum=_SMALLEST_SIZE)
        self._rendered, self._photographed = (
            DomainBatches(images, batch_size=batch_size, seed=seed, stream=stream, accelerator=accelerator)
            for images, stream in ((rendered, _RENDERED_STREAM), (photographed, _PHOTOGRAPHED_STREAM))
        )
        self._turn_deg, self._seed, self._process = turn_photographs_deg, seed, accelerator.process_index

    def at(self, step: int) -> Unpaired:
        """This process's part of the batches of ``step``."""
        batch = Unpaired.of(self._rendered.at(step), self._photographed.at(step))
        if self._turn_deg == 0:
            return batch
        generator = generator_for(self._seed, _TURN_STREAM, step, self._process)
        angles_rad = random_angles_rad(len(batch.photographed), self._turn_deg, generator=generator)
        return batch.with_photographs_turned(angles_rad)

    def shown(self, count: int) -> Unpaired:
        """Up to ``count`` of each, always the same ones, for pictures."""
        return Unpaired.of(self._rendered.shown(count), self._photographed.shown(count))


class Duel(Generic[Network]):
    """A refiner's network and the discriminator that judges what it makes of renders; each has its optimiser.

    Args:
        network: the refiner's.
        discriminator_width: of the patch discriminator, which answers linearly.
        optimiser: of both.
        ema_decay: of the average of ``network``, which is what is used afterwards.
        seed: of the discriminator's weights.
        accelerator: device, precision and the other processes.
    """

    def __init__(
        self,
        network: Network,
        *,
        discriminator_width: int,
        optimiser: OptimiserConfig,
        ema_decay: float,
        seed: int,
        accelerator: Accelerator,
    ) -> None:
        self.accelerator = accelerator
        self.network = network.to(accelerator.device)
        self.discriminator = PatchDiscriminator(discriminator_width, sigmoid=False)
        initialise_normal(self.discriminator, std=0.02, generator=generator_for(seed, _WEIGHT_STREAM))
        self.discriminator.to(accelerator.device)
        self.average = MovingAverage(self.network, ema_decay)
        self.refiner_descent = Descent(list(self.network.parameters()), optimiser, accelerator)
        self.discriminator_descent = Descent(list(self.discriminator.parameters()), optimiser, accelerator)
        self.alarms = Alarms()

    @property
    def averaged(self) -> Network:
        """The average of the network over steps: what is used afterwards."""
        return cast(Network, self.average.network)

    def improve_refiner(self, loss: Float[Tensor, ""], step: int) -> None:
        """One step of the network and its average; the discriminator stays."""
        self.refiner_descent.descend(loss, step)
        self.average.follow(self.network, step)

    def improve_discriminator(self, photographed: Images, refined: Images, step: int) -> Terms:
        """One step of the discriminator on photographs and refined renders, which must be detached."""
        with self.accelerator.autocast():
            on_photographs, on_refined = self.discriminator(photographed), self.discriminator(refined)
            loss = discriminator_loss(on_real=on_photographs, on_fake=on_refined)
        self.discriminator_descent.descend(loss, step)
        return {
            "discriminator_photographs": loss,
            "accuracy_photographs": _share([answer > 0.5 for answer in on_photographs]),
            "accuracy_refined": _share([answer < 0.5 for answer in on_refined]),
        }

    def answer(self, batch: Unpaired, refined: Images, terms: Terms, step: int) -> dict[str, float]:
        """The discriminator's half of a step, after the refiner's.

        Args:
            batch: of the step.
            refined: what became of its renders; detached here.
            terms: of the refiner's loss.
            step: number of the step.

        Returns:
            All that is logged of the step: ``terms``, what became of the discriminator, accuracies and alarms.
        """
        refined = refined.detach()
        judged = self.improve_discriminator(batch.photographed, refined, step)
        values = {name: value.item() for name, value in (terms | judged).items()}
        accuracies = [value for name, value in values.items() if name.startswith("accuracy")]
        return values | self.watch(batch, refined, accuracies)

    def watch(self, batch: Unpaired, refined: Images, accuracies: Collection[float]) -> dict[str, float]:
        """How far hands have changed, how various they are, and the three warnings (``Alarms.watch``)."""
        return self.alarms.watch(
            original=unit_from_signed(batch.rendered),
            refined=unit_from_signed(refined.float()),
            masks=batch.rendered_masks,
            target=unit_from_signed(batch.photographed),
            target_masks=batch.photographed_masks,
            accuracies=accuracies,
        )

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, and the average."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])

    def _parts(self) -> dict[str, nn.Module | Descent | Alarms]:
        return {
            "network": self.network,
            "average": self.averaged,
            "discriminator": self.discriminator,
            "refiner_descent": self.refiner_descent,
            "discriminator_descent": self.discriminator_descent,
            "alarms": self.alarms,
        }


def _share(right: list[Tensor]) -> Float[Tensor, ""]:
    return torch.cat([each.flatten() for each in right]).float().mean()
