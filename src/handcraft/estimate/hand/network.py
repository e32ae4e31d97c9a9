# SPDX-License-Identifier: Apache-2.0
"""The hand network: a residual trunk, heat maps for keypoints, and a head that lifts them to 3D, pose and shape.

Plain 3x3 convolutions and batch normalisation: they train fast on CPUs in bfloat16, and onnxruntime folds the one into
the other. Keypoints are the expected places of heat maps (Sun et al. 2018, "Integral human pose regression"): exact
below a cell, differentiable, and two small operations in an exported graph. The head sees where the keypoints are and
what the picture is like there (a nail or a fingertip's pad), so that depth, pose and shape agree with them. Across the
picture its 3D joints are the keypoints at one scale, corrected (the 2.5D of Iqbal et al. 2018, "Hand pose estimation
via latent 2.5D heatmap regression").
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.estimate.compact import BasicBlock
from handcraft.geometry.rotations import rotation_from_columns
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.networks import initialise_kaiming

STRIDE = 16
JOINT_UNIT_M = 0.1
"""What one unit of the head's 3D output is."""
CROP_M = 0.2
"""How wide a crop is where the hand is, to a factor of e either way."""
AT_KEYPOINTS = 16
"""Channels that are read where each keypoint is."""


@dataclass(frozen=True)
class HandOutputs:
    """What the network says of crops; images are in [0, 1], places in crops that are 1 wide."""

    log_places: Float[Tensor, "batch 21 cells cells"]
    """Logarithms of probabilities over the cells of heat maps."""
    places: Float[Tensor, "batch 21 2"]
    """Expected places."""
    confidence_logits: Float[Tensor, "batch 21"]
    joints_m: Float[Tensor, "batch 21 3"]
    """Relative to the wrist, camera axes of the crop."""
    right_logits: Float[Tensor, " batch"]
    presence_logits: Float[Tensor, " batch"]
    angles_rad: Float[Tensor, "batch 22"]
    camera_from_hand: Float[Tensor, "batch 3 3"]
    shape: Float[Tensor, "batch parameter"]


class HandNet(nn.Module):
    """Crops to ``HandOutputs``; the side of crops is a multiple of 16.

    Raises:
        HandcraftError: widths or blocks that are not four each.
    """

    def __init__(
        self, widths: tuple[int, ...], blocks: tuple[int, ...], shape_parameters: int, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        if len(widths) != 4 or len(blocks) != 3:
            raise HandcraftError(f"Expected four `widths` and three `blocks`, but got {widths} and {blocks}.")
        half, quarter, eighth, sixteenth = widths
        self.shape_parameters = shape_parameters
        self.stem = _convolution(3, half, stride=2)
        self.quarter = _stage(half, quarter, blocks[0])
        self.eighth = _stage(quarter, eighth, blocks[1])
        self.sixteenth = _stage(eighth, sixteenth, blocks[2])
        self.eighth_from_sixteenth = nn.Conv2d(sixteenth, eighth, 1)
        self.merge_eighth = _convolution(eighth, eighth)
        self.quarter_from_eighth = nn.Conv2d(eighth, quarter, 1)
        self.merge_quarter = _convolution(quarter, quarter)
        self.places = nn.Conv2d(quarter, len(KEYPOINTS), 1)
        self.at_keypoints = nn.Conv2d(quarter, AT_KEYPOINTS, 1)
        self.head = _Head(sixteenth + (3 + AT_KEYPOINTS) * len(KEYPOINTS), shape_parameters)
        initialise_kaiming(self, generator=generator)

    def outer_layers(self) -> tuple[nn.Module, ...]:
        """Those that take pictures in or give answers out."""
        return self.stem, self.places, self.head.layers[-1]

    def forward(self, images: Float[Tensor, "batch 3 side side"]) -> HandOutputs:
        """All that is said of each crop."""
        x = (4 * images - 2).contiguous(memory_format=torch.channels_last)
        quarter = self.quarter(self.stem(x))
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        eighth = self.merge_eighth(eighth + _doubled(self.eighth_from_sixteenth(sixteenth)))
        merged = self.merge_quarter(quarter + _doubled(self.quarter_from_eighth(eighth)))
        logits = self.places(merged).float()
        log_places = logits.flatten(-2).log_softmax(-1).view_as(logits)
        probabilities = log_places.exp()
        places = expected_places(probabilities)
        peaks = log_places.flatten(-2).amax(-1)
        there = probabilities.flatten(-2) @ self.at_keypoints(merged).float().flatten(-2).mT
        everywhere = sixteenth.float().mean((-2, -1))
        known = torch.cat([everywhere, there.flatten(1), (4 * places - 2).flatten(1), 0.2 * peaks], 1)
        return self.head(known, log_places, places)


class _Head(nn.Module):
    """Features of the whole and at each keypoint, expected places and how peaked the maps are, to what is no map."""

    WIDTH = 384

    def __init__(self, known: int, shape_parameters: int) -> None:
        super().__init__()
        joints = len(KEYPOINTS)
        self.sizes = [joints, 3 * joints, 1, 1, 1, len(DOF_NAMES), 6, shape_parameters]
        self.layers = nn.Sequential(
            nn.Linear(known, self.WIDTH),
            nn.ReLU(inplace=True),
            nn.Linear(self.WIDTH, self.WIDTH),
            nn.ReLU(inplace=True),
            nn.Linear(self.WIDTH, sum(self.sizes)),
        )

    def forward(
        self,
        known: Float[Tensor, "batch known"],
        log_places: Float[Tensor, "batch 21 cells cells"],
        places: Float[Tensor, "batch 21 2"],
    ) -> HandOutputs:
        outputs = self.layers(known).float().split(self.sizes, dim=1)
        confidence, corrections, scale, right, presence, angles, turns, shape = outputs
        across_m = CROP_M * torch.exp(torch.tanh(scale))[..., None] * places
        flat_m = torch.cat([across_m, torch.zeros_like(across_m[..., :1])], -1)
        joints_m = flat_m + JOINT_UNIT_M * corrections.view(-1, len(KEYPOINTS), 3)
        return HandOutputs(
            log_places,
            places,
            confidence,
            joints_m - joints_m[:, :1],
            right[:, 0],
            presence[:, 0],
            angles,
            rotation_from_columns(turns),
            shape,
        )


def _convolution(in_channels: int, out_channels: int, *, stride: int = 1) -> nn.Sequential:
    layers = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False), nn.BatchNorm2d(out_channels)
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


def _stage(in_channels: int, out_channels: int, blocks: int) -> nn.Sequential:
    """Half the size, then residual blocks."""
    return nn.Sequential(
        _convolution(in_channels, out_channels, stride=2), *(BasicBlock(out_channels) for _ in range(blocks))
    )


def _doubled(x: Float[Tensor, "batch channels _ _"]) -> Float[Tensor, "batch channels _ _"]:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def expected_places(probabilities: Float[Tensor, "batch joint cells cells"]) -> Float[Tensor, "batch joint 2"]:
    """Mean (x, y) of maps that each sum to 1, over a square that is 1 wide."""
    cells = probabilities.shape[-1]
    centres = (torch.arange(cells, device=probabilities.device, dtype=probabilities.dtype) + 0.5) / cells
    return torch.stack([(probabilities.sum(-2) * centres).sum(-1), (probabilities.sum(-1) * centres).sum(-1)], -1)
