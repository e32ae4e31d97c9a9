# SPDX-License-Identifier: Apache-2.0
"""Trains the hand encoder on rendered hands: to know parts, pose, view and tone, and how badly a picture was damaged.

The two sides of the question are what a distance between features is for: hands that stand differently must lie apart
(content), and so must the same hand sharp and blurred, clean and with a checkerboard (quality). An encoder taught to
ignore the look, as estimators are, would find every refiner's output perfect.

Which crops a step sees, what is behind them and how they are damaged follows from (seed, step) alone.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from handcraft.data import contact_sheet, in_rows, picture_from_image, show_parts, whole_scale
from handcraft.encode.config import HandEncoderConfig
from handcraft.encode.damage import damage, sample_strengths
from handcraft.encode.labelled_crops import LabelledCrops
from handcraft.encode.network import HandEncoderNet, Teacher
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.training import SingleNetwork, batch_indices, process_slice
from handcraft.training.schedule import learning_rate_at, set_learning_rate

KIND = "hand-encoder"
WEIGHTS_STREAM, TEACHER_STREAM, ORDER_STREAM, LOOK_STREAM = 0, 1, 2, 3
BLACK_SHARE, WHITE_SHARE = 0.75, 0.125
"""Of backdrops: crops are blackened as a rule, seed 002's pictures stand on white, the rest here on any one colour."""
PARTS_EVERY_PX = 4
DRAWN_SAMPLES = 8


class Student(nn.Module):
    """The encoder with its teacher, as one network to be trained."""

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        self.encoder = HandEncoderNet(generator=generator_for(seed, WEIGHTS_STREAM))
        self.teacher = Teacher(generator=generator_for(seed, TEACHER_STREAM))

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Tensor, ...]:
        """Part logits, then the teacher's answers, for images in [0, 1]."""
        maps = self.encoder.maps(2 * images - 1, len(self.encoder.stages))
        return self.teacher.part_logits(maps), *self.teacher.answers(self.encoder.vector_of(maps))


class HandEncoderLearner(SingleNetwork):
    """Learns ``config`` from ``crops``; a ``training.Learner``."""

    kind = KIND

    def __init__(self, crops: LabelledCrops, config: HandEncoderConfig, accelerator: Accelerator) -> None:
        if crops.images.shape[-1] != config.image_px:
            raise HandcraftError(
                f"Expected `crops` of {config.image_px} px, but got {crops.images.shape[-1]} px; render them anew."
            )
        self.crops, self.config, self.accelerator = crops, config, accelerator
        network = Student(seed=config.seed)
        optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        self.network = network.to(accelerator.device)
        self.wrapped, self.optimiser = accelerator.prepare(self.network, optimiser)

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        rate = learning_rate_at(step, steps=self.config.steps, peak=self.config.learning_rate, schedule="one_cycle")
        set_learning_rate(self.optimiser, rate)
        self.network.train()
        losses = self._losses(step)
        loss = torch.stack([getattr(self.config, f"{name}_weight") * each for name, each in losses.items()]).sum()
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.optimiser.step()
        return {"loss": loss.item(), **{name: each.item() for name, each in losses.items()}}

    def _losses(self, step: int) -> dict[str, Tensor]:
        chosen = self._chosen(step)
        generator = generator_for(self.config.seed, LOOK_STREAM, step, self.accelerator.process_index)
        images, strengths = damaged_batch(self.crops.images[chosen], self.crops.coverage[chosen], generator=generator)
        device = self.accelerator.device
        parts, told_strengths, pose, view, tone, look = (each.float() for each in self.wrapped(images.to(device)))
        crops = self.crops
        half = PARTS_EVERY_PX // 2
        true_parts = crops.parts[chosen, half::PARTS_EVERY_PX, half::PARTS_EVERY_PX].long().to(device)
        human = crops.is_photographic[chosen].float().to(device)
        return {
            "parts": F.cross_entropy(parts, true_parts),
            "damage": F.mse_loss(told_strengths, strengths.to(device)),
            "pose": F.mse_loss(pose, crops.pose[chosen].to(device)),
            "view": F.mse_loss(view, crops.view[chosen].to(device)),
            "tone": (human * (tone - crops.tone[chosen].to(device)).square()).sum() / human.sum().clamp_min(1),
            "look": F.binary_cross_entropy_with_logits(look, human),
        }

    def _chosen(self, step: int) -> Int64[Tensor, " batch"]:
        config, accelerator = self.config, self.accelerator
        batch = batch_indices(len(self.crops), config.batch_size, seed=config.seed, stream=ORDER_STREAM, step=step)
        return process_slice(batch, process_index=accelerator.process_index, num_processes=accelerator.num_processes)

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """The first crops, their parts, and the parts the encoder's maps show now."""
        self.network.eval()
        images = self.crops.images[:DRAWN_SAMPLES].float() / 255
        seen = self.network(images.to(self.accelerator.device))[0].argmax(1).cpu().to(torch.uint8)
        scale = whole_scale(self.config.image_px)
        tiles = [picture_from_image(image, scale=scale) for image in images]
        tiles += [show_parts(parts, scale=scale) for parts in self.crops.parts[:DRAWN_SAMPLES]]
        tiles += [show_parts(parts, scale=scale * PARTS_EVERY_PX) for parts in seen]
        contact_sheet(in_rows(tiles, len(images))).save(path, format="PNG")


def damaged_batch(
    images: UInt8[Tensor, "batch 3 height width"],
    coverage: UInt8[Tensor, "batch height width"],
    *,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "batch 3 height width"], Float[Tensor, "batch damage"]]:
    """Blackened crops before backdrops of one colour and damaged, in [0, 1]; and how badly they are.

    Half of them are damaged before the backdrop is put behind the hand, as a refiner's output is composed, half after.
    """
    hands, shown = images.float() / 255, coverage[:, None].float() / 255
    behind = _backdrops(len(images), generator=generator) * (1 - shown)
    strengths = sample_strengths(len(images), generator=generator)
    is_early = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    damaged = damage(torch.where(is_early, hands, hands + behind), strengths, generator=generator)
    return torch.where(is_early, damaged * (shown > 0) + behind, damaged).clamp(0, 1), strengths


def _backdrops(count: int, *, generator: torch.Generator) -> Float[Tensor, "batch 3 1 1"]:
    which = torch.rand(count, 1, 1, 1, generator=generator)
    colour = torch.rand(count, 3, 1, 1, generator=generator)
    return torch.where(which < BLACK_SHARE, 0.0, torch.where(which < BLACK_SHARE + WHITE_SHARE, 1.0, colour))
