# SPDX-License-Identifier: Apache-2.0
"""How far a hand network is off on examples with known truth, crop by crop."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from handcraft.estimate.degrade import DegradeConfig
from handcraft.estimate.hand.crops import HandCropConfig, cut, keypoint_boxes
from handcraft.estimate.hand.examples import HandExamples
from handcraft.measure.alignment import procrustes_aligned
from handcraft.randomness import generator_for

CHUNK = 64
MM_PER_M = 1000.0

AS_TAKEN = DegradeConfig(colour=0.0, brightness=0.0, contrast=0.0, saturation=0.0, blur=0.0, noise=0.0)


def square_about_the_hand(box_scale: float) -> HandCropConfig:
    """Upright crops about the true box, as pictures are: what a network is judged on."""
    return HandCropConfig(
        box_scale=box_scale,
        scale=1.0,
        shift=0.0,
        upright_share=1.0,
        upright_deg=0.0,
        beside_share=0.0,
        backdrop_share=0.0,
        cover_share=0.0,
        look=AS_TAKEN,
    )


@dataclass(frozen=True)
class HandErrors:
    """One row per crop; NaN where the truth is not known."""

    keypoints: Float[Tensor, "n 21"]
    """Distances in shares of the longer side of the box around the true keypoints."""
    joints_mm: Float[Tensor, "n 21"]
    """From the wrist, at true scale."""
    aligned_joints_mm: Float[Tensor, "n 21"]
    """After Procrustes alignment."""
    side_is_right: Bool[Tensor, " n"]
    """Whether left or right was told rightly."""


@torch.no_grad()
def reading_errors(
    network: nn.Module, examples: HandExamples, *, image_px: int, box_scale: float, seed: int = 0
) -> HandErrors:
    """Errors of a network that answers as ``HandNet`` does, on one upright crop of every example.

    Half of the crops are in a mirror, by ``seed``.
    """
    config, network = square_about_the_hand(box_scale), network.eval()
    device = next(network.parameters()).device
    parts = []
    for number, rows in enumerate(torch.arange(len(examples)).split(CHUNK)):
        crops = cut(examples.rows(rows), image_px, config, generator=generator_for(seed, number))
        outputs = network(crops.images.to(device))
        truth = crops.labels
        joints_m = outputs.joints_m.cpu()
        offset_px = outputs.places.cpu() * image_px - truth.keypoints_px
        aligned_m = procrustes_aligned(joints_m, truth.joints_m)
        longer_px = keypoint_boxes(truth.keypoints_px, truth.keypoint_weights)[1]
        has_keypoint, has_pose = truth.keypoint_weights > 0, truth.has_pose[:, None]
        parts.append(
            HandErrors(
                torch.where(has_keypoint, offset_px.norm(dim=-1) / longer_px[:, None], torch.nan),
                torch.where(has_pose, MM_PER_M * (joints_m - truth.joints_m).norm(dim=-1), torch.nan),
                torch.where(has_pose, MM_PER_M * (aligned_m - truth.joints_m).norm(dim=-1).float(), torch.nan),
                (outputs.right_logits.cpu() > 0) == truth.is_right,
            )
        )
    return HandErrors(*(torch.cat([getattr(part, name) for part in parts]) for name in vars(parts[0])))
