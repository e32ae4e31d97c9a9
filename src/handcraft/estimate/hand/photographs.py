# SPDX-License-Identifier: Apache-2.0
"""Labelled photographs as examples of the hand network, wholly labelled or partly; their third dimension is unknown."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data import CropBox, HandSample, open_dataset
from handcraft.errors import HandcraftError
from handcraft.estimate.hand.crops import keypoint_boxes
from handcraft.estimate.hand.examples import HandExamples
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.anny_hand import PHENOTYPES
from handcraft.hand.skeleton import KEYPOINTS

LEAST_KNOWN = 2
"""Labelled keypoints that make a box."""


@dataclass(frozen=True)
class LabelledPhotographs:
    """Squares about hands whose keypoints are known, all or some."""

    examples: HandExamples
    subjects: tuple[str, ...]
    """Whose hand each shows."""
    sources: tuple[str, ...]
    """What the data sets call themselves."""
    is_real: bool
    """Whether every one of them is a photograph."""
    left_out: int
    """Samples with fewer than ``LEAST_KNOWN`` labelled keypoints."""

    def __len__(self) -> int:
        """How many."""
        return len(self.examples)

    @property
    def partly_labelled(self) -> int:
        """How many have keypoints that are not known."""
        return int((self.examples.keypoint_weights == 0).any(1).sum())

    def described(self) -> dict[str, Any]:
        """What a run remembers of them, as JSON data; the hash is of pixels, places and weights."""
        seen = hashlib.sha256()
        for each in (self.examples.images, self.examples.keypoints_px, self.examples.keypoint_weights):
            seen.update(each.contiguous().numpy().tobytes())
        return {
            "sources": list(self.sources),
            "count": len(self),
            "partly_labelled": self.partly_labelled,
            "left_out": self.left_out,
            "people": len(set(self.subjects)),
            "is_real": self.is_real,
            "sha256": seen.hexdigest(),
        }


def labelled_photographs(
    samples: Iterable[HandSample],
    size: int,
    *,
    scale: float,
    shape_parameters: int = len(PHENOTYPES),
    where: str = "the set",
) -> LabelledPhotographs:
    """Squares of ``size`` px about the labelled hands; memory holds the squares only.

    A keypoint of confidence 0 is unknown; above that, confidence is its weight. An unknown side stays unknown. What
    stands before the backdrop is not known either, so all of a photograph counts as foreground.

    Args:
        samples: photographs of any size.
        size: of the squares, in pixels.
        scale: side of the squares over the longer side of the box around the known keypoints.
        shape_parameters: of the network that learns from them; they tell none.
        where: what the samples are from, for the message.

    Raises:
        HandcraftError: none with ``LEAST_KNOWN`` known keypoints.
    """
    images, keypoints_px, weights, sides = [], [], [], []
    subjects, sources, are_real, left_out = [], set(), [], 0
    for sample in samples:
        known = _weights(sample)
        if sample.keypoints_px is None or (known > 0).sum() < LEAST_KNOWN:
            left_out += 1
            continue
        square = _square(sample.keypoints_px, known, scale)
        images.append((square.resample(sample.image, size).clamp(0, 1) * 255).round().to(torch.uint8))
        places_px = square.crop_from_image(sample.keypoints_px.double(), size).float()
        keypoints_px.append(torch.where(known[:, None] > 0, places_px, size / 2))
        weights.append(known)
        sides.append(sample.side)
        subjects.append(sample.subject)
        sources.add(sample.source)
        are_real.append(sample.is_real)
    if not images:
        raise HandcraftError(
            f"Expected samples with at least {LEAST_KNOWN} labelled keypoints in {where}, but got none among "
            f"{left_out}; name a labelled set, or learn the look of unlabelled photographs by a refiner."
        )
    examples = _examples(torch.stack(images), torch.stack(keypoints_px), torch.stack(weights), sides, shape_parameters)
    return LabelledPhotographs(examples, tuple(subjects), tuple(sorted(sources)), all(are_real), left_out)


def read_labelled_photographs(
    folder: Path, size: int, *, scale: float, shape_parameters: int = len(PHENOTYPES)
) -> LabelledPhotographs:
    """Those of any data set that handcraft reads (see ``labelled_photographs``).

    Raises:
        HandcraftError: no data set there, or none with enough labelled keypoints.
    """
    return labelled_photographs(
        open_dataset(folder), size, scale=scale, shape_parameters=shape_parameters, where=str(folder)
    )


def _weights(sample: HandSample) -> Float[Tensor, " 21"]:
    """Of each keypoint, 0 where it is not known."""
    if sample.keypoints_px is None:
        return torch.zeros(len(KEYPOINTS))
    weights = torch.ones(len(KEYPOINTS)) if sample.confidence is None else sample.confidence.float().clamp(0, 1)
    return torch.where(sample.keypoints_px.isfinite().all(-1), weights, 0.0)


def _square(keypoints_px: Float[Tensor, "21 2"], weights: Float[Tensor, " 21"], scale: float) -> CropBox:
    centre_px, longer_px = keypoint_boxes(keypoints_px[None], weights[None])
    side_px = scale * float(longer_px[0])
    left_px, top_px = (centre_px[0] - side_px / 2).tolist()
    return CropBox(left_px, top_px, side_px)


def _examples(
    images: Tensor, keypoints_px: Tensor, weights: Tensor, sides: Sequence[str], shape_parameters: int
) -> HandExamples:
    count, size = len(images), images.shape[-1]
    return HandExamples(
        images,
        torch.ones(count, size, size, dtype=torch.bool),
        keypoints_px,
        torch.zeros(count, len(KEYPOINTS), 3),
        torch.tensor([side == "right" for side in sides]),
        torch.zeros(count, len(DOF_NAMES)),
        torch.eye(3).repeat(count, 1, 1),
        torch.zeros(count, shape_parameters),
        keypoint_weights=weights,
        has_pose=torch.zeros(count, dtype=torch.bool),
        has_side=torch.tensor([side != "unknown" for side in sides]),
    )
