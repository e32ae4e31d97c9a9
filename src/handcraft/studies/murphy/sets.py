# SPDX-License-Identifier: Apache-2.0
"""The sets of seed 000's study: the document's own data through its crops, or renders and what stands in for them."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import torch

from handcraft.data import MURPHY_PHOTOGRAPHS, MURPHY_RENDERS, PreparedSet, PreprocessConfig, prepare
from handcraft.data.readers.freihand import FreiHAND
from handcraft.data.readers.reader import Reader
from handcraft.data.readers.rhd import RHD
from handcraft.errors import HandcraftError
from handcraft.studies.described import evenly
from handcraft.studies.murphy.config import MurphyConfig
from handcraft.studies.refinement.sets import SetMaker, StudySets, tracked

_LAST_FRAME = 1 << 31
"""Beyond FreiHAND's end, whatever part of it a user has."""


@dataclass(frozen=True)
class MurphyData:
    """What the study runs on; renders and simulated photographs where nothing is named.

    Raises:
        HandcraftError: one of the document's sets without the other, or beside other photographs.
    """

    photos: Path | None = None
    """Unlabelled photographs to refine towards."""
    test: Path | None = None
    """A labelled set to test on."""
    rhd: Path | None = None
    """The document's renders: the folder of RHD."""
    freihand: Path | None = None
    """The document's photographs: the folder of FreiHAND."""

    def __post_init__(self) -> None:
        """Refuse half of the document's data."""
        if (self.rhd is None) != (self.freihand is None):
            raise HandcraftError("Expected both `rhd` and `freihand`, but got one of them; name both folders.")
        if self.rhd is not None and (self.photos is not None or self.test is not None):
            raise HandcraftError("Expected `rhd` and `freihand` without `photos` and `test`, but got both; choose.")


def make_sets(run: Path, config: MurphyConfig, data: MurphyData, *, workers: int) -> StudySets:
    """All sets of the study; those that lie in the run folder already are loaded."""
    maker = SetMaker(run, config.hands, workers)
    if data.rhd is None or data.freihand is None:
        return maker.make(data.photos, data.test)
    rhd, freihand, size = data.rhd, data.freihand, config.hands.crops.size

    def photographs(frames: range) -> PreparedSet:
        crops = dataclasses.replace(MURPHY_PHOTOGRAPHS, size=size)
        return _cut(FreiHAND(freihand, versions=("gs",), frames=frames), crops)

    source = maker.kept("source", lambda: _cut(RHD(rhd), dataclasses.replace(MURPHY_RENDERS, size=size)))
    target = maker.kept("target", lambda: photographs(range(config.first_test_frame)))
    test = maker.kept("test", lambda: photographs(range(config.first_test_frame, _LAST_FRAME)))
    judge = maker.kept("judge", maker.judge)
    maker.segmenter()
    drift = source.select(evenly(len(source), config.hands.drift_count))
    return StudySets(source, target, test, judge, drift, ceiling=target)


def notes_of(data: MurphyData) -> dict[str, str]:
    """What is to be said of the document's sets; nothing where others stand in."""
    if data.rhd is None:
        return {}
    return {
        "source": "the hand with the clearer mask of each picture, cut by the mask's variance and blackened around it",
        "target": "green screen, the middle half, blackened around the set's own mask; labels used by the ceiling only",
        "test": "the frames after those of the target, cut alike; people are not published and may be in both",
    }


def _cut(reader: Reader, crops: PreprocessConfig) -> PreparedSet:
    """Crops by the set's own masks; keypoints outside of them are no labels, as in the document."""
    cut = prepare(tracked(reader, f"reading {reader.name}", len(reader)), crops)
    if cut.keypoints_px is None or cut.confidence is None:
        return cut
    inside = ((cut.keypoints_px >= 0) & (cut.keypoints_px <= cut.size)).all(-1)
    return dataclasses.replace(cut, confidence=torch.where(inside, cut.confidence, 0.0))
