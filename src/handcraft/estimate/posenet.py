# SPDX-License-Identifier: Apache-2.0
"""PoseNet, the keypoint network of hand3d that seed 000 trains to judge its refined images.

Zimmermann and Brox 2017, "Learning to estimate 3D hand pose from single RGB images", section 4.2; the layers are those
of convolutional pose machines (Wei et al. 2016). 256 px images give 21 score maps of 32x32, then refined twice by
stages of their own weights. Where this departs from the published code, and why:

- the Gaussian's centre keeps its fraction of a pixel (there it is cut to whole pixels, a bias of half a pixel);
- maps are enlarged with pixel centres at half pixels (there the enlargement shifts them by 3.5 px at 256 px);
- the root in the loss has an epsilon (there its gradient is infinite where prediction and target agree);
- weights start at random, as seed 000 says (there most layers start from a body-pose network).
"""

from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.estimate.heatmaps import HeatmapCodec
from handcraft.hand.skeleton import KEYPOINTS

LEAKY_SLOPE = 0.01
START_BIAS = 1e-4
ROOT_EPSILON = 1e-12
WEIGHT_EPSILON = 1e-3
TARGET_SIGMA_PX = 25.0 / 2**0.5
"""The target is ``exp(-d^2 / 25^2)`` at 256 px: without the usual factor 2, so the standard deviation is 17.7 px."""


def _convolution(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2), nn.LeakyReLU(LEAKY_SLOPE, inplace=True)
    )


def _chain(kernel: int, *channels: int) -> list[nn.Module]:
    return [_convolution(before, after, kernel) for before, after in pairwise(channels)]


class PoseNet(nn.Module):
    """256 px images (or any multiple of 8) to three stages of 21 score maps of an eighth of their side."""

    def __init__(self, *, image_px: int = 256, generator: torch.Generator) -> None:
        super().__init__()
        joints, encoding = len(KEYPOINTS), 128
        sigma_px = TARGET_SIGMA_PX * image_px / 256
        cells = image_px // 8
        self.codec = HeatmapCodec(image_px, cells, sigma_px, window_cells=min(7, cells))
        self.target_codec = HeatmapCodec(image_px, image_px, sigma_px, window_cells=image_px)
        self.encoder = nn.Sequential(
            *_chain(3, 3, 64, 64), nn.MaxPool2d(2),
            *_chain(3, 64, 128, 128), nn.MaxPool2d(2),
            *_chain(3, 128, 256, 256, 256, 256), nn.MaxPool2d(2),
            *_chain(3, 256, 512, 512, 256, 256, 256, 256, encoding),
        )  # fmt: skip
        self.first_stage = nn.Sequential(*_chain(1, encoding, 512), nn.Conv2d(512, joints, 1))
        self.later_stages = nn.ModuleList(
            nn.Sequential(
                *_chain(7, joints + encoding, 128, 128, 128, 128, 128), *_chain(1, 128, 128), nn.Conv2d(128, joints, 1)
            )
            for _ in range(2)
        )
        self.apply(partial(_initialise, generator=generator))

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch stage 21 height/8 width/8"]:
        """Score maps of every stage for images in [0, 1]; the last stage's are the answer."""
        encoding = self.encoder(images - 0.5)
        stages = [self.first_stage(encoding)]
        for stage in self.later_stages:
            stages.append(stage(torch.cat([stages[-1], encoding], 1)))
        return torch.stack(stages, 1)

    def loss(
        self,
        scoremaps: Float[Tensor, "batch stage joint cells cells"],
        keypoints_px: Float[Tensor, "batch joint 2"],
        confidence: Float[Tensor, "batch joint"],
    ) -> Float[Tensor, ""]:
        """``scoremap_loss`` against targets at the size of the image."""
        target, inside = self.target_codec.encode(keypoints_px)
        return scoremap_loss(scoremaps, target, confidence * inside)

    def heatmaps(
        self, scoremaps: Float[Tensor, "batch stage joint cells cells"]
    ) -> Float[Tensor, "batch joint cells cells"]:
        """The last stage's maps without their negative cells, for decoding."""
        return scoremaps[:, -1].clamp_min(0)


def _initialise(module: nn.Module, *, generator: torch.Generator) -> None:
    """Weights uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010, Eq. 16), biases 1e-4."""
    if isinstance(module, nn.Conv2d) and module.bias is not None:
        nn.init.xavier_uniform_(module.weight, generator=generator)
        nn.init.constant_(module.bias, START_BIAS)


def scoremap_loss(
    scoremaps: Float[Tensor, "batch stage joint cells cells"],
    target: Float[Tensor, "batch joint size size"],
    weights: Float[Tensor, "batch joint"],
) -> Float[Tensor, ""]:
    """Root mean squared error of each enlarged map, weighted mean over keypoints, summed over stages.

    ``sum_s sum_k w_k sqrt(mean_xy (up(S_sk) - T_k)^2) / (sum_k w_k + 0.001)``, k over batch and keypoints.
    """
    size = target.shape[-1]
    total = scoremaps.new_zeros(())
    for stage in scoremaps.unbind(1):
        enlarged = F.interpolate(stage, size=(size, size), mode="bilinear", align_corners=False)
        error = torch.sqrt((enlarged - target).square().mean((-2, -1)) + ROOT_EPSILON)
        total = total + (weights * error).sum() / (weights.sum() + WEIGHT_EPSILON)
    return total
