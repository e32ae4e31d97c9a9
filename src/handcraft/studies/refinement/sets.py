# SPDX-License-Identifier: Apache-2.0
"""The sets of the study: rendered, photographed, cropped alike, and kept in the run folder as they are made."""

import dataclasses
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import torch
from rich.console import Console
from rich.progress import track

from handcraft.cores import worker_count
from handcraft.data import HandSample, PreparedSet, PreprocessConfig, open_dataset, prepare
from handcraft.data.preprocess import Segment
from handcraft.data.rendered import RenderedSet, rendering_processes
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.estimate import Segmenter, train_segmenter
from handcraft.scene import Look, SceneConfig
from handcraft.studies.refinement.config import CEILING_FOLDS, StudyConfig

Item = TypeVar("Item")

SEEDS_OF_SETS = {"source": 11, "target": 23, "test": 37, "helpers": 53, "drift": 71}
"""Offsets that give every set its own hands."""


@dataclass(frozen=True)
class StudySets:
    """Crops of everything the study needs."""

    source: PreparedSet
    target: PreparedSet
    test: PreparedSet
    judge: PreparedSet
    drift: PreparedSet
    ceiling: PreparedSet | None
    """Labelled images of the test's own domain that are not in the test; None if the test itself must be split."""


@dataclass(frozen=True)
class SetMaker:
    """Makes sets once; what already lies in the run folder is loaded."""

    run: Path
    config: StudyConfig
    workers: int
    pool: ProcessPoolExecutor | None = None
    """Processes that all sets are rendered by; without them each set has its own."""

    def __post_init__(self) -> None:
        """Refuse a count below zero."""
        expect_at_least(0, workers=self.workers)

    def make(self, photos: Path | None, test: Path | None) -> StudySets:
        """All sets; the segmenter is trained on the way, because photographs come without masks."""
        workers = worker_count(self.workers)
        if workers == 1:
            return self._make(photos, test)
        with rendering_processes(workers) as pool:  # they start when the first set is not there yet
            return dataclasses.replace(self, pool=pool)._make(photos, test)

    def _make(self, photos: Path | None, test: Path | None) -> StudySets:
        source = self.kept("source", lambda: self.renders("plain", "source", self.config.source_count))
        drift = self.kept("drift", lambda: self.renders("plain", "drift", self.config.drift_count))
        judge = self.kept("judge", self.judge)
        self.segmenter()
        target = self.kept("target", lambda: self.photographs(photos, "target", self.config.target_count))
        tested = self.kept("test", lambda: self.photographs(test, "test", self.config.test_count))
        if test is not None and len(set(tested.subjects)) < CEILING_FOLDS:
            raise HandcraftError(
                f"Expected the test set {test} to show hands of {CEILING_FOLDS} people at least, so that the ceiling "
                "is not tested on those it was trained on; name a larger set with --test, in a new --out."
            )
        # The ceiling learns from the test's own domain: labels of the simulated target, or other people of a real test.
        ceiling = None
        if test is None:
            ceiling = target if photos is None else self.kept(
                "ceiling", lambda: self.photographs(None, "target", self.config.target_count)
            )  # fmt: skip
        return StudySets(source, target, tested, judge, drift, ceiling)

    def segmenter(self) -> Segmenter:
        """The segmenter, trained on renders with backdrops, plain and photographic, some of them blackened outside."""
        images, masks = self._segmenter_images()
        return train_segmenter(images, masks, self.config.segmenter, self.run / "segmenter", resume=True)

    def _segmenter_images(self) -> tuple[torch.Tensor, torch.Tensor]:
        count, size = self.config.helper_count, self.config.segmenter.image_px
        frames, render_px = partial(_whole_frames, size=size), max(96, size)
        whole = PreprocessConfig(size=size, background="kept")
        kept = self.kept("segmenter", lambda: self._from_renders(
            "photographic", "helpers", count * 3 // 4, frames, first=count, render_px=render_px
        ))  # fmt: skip
        plain = self.kept("segmenter-plain", lambda: self._from_renders(
            "plain", "helpers", count // 4, frames, first=3 * count, render_px=render_px
        ))  # fmt: skip
        both = PreparedSet.joined([kept, plain], source=whole.background)
        images = both.images.clone()
        # Every fifth hand stands on what the crops of refiners have around theirs.
        images[::5] = torch.where(
            both.masks[::5, None], images[::5], 255 if self.config.crops.background == "white" else 0
        )
        return images, both.masks

    def judge(self) -> PreparedSet:
        """Renders of other hands in both looks, for the judge of label drift."""
        half = self.config.helper_count // 2
        looks: tuple[Look, ...] = ("plain", "photographic")
        sets = [self.renders(look, "helpers", half, first=place * half) for place, look in enumerate(looks)]
        return PreparedSet.joined(sets, source="renders of both looks")

    def renders(self, look: Look, name: str, count: int, first: int = 0) -> PreparedSet:
        """Crops of renders, cut by their own masks; ``name`` is one of ``SEEDS_OF_SETS``."""
        return self._from_renders(look, name, count, partial(prepare, config=self.config.crops), first=first)

    def photographs(self, folder: Path | None, name: str, count: int) -> PreparedSet:
        """Crops of photographs, real or simulated, whose hands the segmenter finds."""
        function = partial(_prepare_unmasked, config=self.config.crops, segmenter=self.run / "segmenter")
        if folder is None:
            return self._from_renders("photographic", name, count, function)
        reader = open_dataset(folder)
        prepared = function(tracked(_without_masks(reader), f"reading {reader.name}", len(reader)))
        if reader.skipped:
            print(f"{folder}: left out {len(reader.skipped)} files that cannot be read", file=sys.stderr)
        return dataclasses.replace(prepared, skipped=prepared.skipped + len(reader.skipped))

    def _from_renders(
        self, look: Look, name: str, count: int, function: Callable[[list[HandSample]], PreparedSet], *,
        first: int = 0, render_px: int | None = None,
    ) -> PreparedSet:  # fmt: skip
        scenes = SceneConfig(look=look, size_px=render_px or self.config.render_px)
        seed = self.config.data_seed * 1000 + SEEDS_OF_SETS[name]
        rendered = RenderedSet(scenes, seed, count, first=first, workers=self.workers)
        made = list(
            tracked(rendered.map_batches(function, pool=self.pool), f"rendering {name} ({look})", len(rendered.batches))
        )
        return PreparedSet.joined(made, source=rendered.name)

    def kept(self, name: str, make: Callable[[], PreparedSet]) -> PreparedSet:
        """The set of that name in the run folder, made first if it is not there."""
        path = self.run / "sets" / f"{name}.safetensors"
        if path.exists():
            return PreparedSet.load(path)
        made = make()
        made.save(path)
        return made


def _whole_frames(samples: list[HandSample], size: int) -> PreparedSet:
    """Whole pictures with their masks, made small: what a segmenter learns from."""
    images = torch.stack([sample.image for sample in samples])
    masks = torch.stack([sample.mask for sample in samples if sample.mask is not None])
    small = torch.nn.functional.interpolate(images, size=(size, size), mode="bilinear", antialias=True)
    small_masks = torch.nn.functional.interpolate(masks[:, None].float(), size=(size, size), mode="area")[:, 0] > 0.5
    side = float(images.shape[-1])
    return PreparedSet(
        keys=tuple(sample.key for sample in samples),
        subjects=tuple(sample.subject for sample in samples),
        source=samples[0].source,
        is_real=False,
        images=(small.clamp(0, 1) * 255).round().byte(),
        masks=small_masks,
        keypoints_px=None,
        confidence=None,
        crops=torch.tensor([[0.0, 0.0, side]]).repeat(len(samples), 1),
        skipped=0,
    )


def tracked(items: Iterable[Item], title: str, total: int) -> Iterable[Item]:
    """The items, with a bar on stderr that tells how many of ``total`` have gone by."""
    return track(items, title, total=total, console=Console(stderr=True))


def _without_masks(samples: Iterable[HandSample]) -> Iterable[HandSample]:
    return (dataclasses.replace(sample, mask=None) for sample in samples)


@cache
def _loaded_segmenter(run: Path) -> Segmenter:
    return Segmenter.load(run)


def segmenter_judge(run: Path) -> Segment:
    """The segmenter of a run folder as a judge of silhouettes."""
    return _loaded_segmenter(run)


def _prepare_unmasked(samples: Iterable[HandSample], config: PreprocessConfig, segmenter: Path) -> PreparedSet:
    """Prepare photographs as users have them: masks, where there are any, are not looked at."""
    return prepare(_without_masks(samples), config, segment=_loaded_segmenter(segmenter))
