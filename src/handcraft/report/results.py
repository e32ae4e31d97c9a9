# SPDX-License-Identifier: Apache-2.0
"""What ``results.json`` of a run folder holds, as types: the whole input of the page but for pictures and metrics."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from handcraft.errors import HandcraftError
from handcraft.measure import Estimate
from handcraft.report.decoding import decode, printable
from handcraft.report.study import Study
from handcraft.report.tables import ConfusionTable, MetricTable
from handcraft.report.tuning import Tuning

SCHEMA = 1


@dataclass(frozen=True)
class ImageSet:
    """A set of images that took part, and whether a camera took them."""

    name: str
    count: int
    is_real: bool
    labelled: bool
    people: int | None = None
    note: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class Curve:
    """A PCK curve: the share of keypoints (0 to 1) whose error is at most each threshold."""

    thresholds: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a curve that cannot be drawn."""
        if len(self.thresholds) != len(self.values) or not self.values:
            raise HandcraftError(
                f"Expected a PCK curve with as many values as thresholds, but got {len(self.values)} values "
                f"and {len(self.thresholds)} thresholds"
            )


@dataclass(frozen=True)
class Scores:
    """The figures of one estimator on the test set; errors in px of the crop."""

    epe_mean: Estimate
    epe_median: Estimate
    auc_30px: Estimate
    auc_relative: Estimate
    pck_px: Curve
    pck_relative: Curve
    images: int
    people: int
    keypoints: int


@dataclass(frozen=True)
class ScoredRun:
    """One training of an arm."""

    seed: int
    scores: Scores


@dataclass(frozen=True)
class Arm:
    """A row of the table: what was trained on what, or a baseline, and how it did over all seeds.

    The three figures that may be left out are then the run's own, or the mean of the runs without an interval.
    """

    name: str
    role: Literal["baseline", "arm", "ceiling"]
    runs: tuple[ScoredRun, ...]
    epe_mean: Estimate
    epe_median: Estimate | None = None
    auc_30px: Estimate | None = None
    auc_relative: Estimate | None = None
    description: str = ""
    training_images: int | None = None

    def __post_init__(self) -> None:
        """Refuse an arm nothing was measured of."""
        if not self.runs:
            raise HandcraftError(f"Expected the arm {self.name!r} to have at least one of `runs`, but got none")


@dataclass(frozen=True)
class Difference:
    """``arm`` minus ``against`` on the same images, px; negative is better."""

    arm: str
    against: str
    epe_mean: Estimate


@dataclass(frozen=True)
class Drift:
    """How far a refiner moved hands whose labels were kept, as two independent judges saw it."""

    refiner: str
    mask_iou_before: Estimate
    mask_iou_after: Estimate
    displacement_px: Estimate
    error_before_px: Estimate
    error_after_px: Estimate
    images: int


@dataclass(frozen=True)
class Segmenter:
    """How well the judge of silhouettes itself does."""

    iou: Estimate
    set: str


@dataclass(frozen=True)
class Picture:
    """A picture file inside the run folder."""

    file: str
    title: str
    group: Literal["look", "estimates", "training"]
    caption: str = ""


@dataclass(frozen=True)
class TrainingLog:
    """A metrics.jsonl file inside the run folder."""

    name: str
    metrics: str


@dataclass(frozen=True)
class Results:
    """One demo or study run."""

    title: str
    verdict: str
    arms: tuple[Arm, ...]
    sets: dict[str, ImageSet]
    preset: str = ""
    seeds: tuple[int, ...] = ()
    seconds: float | None = None
    frame: str = ""
    confidence_level: float = 0.95
    config: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    commit: str | None = None
    command: str = ""
    differences: tuple[Difference, ...] = ()
    label_drift: tuple[Drift, ...] = ()
    segmenter: Segmenter | None = None
    pictures: tuple[Picture, ...] = ()
    training: tuple[TrainingLog, ...] = ()
    limits: tuple[str, ...] = ()
    tuning: Tuning | None = None
    """The search over settings, where the run is one."""
    tables: tuple[MetricTable, ...] = ()
    tables_title: str = "Tables"
    confusions: tuple[ConfusionTable, ...] = ()
    study: Study | None = None
    """A document's tables and figures, where the run is a study of one."""

    def __post_init__(self) -> None:
        """Refuse a page without figures, two arms of one name, and differences of arms that are not there."""
        names = [arm.name for arm in self.arms]
        if not names and not self.tables and not self.confusions and self.study is None:
            raise HandcraftError("Expected at least one of `arms`, but got none")
        for name in names:
            if names.count(name) > 1:
                raise HandcraftError(f"Expected every arm to have a name of its own, but {name!r} is there twice")
        for difference in self.differences:
            for name in (difference.arm, difference.against):
                if name not in names:
                    raise HandcraftError(f"Expected `differences` to compare arms, but there is no arm {name!r}")

    def arms_of(self, role: Literal["baseline", "arm", "ceiling"]) -> tuple[Arm, ...]:
        """The arms of one role in the order of the file."""
        return tuple(arm for arm in self.arms if arm.role == role)

    @property
    def best_arm(self) -> Arm | None:
        """The arm with the lowest mean error; baselines and ceilings do not compete."""
        return min(self.arms_of("arm"), key=lambda arm: arm.epe_mean.value, default=None)

    @property
    def unbeaten_baseline(self) -> Arm | None:
        """The best baseline if no arm has a lower mean error than it."""
        baseline = min(self.arms_of("baseline"), key=lambda arm: arm.epe_mean.value, default=None)
        best = self.best_arm
        return baseline if baseline and best and best.epe_mean.value >= baseline.epe_mean.value else None

    @property
    def all_measured_alike(self) -> bool:
        """Whether every run of every arm was measured on equally many images, people and keypoints."""
        scores = [run.scores for arm in self.arms for run in arm.runs]
        return len({(one.images, one.people, one.keypoints) for one in scores}) == 1

    @property
    def has_several_seeds(self) -> bool:
        """Whether some arm was trained more than once."""
        return any(len(arm.runs) > 1 for arm in self.arms)


def read_results(run: Path) -> Results:
    """Read ``run/results.json``.

    Raises:
        HandcraftError: the file is missing, is not JSON, has another schema, or a value is not what it should be.
    """
    file = run / "results.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except FileNotFoundError:
        raise HandcraftError(
            f"Expected {run} to be a run folder with a results.json, but there is none; "
            "finish the run first or name another folder."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise HandcraftError(f"Expected {file} to be readable JSON, but: {reason}; {_CURE}.") from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise HandcraftError(f"Expected {file} to have `schema` {SCHEMA}, but got {schema!r}; {_CURE}.")
    try:
        return decode(Results, printable(content))
    except HandcraftError as error:
        raise HandcraftError(f"{error} in {file}; {_CURE}.") from None


_CURE = "make the run again with this version of handcraft"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
