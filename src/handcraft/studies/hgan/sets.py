# SPDX-License-Identifier: Apache-2.0
"""The sets of seed 002's study: renders and photographs to train on, others of both to test on, all on white.

In contrast to the document, which cut its films by frame, no hand (or recording) is on both sides of the test.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import torch

from handcraft.cores import worker_count
from handcraft.data import PreparedSet, PreprocessConfig, open_dataset, prepare, split_by_subject
from handcraft.data.rendered import rendering_processes
from handcraft.errors import HandcraftError
from handcraft.estimate import train_segmenter
from handcraft.randomness import generator_for
from handcraft.studies.described import evenly
from handcraft.studies.hgan.config import HganConfig
from handcraft.studies.refinement.sets import SetMaker, tracked

_TURN_STREAM = 0x7012


@dataclass(frozen=True)
class HganInputs:
    """Folders and files of the user's; what is None is not used.

    Raises:
        HandcraftError: one of SynthHands and RealHands without the other, or both and photographs.
    """

    photos: Path | None = None
    """Photographs of hands to go towards, without labels; simulated ones without."""
    synthhands: Path | None = None
    """The folder of SynthHands."""
    realhands: Path | None = None
    """The folder of RealHands."""
    vgg16: Path | None = None
    """Weights for perceptual discriminators; handcraft's hand encoder without."""
    inception: Path | None = None
    """Weights of Inception-v3 for Table I; handcraft's hand encoder without."""
    vit: Path | None = None
    """Weights of a vision transformer for Tables II and III; handcraft's small one from scratch without."""

    def __post_init__(self) -> None:
        """Refuse halves of a pair, and two targets."""
        if (self.synthhands is None) != (self.realhands is None):
            raise HandcraftError("Expected both `synthhands` and `realhands`, or neither, but got one of them.")
        if self.photos is not None and self.realhands is not None:
            raise HandcraftError("Expected `photos` or `realhands` as the target, but got both; leave one out.")
        for name, path in vars(self).items():
            if path is not None and not Path(path).exists():
                raise HandcraftError(f"Expected `{name}` to be there, but {path} is not; name what is.")


@dataclass(frozen=True)
class HganSets:
    """Crops of everything the study needs."""

    renders: PreparedSet
    photographs: PreparedSet
    """What the models learn from; labels are not used."""
    test_renders: PreparedSet
    """Hands no model has seen, with keypoints."""
    test_photographs: PreparedSet
    """Other people's, or other recordings, where it is known who is shown."""
    whole_renders: PreparedSet
    """Renders to train classifiers on: of the hands that models learned from, cut as the test is."""
    whole_photographs: PreparedSet
    judge: PreparedSet
    """Labelled hands that the judges of label drift learn from."""


def make_sets(run: Path, config: HganConfig, inputs: HganInputs, *, workers: int) -> HganSets:
    """Make the sets into ``run``, and the segmenter that judges silhouettes; what lies there already is loaded."""
    maker = SetMaker(run, config.hands, worker_count(workers))
    if inputs.synthhands is not None and inputs.realhands is not None:
        return _recorded(maker, config, inputs.synthhands, inputs.realhands)
    if maker.workers == 1:
        return _rendered(maker, config, inputs.photos)
    with rendering_processes(maker.workers) as pool:
        return _rendered(dataclasses.replace(maker, pool=pool), config, inputs.photos)


def _rendered(maker: SetMaker, config: HganConfig, photos: Path | None) -> HganSets:
    hands = config.hands
    renders = maker.kept("source", lambda: maker.renders("plain", "source", hands.source_count))
    test_renders = maker.kept("drift", lambda: maker.renders("plain", "drift", hands.drift_count))
    judge = maker.kept("judge", maker.judge)
    maker.segmenter()
    if photos is None:
        taught = maker.kept("target", lambda: maker.photographs(None, "target", hands.target_count))
        tested = maker.kept("test", lambda: maker.photographs(None, "test", hands.test_count))
    else:
        found = maker.kept("photographs", lambda: maker.photographs(photos, "target", hands.target_count))
        taught, tested = (found.select(part) for part in _parts(found, hands.test_count, config))
        tested = quarter_turned(tested, seed=hands.data_seed)
    return HganSets(renders, taught, test_renders, tested, renders, taught, judge)


def _recorded(maker: SetMaker, config: HganConfig, synthhands: Path, realhands: Path) -> HganSets:
    hands = config.hands
    renders, test_renders, whole_renders = _cut_thrice(maker, "synthhands", synthhands, config, hands.drift_count)
    photographs, test_photographs, whole_photographs = _cut_thrice(
        maker, "realhands", realhands, config, hands.test_count
    )
    train_segmenter(whole_renders.images, whole_renders.masks, hands.segmenter, maker.run / "segmenter", resume=True)
    return HganSets(
        renders, photographs, test_renders, test_photographs, whole_renders, whole_photographs, whole_renders
    )


def _cut_thrice(
    maker: SetMaker, name: str, folder: Path, config: HganConfig, test_count: int
) -> tuple[PreparedSet, PreparedSet, PreparedSet]:
    """Crops to train on, crops of other recordings for tests, and training pictures cut as those are."""

    def cut(crops: PreprocessConfig, chosen: frozenset[str] | None = None) -> PreparedSet:
        reader = open_dataset(folder)
        samples = tracked(reader, f"reading {reader.name}", len(reader))
        prepared = prepare((each for each in samples if chosen is None or each.key in chosen), crops)
        return dataclasses.replace(prepared, skipped=prepared.skipped + len(reader.skipped))

    found = maker.kept(name, lambda: cut(config.hands.crops))
    taught, tested = _parts(found, test_count, config)
    whole = [taught[index] for index in evenly(len(taught), config.hands.helper_count)]
    keys = [frozenset(found.keys[index] for index in part) for part in (tested, whole)]
    test, again = (
        maker.kept(f"{name}-{kind}", lambda chosen=chosen: cut(config.test_crops, chosen))  # type: ignore[misc]
        for kind, chosen in zip(("test", "whole"), keys, strict=True)
    )
    return found.select(taught), test, again


def _parts(found: PreparedSet, test_count: int, config: HganConfig) -> tuple[list[int], list[int]]:
    """Which crops to train on and which to test on, at most half of them; no subject is in both."""
    share = min(0.5, test_count / len(found))
    taught, tested = split_by_subject(found.subjects, [1 - share, share], seed=config.hands.data_seed)
    return taught, [tested[index] for index in evenly(len(tested), test_count)]


def quarter_turned(prepared: PreparedSet, *, seed: int) -> PreparedSet:
    """Unlabelled crops, each turned by no, one, two or three quarter turns; no pixel is resampled.

    People take photographs upright, and what models were not to imitate must not count for or against them.
    """
    turns = torch.randint(4, (len(prepared),), generator=generator_for(seed, _TURN_STREAM)).tolist()
    images, masks = (
        torch.stack([torch.rot90(each, turn, (-2, -1)) for each, turn in zip(stack, turns, strict=True)])
        for stack in (prepared.images, prepared.masks)
    )
    return dataclasses.replace(prepared, images=images, masks=masks, keypoints_px=None, confidence=None)
