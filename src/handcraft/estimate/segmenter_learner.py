# SPDX-License-Identifier: Apache-2.0
"""Trains a U-Net to find the hand's pixels (without the forearm) on renders with backdrops.

Which images a step sees, how they are warped and how they are degraded follows from (seed, step) alone.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from handcraft.data import contact_sheet, in_rows, picture_from_image, whole_scale
from handcraft.errors import HandcraftError
from handcraft.estimate.augment import sample_warps, warp_images
from handcraft.estimate.degrade import degrade
from handcraft.estimate.segmentation_network import SegmentationNet
from handcraft.estimate.segmenter_config import SegmenterConfig
from handcraft.randomness import generator_for
from handcraft.training import SingleNetwork, batch_indices, process_slice
from handcraft.training.schedule import learning_rate_at, set_learning_rate

KIND = "segmenter"
WEIGHTS_STREAM, ORDER_STREAM, LOOK_STREAM = 0, 1, 2
DRAWN_SAMPLES = 16
DRAWN_COLUMNS = 4
TINT = (0.9, 0.2, 0.2)


def mask_loss(
    logits: Float[Tensor, "batch height width"], masks: Float[Tensor, "batch height width"]
) -> Float[Tensor, ""]:
    """Binary cross-entropy plus soft Dice loss (Milletari et al. 2016, section 3).

    Cross-entropy judges each pixel; Dice judges the hand as a whole, however small it is in the picture.
    """
    probabilities = torch.sigmoid(logits)
    overlap = (probabilities * masks).sum((-2, -1))
    dice = (2 * overlap + 1) / (probabilities.sum((-2, -1)) + masks.sum((-2, -1)) + 1)
    return F.binary_cross_entropy_with_logits(logits, masks) + (1 - dice).mean()


class SegmenterLearner(SingleNetwork):
    """Learns ``config`` from images and masks of one size; a ``training.Learner``."""

    kind = KIND

    def __init__(
        self,
        images: UInt8[Tensor, "n 3 height width"],
        masks: Bool[Tensor, "n height width"],
        config: SegmenterConfig,
        accelerator: Accelerator,
    ) -> None:
        if images.dtype != torch.uint8:
            raise HandcraftError(
                f"Expected `images` to be bytes from 0 to 255, but got {images.dtype}; multiply by 255."
            )
        if not masks.any():
            raise HandcraftError("Expected `masks` with hands in them, but got none.")
        self.images, self.masks, self.config, self.accelerator = images, masks, config, accelerator
        generator = generator_for(config.seed, WEIGHTS_STREAM)
        network = SegmentationNet(width=config.width, depth=config.depth, generator=generator)
        optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        self.network = network.to(accelerator.device)
        self.wrapped, self.optimiser = accelerator.prepare(self.network, optimiser)

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        rate = learning_rate_at(step, steps=self.config.steps, peak=self.config.learning_rate, schedule="one_cycle")
        set_learning_rate(self.optimiser, rate)
        images, masks = self._batch(step)
        loss = mask_loss(self.wrapped(images).float(), masks)
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.optimiser.step()
        return {"loss": loss.item()}

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        """This process's share of the batch: moved together, then the images degraded."""
        config = self.config
        chosen = batch_indices(len(self.images), config.batch_size, seed=config.seed, stream=ORDER_STREAM, step=step)
        mine = process_slice(
            chosen, process_index=self.accelerator.process_index, num_processes=self.accelerator.num_processes
        )
        generator = generator_for(config.seed, LOOK_STREAM, step, self.accelerator.process_index)
        pictures = torch.cat([self.images[mine].float() / 255, self.masks[mine, None].float()], 1)
        warps = sample_warps(len(mine), config.augment, generator=generator)
        moved = warp_images(pictures, warps, size=config.image_px, outside="reflection")
        images = degrade(moved[:, :3], config.degrade, generator=generator)
        return images.to(self.accelerator.device), (moved[:, 3] > 0.5).float().to(self.accelerator.device)

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """The first training images, tinted red where the network sees the hand now."""
        size = (self.config.image_px, self.config.image_px)
        images = F.interpolate(self.images[:DRAWN_SAMPLES].float() / 255, size=size, mode="bilinear", antialias=True)
        logits = self.network(images.to(self.accelerator.device)).float()
        share = 0.6 * torch.sigmoid(logits).cpu()[:, None]
        tinted = images * (1 - share) + images.new_tensor(TINT).view(3, 1, 1) * share
        tiles = [picture_from_image(image, scale=whole_scale(self.config.image_px)) for image in tinted]
        contact_sheet(in_rows(tiles, DRAWN_COLUMNS)).save(path, format="PNG")
