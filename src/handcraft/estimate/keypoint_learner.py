# SPDX-License-Identifier: Apache-2.0
"""Trains a keypoint network on prepared crops: one step is warp, recolour, predict, compare.

Which crops a step sees and how they are warped follows from (seed, step) alone.
"""

from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from handcraft.data import PreparedSet, contact_sheet, draw_skeleton, in_rows, whole_scale
from handcraft.errors import HandcraftError
from handcraft.estimate.augment import jitter_colours, sample_warps, warp_images, warp_keypoints
from handcraft.estimate.compact import CompactNet
from handcraft.estimate.keypoint_config import KeypointConfig
from handcraft.estimate.networks import make_network, network_input
from handcraft.estimate.posenet import PoseNet
from handcraft.randomness import generator_for
from handcraft.training import SingleNetwork, batch_indices, process_slice
from handcraft.training.schedule import learning_rate_at, set_learning_rate

KIND = "keypoints"
WEIGHTS_STREAM, ORDER_STREAM, WARP_STREAM = 0, 1, 2
DRAWN_SAMPLES = 16
DRAWN_COLUMNS = 4


class KeypointLearner(SingleNetwork):
    """Learns ``config`` from ``prepared``; a ``training.Learner``."""

    kind = KIND
    network: CompactNet | PoseNet

    def __init__(self, prepared: PreparedSet, config: KeypointConfig, accelerator: Accelerator) -> None:
        if prepared.keypoints_px is None or prepared.confidence is None:
            raise HandcraftError(f"Expected `prepared` to have keypoints, but {prepared.source!r} has none.")
        if not (prepared.confidence > 0).any():
            raise HandcraftError(f"Expected `prepared` to have labelled keypoints, but {prepared.source!r} has none.")
        self.images, self.keypoints_px, self.confidence = prepared.images, prepared.keypoints_px, prepared.confidence
        self.config, self.accelerator = config, accelerator
        network = make_network(config, generator=generator_for(config.seed, WEIGHTS_STREAM))
        optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        self.network = network.to(accelerator.device)
        self.wrapped, self.optimiser = accelerator.prepare(self.network, optimiser)

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        rate = learning_rate_at(
            step, steps=self.config.steps, peak=self.config.learning_rate, schedule=self.config.schedule
        )
        set_learning_rate(self.optimiser, rate)
        images, keypoints_px, confidence = self._batch(step)
        self.network.train()
        loss = self.network.loss(self.wrapped(images).float(), keypoints_px, confidence)
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.optimiser.step()
        return {"loss": loss.item()}

    def _batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """This process's share of the augmented batch, in the network's pixels."""
        config = self.config
        chosen = batch_indices(len(self.images), config.batch_size, seed=config.seed, stream=ORDER_STREAM, step=step)
        mine = process_slice(
            chosen, process_index=self.accelerator.process_index, num_processes=self.accelerator.num_processes
        )
        generator = generator_for(config.seed, WARP_STREAM, step, self.accelerator.process_index)
        warps = sample_warps(len(mine), config.augment, generator=generator)
        images = warp_images(self.images[mine].float() / 255, warps, size=config.image_px)
        images = jitter_colours(images, config.augment.colour_jitter, generator=generator)
        keypoints_px = warp_keypoints(
            self.keypoints_px[mine], warps, input_px=self.images.shape[-1], output_px=config.image_px
        )
        device = self.accelerator.device
        return (
            network_input(images, config).to(device),
            keypoints_px.to(device),
            self.confidence[mine].clamp(0, 1).to(device),
        )

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """The first training crops, unmoved, with the skeletons the network sees in them now."""
        images = self.images[:DRAWN_SAMPLES].float() / 255
        seen = network_input(images, self.config)
        self.network.eval()
        scoremaps = self.network(seen.to(self.accelerator.device)).float()
        keypoints_px = self.network.codec.decode(self.network.heatmaps(scoremaps)).cpu()
        scale = whole_scale(self.config.image_px)
        tiles = [draw_skeleton(image, points, scale=scale) for image, points in zip(seen, keypoints_px, strict=True)]
        contact_sheet(in_rows(tiles, DRAWN_COLUMNS)).save(path, format="PNG")
