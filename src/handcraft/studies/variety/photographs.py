# SPDX-License-Identifier: Apache-2.0
"""Which labelled photographs the study tests on: those that tell everything a photograph can."""

from collections.abc import Iterable

from handcraft.data import HandSample
from handcraft.estimate.hand.photographs import LabelledPhotographs, labelled_photographs

SQUARE_SCALE = 2.0
"""Side of the kept square over the hand's longer side: room for upright crops of any roll."""


def wholly_labelled(samples: Iterable[HandSample], size: int) -> LabelledPhotographs:
    """Squares of ``size`` px about the hands of photographs with all 21 keypoints and the side known.

    Raises:
        HandcraftError: no such photograph.
    """
    return labelled_photographs(filter(_is_wholly_labelled, samples), size, scale=SQUARE_SCALE)


def _is_wholly_labelled(sample: HandSample) -> bool:
    return sample.confidence is not None and bool((sample.confidence > 0).all()) and sample.side != "unknown"
