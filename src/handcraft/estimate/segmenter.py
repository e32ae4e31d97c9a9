# SPDX-License-Identifier: Apache-2.0
"""A trained hand segmenter: pictures of any size in, the probability of the hand at every pixel out.

The picture is fitted into the network's square; then, for a hand that is small in its picture, the square around what
was found is looked at again. Of several places only the largest is kept: a picture shows one hand.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage
from torch import Tensor

from handcraft.data import CropBox, hand_crop
from handcraft.estimate.segmentation_network import SegmentationNet
from handcraft.estimate.segmenter_config import SegmenterConfig
from handcraft.estimate.segmenter_learner import KIND, SegmenterLearner
from handcraft.training import RunFolder, make_accelerator, train
from handcraft.training.run_files import load_trained

CHUNK = 64
"""Pictures looked at together, so that memory does not grow with the request."""
ZOOM_GAIN = 1.15
"""A second look is worth its time when it shows the hand at least this much larger."""
ZOOM_SURVIVAL = 0.3
"""A second look that finds less than this share of what the first found is not believed."""


def largest_component(mask: Bool[Tensor, "height width"]) -> Bool[Tensor, "height width"]:
    """The largest connected part of a mask (pixels touch along edges); an empty mask stays empty."""
    labels, count = ndimage.label(mask.cpu().numpy())
    if count < 2:
        return mask.clone()
    largest = 1 + int(np.bincount(labels.ravel())[1:].argmax())
    return torch.from_numpy(labels == largest).to(mask.device)


class Segmenter:
    """Finds the hand (without the forearm) in photographs. The answer for a picture depends on that picture only."""

    def __init__(
        self, state: Mapping[str, Tensor], config: SegmenterConfig, *, device: str | torch.device = "cpu"
    ) -> None:
        """Build the network of ``config`` with the weights ``state``; a RuntimeError says that they do not fit."""
        network = SegmentationNet(width=config.width, depth=config.depth, generator=torch.Generator())
        network.load_state_dict(state)
        self.network, self.config = network.to(device).eval(), config

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu") -> "Segmenter":
        """The segmenter of a run folder or of a checkpoint file.

        Raises HandcraftError when there is none, or when it is damaged or of another kind.
        """
        return load_trained(
            path, kind=KIND, make=lambda state, config: cls(state, SegmenterConfig.from_json(config), device=device)
        )

    @torch.no_grad()
    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
        """Probabilities of the hand for RGB pictures in [0, 1] of any one size; above 0.5 in one connected place."""
        chunks = [self._look_twice(chunk) for chunk in images.split(CHUNK)] if len(images) else []
        return torch.cat(chunks) if chunks else images.new_zeros(0, *images.shape[-2:])

    def segment(self, image: Float[Tensor, "3 height width"]) -> Bool[Tensor, "height width"]:
        """The mask of the hand in one picture; empty where there is none."""
        return self(image[None])[0] > 0.5

    def _look_twice(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
        found = torch.stack([_only_largest(one) for one in self._look(images)])
        boxes = {index: box for index, one in enumerate(found) if (box := self._zoom_box(one))}
        if not boxes:
            return found
        zoomed = [_resample_replicated(images[index], box, self.config.image_px) for index, box in boxes.items()]
        for (index, box), seen in zip(boxes.items(), self._look(torch.stack(zoomed)), strict=True):
            again = _only_largest(_into_picture(seen, box, *images.shape[-2:]))
            if (again > 0.5).sum() >= ZOOM_SURVIVAL * (found[index] > 0.5).sum():
                found[index] = again
        return found

    def _look(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
        """One look at whole pictures: fitted into the working square, and the answer brought back to their size."""
        height, width = images.shape[-2:]
        side = self.config.image_px
        rows, columns = (max(1, round(length * side / max(height, width))) for length in (height, width))
        fitted = _resized(images, rows, columns)
        top, left = (side - rows) // 2, (side - columns) // 2
        margins = (left, side - columns - left, top, side - rows - top)
        square = F.pad(fitted, margins, mode="replicate").to(next(self.network.parameters()).device)
        seen = torch.sigmoid(self.network(square))[:, top : top + rows, left : left + columns]
        return _resized(seen[:, None].to(images.device), height, width)[:, 0]

    def _zoom_box(self, probabilities: Float[Tensor, "height width"]) -> CropBox | None:
        """The square worth a second look, or None: no hand, or it fills its picture already."""
        mask = probabilities > 0.5
        if not self.config.zoom or not mask.any():
            return None
        box = hand_crop(mask, self.config.zoom_scale)
        return box if box.side_px * ZOOM_GAIN <= max(mask.shape) else None


def _only_largest(probabilities: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """Clear every place above 0.5 but the largest."""
    mask = probabilities > 0.5
    return torch.where(mask & ~largest_component(mask), 0.0, probabilities)


def _resized(
    images: Float[Tensor, "batch channels _ _"], height: int, width: int
) -> Float[Tensor, "batch channels _ _"]:
    if images.shape[-2:] == (height, width):
        return images
    return F.interpolate(images, size=(height, width), mode="bilinear", align_corners=False, antialias=True)


def _resample_replicated(
    image: Float[Tensor, "3 height width"], box: CropBox, size: int
) -> Float[Tensor, "3 {size} {size}"]:
    """The pixels of ``box``; outside the picture its border goes on, as in the network's training and first look."""
    height, width = image.shape[-2:]
    reach = max(0.0, -box.left_px, -box.top_px, box.left_px + box.side_px - width, box.top_px + box.side_px - height)
    margin = math.ceil(reach) + math.ceil(box.side_px / size) + 1
    padded = F.pad(image[None], (margin,) * 4, mode="replicate")[0]
    return CropBox(box.left_px + margin, box.top_px + margin, box.side_px).resample(padded, size)


def _into_picture(
    seen: Float[Tensor, "side side"], box: CropBox, height: int, width: int
) -> Float[Tensor, "{height} {width}"]:
    """What was seen in ``box`` at its place in the picture; 0 outside the box."""
    x_px = torch.arange(width, device=seen.device) + 0.5
    y_px = torch.arange(height, device=seen.device) + 0.5
    across = (x_px - box.left_px) / box.side_px * 2 - 1
    down = (y_px - box.top_px) / box.side_px * 2 - 1
    grid = torch.stack([across.expand(height, width), down[:, None].expand(height, width)], -1)
    return F.grid_sample(seen[None, None], grid[None], mode="bilinear", align_corners=False)[0, 0]


def train_segmenter(
    images: UInt8[Tensor, "n 3 height width"],
    masks: Bool[Tensor, "n height width"],
    config: SegmenterConfig,
    run_path: Path,
    *,
    resume: bool = False,
    progress: bool = True,
) -> Segmenter:
    """Train on pictures with backdrops and their masks into ``run_path``; return the segmenter at the end of it.

    Raises:
        HandcraftError: images that are no bytes, masks without hands, a folder in use, or another configuration than
            the resumed run's.
    """
    accelerator = make_accelerator(config.device, config.precision)
    learner = SegmenterLearner(images, masks, config, accelerator)
    run = RunFolder.create(
        run_path,
        stage="segment",
        config=config,
        seed=config.seed,
        inputs={"images": len(images), "height": images.shape[-2], "width": images.shape[-1]},
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop, run, resume=resume, progress=progress)
    return Segmenter(learner.network.state_dict(), config, device=accelerator.device)
