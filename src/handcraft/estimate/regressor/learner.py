# SPDX-License-Identifier: Apache-2.0
"""Trains a regressor on prepared crops: one step is warp, recolour, regress, project, compare.

Which crops a step sees and how they are warped follows from (seed, step) alone. Validation looks at the whole set in
evaluation mode; seed 001's code looked at one batch of 32, with dropout and batch statistics on.
"""

from pathlib import Path

import torch
from accelerate import Accelerator
from jaxtyping import Float, UInt8
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError
from handcraft.estimate.augment import jitter_colours, sample_warps, warp_images, warp_keypoints
from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.estimate.regressor.encoders import make_encoder, starting_weights
from handcraft.estimate.regressor.losses import reprojection_loss, shape_loss, total_loss
from handcraft.estimate.regressor.network import RegressorNet
from handcraft.estimate.regressor.parameters import HandParameters
from handcraft.estimate.regressor.pictures import steps_picture
from handcraft.estimate.regressor.targets import Targets, supervised_rows, targets_of
from handcraft.networks.fitting import fitted
from handcraft.randomness import generator_for
from handcraft.training import SingleNetwork, batch_indices, process_slice
from handcraft.training.schedule import learning_rate_at, set_learning_rate

KIND = "regressor"
HEAD_STREAM, ORDER_STREAM, WARP_STREAM = 1, 2, 3
DRAWN_SAMPLES = 6
CHUNK = 64
"""Crops judged at a time, so that memory does not grow with the validation set."""


class RegressorLearner(SingleNetwork):
    """Learns ``config`` from ``prepared``; a ``training.ValidatingLearner``."""

    kind = KIND
    network: RegressorNet

    def __init__(
        self,
        prepared: PreparedSet,
        config: RegressorConfig,
        accelerator: Accelerator,
        hand: HandParameters,
        *,
        validation: PreparedSet | None = None,
    ) -> None:
        self.training, self.validation = _Labelled(prepared), None if validation is None else _Labelled(validation)
        self.config, self.accelerator, self.hand = config, accelerator, hand
        encoder = make_encoder(config, weights=starting_weights(config))
        network = RegressorNet(encoder, hand.mean, config, generator=generator_for(config.seed, HEAD_STREAM))
        learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
        optimiser = torch.optim.Adam(learning, config.learning_rate, weight_decay=config.weight_decay)
        self.network = network.to(accelerator.device)
        self.wrapped, self.optimiser = accelerator.prepare(self.network, optimiser)
        self.rows = supervised_rows(config.supervision)

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        config = self.config
        set_learning_rate(
            self.optimiser,
            learning_rate_at(step, steps=config.steps, peak=config.learning_rate, schedule=config.schedule),
        )
        images, targets = self._batch(step)
        self.network.train()
        vectors = self.wrapped(images)[-1].float()
        losses = self._losses(vectors, self.hand.places(vectors)[:, self.rows], targets)
        self.optimiser.zero_grad()
        self.accelerator.backward(losses["loss"])
        self.optimiser.step()
        return {name: loss.item() for name, loss in losses.items()}

    def _losses(
        self, vectors: Float[Tensor, "n parameter"], places: Float[Tensor, "n joint 2"], targets: Targets
    ) -> dict[str, Float[Tensor, ""]]:
        """Of the last step's vectors (eq 6.1)."""
        reprojection = reprojection_loss(places, targets)
        shape = shape_loss(self.hand.parts(vectors).shape, self.config.shape_loss)
        loss = total_loss(reprojection, shape, reprojection_weight=self.config.reprojection_weight)
        return {"loss": loss, "reprojection": reprojection, "shape": shape}

    def _batch(self, step: int) -> tuple[Float[Tensor, "batch 3 height width"], Targets]:
        """This process's share of the augmented batch."""
        config, labelled = self.config, self.training
        chosen = batch_indices(
            len(labelled.images), config.batch_size, seed=config.seed, stream=ORDER_STREAM, step=step
        )
        mine = process_slice(
            chosen, process_index=self.accelerator.process_index, num_processes=self.accelerator.num_processes
        )
        generator = generator_for(config.seed, WARP_STREAM, step, self.accelerator.process_index)
        warps = sample_warps(len(mine), config.augment, generator=generator)
        images = warp_images(labelled.images[mine].float() / 255, warps, size=config.image_px)
        images = jitter_colours(images, config.augment.colour_jitter, generator=generator)
        keypoints_px = warp_keypoints(
            labelled.keypoints_px[mine], warps, input_px=labelled.images.shape[-1], output_px=config.image_px
        )
        targets = self._targets(keypoints_px, labelled.confidence[mine], config.image_px)
        return images.to(self.accelerator.device), targets

    def _targets(self, keypoints_px: Tensor, confidence: Tensor, side_px: int) -> Targets:
        device, config = self.accelerator.device, self.config
        return targets_of(
            keypoints_px.to(device), confidence.to(device), side_px=side_px,
            supervision=config.supervision, thumb_cmc_certainty=config.thumb_cmc_certainty,
        )  # fmt: skip

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """The losses over the whole validation set, in evaluation mode; nothing without one."""
        if self.validation is None:
            return {}
        labelled = self.validation
        vectors = [self._seen(chunk)[-1] for chunk in labelled.images.split(CHUNK)]
        places = torch.cat([self.hand.places(each)[:, self.rows] for each in vectors])
        targets = self._targets(labelled.keypoints_px, labelled.confidence, labelled.images.shape[-1])
        losses = self._losses(torch.cat(vectors), places, targets)
        return {f"validation_{name}": loss.item() for name, loss in losses.items()}

    @torch.no_grad()
    def _seen(self, images: UInt8[Tensor, "n 3 side side"]) -> Float[Tensor, "step n parameter"]:
        """The vectors of unmoved crops, in evaluation mode."""
        self.network.eval()
        return self.network(fitted(images.float() / 255, self.config.image_px).to(self.accelerator.device))

    def draw(self, path: Path) -> None:
        """The first crops of the validation set, or of the training set without one, with the hands of all steps."""
        labelled = self.validation or self.training
        images = labelled.images[:DRAWN_SAMPLES]
        true_px = labelled.keypoints_px[:DRAWN_SAMPLES], labelled.confidence[:DRAWN_SAMPLES]
        steps_picture(images.float() / 255, self._seen(images), self.hand, *true_px).save(path, format="PNG")


class _Labelled:
    """The tensors of a set that has labels."""

    def __init__(self, prepared: PreparedSet) -> None:
        if prepared.keypoints_px is None or prepared.confidence is None:
            raise HandcraftError(f"Expected `prepared` to have keypoints, but {prepared.source!r} has none.")
        if not (prepared.confidence > 0).any():
            raise HandcraftError(f"Expected `prepared` to have labelled keypoints, but {prepared.source!r} has none.")
        self.images, self.keypoints_px, self.confidence = prepared.images, prepared.keypoints_px, prepared.confidence
