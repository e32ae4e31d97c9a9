# SPDX-License-Identifier: Apache-2.0
"""The page's charts: figures in, inline SVG out. Arms differ by colour and by marker; baselines are grey and dashed."""

import textwrap
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from handcraft.measure import Estimate
from handcraft.report.inline_svg import BAD, BAND, GOOD, GRID, INK, MUTED, PAPER, SERIES, figure, svg_from_figure
from handcraft.report.results import Arm, Curve, Difference, Drift
from handcraft.report.words import reading, signed, within

Dashes = str | tuple[int, tuple[float | int, ...]]

_ALARM = "_warning"  # what training logs as 0 or 1 a step
_MARKERS = ("o", "s", "D", "^", "v", "P")
_BASELINE_LINES: tuple[tuple[str, Dashes], ...] = (("x", (0, (6, 3))), ("+", (0, (1.5, 2))))


@dataclass(frozen=True)
class Chart:
    """A drawn chart and what it shows in words."""

    svg: Markup
    title: str
    caption: str


@dataclass(frozen=True)
class ArmLook:
    """How one arm is drawn in every chart of the page."""

    colour: str
    marker: str
    line: Dashes


def arm_looks(arms: Sequence[Arm]) -> dict[str, ArmLook]:
    """A look for each arm by its name: colours for arms, grey dashes for baselines, ink for ceilings."""
    looks: dict[str, ArmLook] = {}
    seen = {"baseline": 0, "arm": 0, "ceiling": 0}
    for arm in arms:
        number = seen[arm.role]
        seen[arm.role] += 1
        if arm.role == "baseline":
            marker, line = _BASELINE_LINES[number % len(_BASELINE_LINES)]
            looks[arm.name] = ArmLook(MUTED, marker, line)
        elif arm.role == "ceiling":
            looks[arm.name] = ArmLook(INK, "*", (0, (8, 2, 2, 2)))
        else:
            looks[arm.name] = ArmLook(SERIES[number % len(SERIES)], _MARKERS[number % len(_MARKERS)], "-")
    return looks


def error_chart(arms: Sequence[Arm], *, name: str, confidence_level: float) -> Chart:
    """Mean error of every arm with its interval, each seed as a small open dot beneath."""
    looks = arm_looks(arms)
    with _rows_figure(len(arms)) as drawn:
        axes = drawn.subplots()
        for row, arm in enumerate(arms):
            look = looks[arm.name]
            if arm.role != "arm":
                axes.axhspan(row - 0.5, row + 0.5, color=BAND, linewidth=0)
            _dot_with_interval(axes, arm.epe_mean, row, look.colour, look.marker)
            if len(arm.runs) > 1:
                seeds = [run.scores.epe_mean.value for run in arm.runs]
                axes.plot(seeds, [row + 0.27] * len(seeds), "o", ms=4.5, mfc="none", mec=look.colour, mew=1.1)
        largest = max(_reach(arm.epe_mean) for arm in arms)
        for row, arm in enumerate(arms):
            axes.text(1.01, row, f"{arm.epe_mean.value:.2f}", transform=axes.get_yaxis_transform(), va="center")
        _name_rows(axes, [arm.name for arm in arms])
        axes.set_xlim(0, largest * 1.06 or 1)
        axes.set_xlabel("mean keypoint error, px (left is better)")
        words = "; ".join(f"{arm.name} {arm.epe_mean} px" for arm in arms)
        svg = svg_from_figure(drawn, name=name, description=f"Mean keypoint error of each arm: {words}.")
    seeds_note = " Open dots are single seeds." if any(len(arm.runs) > 1 for arm in arms) else ""
    caption = f"Lines are {confidence_level:.0%} intervals.{seeds_note} Shaded rows are baselines and ceiling."
    return Chart(svg, "Mean keypoint error", caption)


def difference_chart(differences: Sequence[Difference], *, name: str, confidence_level: float) -> Chart:
    """A forest of paired differences around zero; filled marks are those whose interval excludes zero."""
    against = differences[0].against
    with _rows_figure(len(differences)) as drawn:
        axes = drawn.subplots()
        axes.axvline(0, color=INK, linewidth=1.2)
        for row, difference in enumerate(differences):
            estimate = difference.epe_mean
            colour = {"better": GOOD, "worse": BAD}.get(reading(estimate), MUTED)
            _dot_with_interval(axes, estimate, row, colour, "s", is_filled=estimate.excludes(0.0))
            axes.text(1.01, row, signed(estimate.value), transform=axes.get_yaxis_transform(), va="center")
        reach = max(_reach(difference.epe_mean) for difference in differences) * 1.12 or 1
        axes.set_xlim(-reach, reach)
        _name_rows(axes, [difference.arm for difference in differences])
        axes.set_xlabel(within(f"mean error minus that of {against}, px", 56))
        axes.set_title("◀ better", loc="left", fontsize=11, color=GOOD)
        axes.set_title("worse ▶", loc="right", fontsize=11, color=BAD)
        words = "; ".join(f"{one.arm} {one.epe_mean} px, {reading(one.epe_mean)}" for one in differences)
        svg = svg_from_figure(drawn, name=name, description=f"Paired differences against {against}: {words}.")
    caption = f"The same test images on both sides. {confidence_level:.0%} intervals; filled marks exclude zero."
    return Chart(svg, f"Against {against}", caption)


def pck_chart(arms: Sequence[Arm], unit: Literal["px", "hand sizes"], *, name: str) -> Chart:
    """Share of keypoints found within each threshold, mean of the seeds; baselines dashed."""
    looks = arm_looks(arms)
    with figure(4.2 + 0.24 * ((len(arms) + 1) // 2)) as drawn:
        axes = drawn.subplots()
        for row, arm in enumerate(arms):
            look, curve = looks[arm.name], _mean_curve(arm, unit)
            every = max(1, len(curve.thresholds) // 6)
            axes.plot(
                curve.thresholds,
                [100 * value for value in curve.values],
                color=look.colour,
                linestyle=look.line,
                linewidth=1.6 if arm.role == "baseline" else 2.0,
                marker=look.marker,
                markersize=6.5,
                markevery=((row * every) // len(arms), every),
                label=within(arm.name, 27),
            )
        axes.set_ylim(0, 100)
        axes.set_xlim(0, max(max(_mean_curve(arm, unit).thresholds) for arm in arms))
        axes.set_ylabel("keypoints found, %")
        axes.set_xlabel(f"error of at most, {unit}")
        drawn.legend(loc="outside lower center", ncols=2)
        areas = [(arm.name, _auc(arm, unit)) for arm in arms]
        words = "; ".join(f"{arm_name} {area:.3f}" for arm_name, area in areas)
        svg = svg_from_figure(drawn, name=name, description=f"PCK curves in {unit}. Area under each: {words}.")
    wide = {"px": "in pixels of the crop", "hand sizes": "relative to the size of the hand"}[unit]
    return Chart(svg, f"PCK {wide}", "Higher is better. Both baselines are dashed.")


def drift_charts(drifts: Sequence[Drift], *, name: str, confidence_level: float) -> tuple[Chart, Chart]:
    """Two charts of before (open) and after (filled): silhouettes, and keypoints with how far they moved."""
    with _rows_figure(len(drifts)) as drawn:
        axes = drawn.subplots()
        for row, drift in enumerate(drifts):
            _before_and_after(axes, drift.mask_iou_before, drift.mask_iou_after, row)
        lowest = min(min(drift.mask_iou_after.value, drift.mask_iou_before.value) for drift in drifts)
        axes.set_xlim(0.5 if lowest > 0.55 else 0, 1)
        axes.set_xlabel("mask IoU with the label (right is better)")
        _name_rows(axes, [drift.refiner for drift in drifts])
        words = "; ".join(f"{one.refiner} {one.mask_iou_before} before, {one.mask_iou_after} after" for one in drifts)
        svg = svg_from_figure(drawn, name=f"{name}-silhouettes", description=f"Mask IoU with the label: {words}.")
    silhouettes = Chart(svg, "Silhouettes", f"Open: before refining. Filled: after. {confidence_level:.0%} intervals.")
    with _rows_figure(len(drifts)) as drawn:
        axes = drawn.subplots()
        for row, drift in enumerate(drifts):
            _before_and_after(axes, drift.error_before_px, drift.error_after_px, row)
            _dot_with_interval(axes, drift.displacement_px, row + 0.34, SERIES[1], "D", size=5.5)
        figures = [
            one for drift in drifts for one in (drift.error_before_px, drift.error_after_px, drift.displacement_px)
        ]
        axes.set_xlim(0, max(map(_reach, figures)) * 1.06 or 1)
        axes.set_xlabel("keypoint error against the label, px (left is better)")
        _name_rows(axes, [drift.refiner for drift in drifts])
        words = "; ".join(
            f"{one.refiner} {one.error_before_px} before, {one.error_after_px} after, moved {one.displacement_px}"
            for one in drifts
        )
        svg = svg_from_figure(drawn, name=f"{name}-keypoints", description=f"Keypoint errors in px: {words}.")
    return silhouettes, Chart(
        svg, "Keypoints", "Open: before refining. Filled: after. Diamond: how far it moved the keypoints."
    )


def training_chart(title: str, metrics: Sequence[Mapping[str, float]], *, name: str) -> Chart:
    """Every logged number against the step, at most 200 averaged points each; logarithmic if they span decades.

    Alarms (``<what>_warning``) are told in the caption instead.
    """
    logged = dict.fromkeys(key for line in metrics for key in line)
    keys = [key for key in logged if key != "step" and not key.endswith(_ALARM)]
    with figure(3.3 + 0.24 * ((len(keys) + 1) // 2)) as drawn:
        axes = drawn.subplots()
        lowest, highest = np.inf, 0.0
        for number, key in enumerate(keys):
            steps, values = _thinned([(line["step"], line[key]) for line in metrics if key in line])
            axes.plot(
                steps,
                values,
                color=SERIES[number % len(SERIES)],
                linestyle=("-", (0, (5, 2)), (0, (1.5, 1.5)))[number // len(SERIES) % 3],
                marker=_MARKERS[number % len(_MARKERS)],
                markevery=max(1, len(steps) // 6),
                markersize=5,
                linewidth=1.5,
                label=within(key.replace("_", " "), 27),
            )
            lowest, highest = min(lowest, float(np.min(values))), max(highest, float(np.max(values)))
        if lowest > 0 and highest > 30 * lowest:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))  # "0.1", not mathematics
        axes.set_xlabel("step")
        drawn.legend(loc="outside lower center", ncols=2)
        words = "; ".join(f"{key} {_last(metrics, key):.4g}" for key in keys)
        svg = svg_from_figure(drawn, name=name, description=f"Training of {title}. Last values: {words}.")
    alarms = [key for key in logged if key.endswith(_ALARM)]
    return Chart(svg, title, f"{len(metrics)} logged steps.{_alarms_in_words(metrics, alarms)}")


def _alarms_in_words(metrics: Sequence[Mapping[str, float]], alarms: Sequence[str]) -> str:
    """How often each alarm was on; nothing for trainings without any to watch."""
    counts = {alarm.removesuffix(_ALARM): sum(line.get(alarm, 0.0) > 0.5 for line in metrics) for alarm in alarms}
    rung = ", ".join(f"{alarm} in {count} of them" for alarm, count in counts.items() if count)
    return f" Warnings: {rung or 'none'}." if alarms else ""


def _rows_figure(rows: int) -> AbstractContextManager[Figure]:
    return figure(1.15 + 0.46 * rows)


def _dot_with_interval(
    axes: Axes,
    estimate: Estimate,
    row: int | float,
    colour: str,
    marker: str,
    *,
    is_filled: bool = True,
    size: int | float = 8,
) -> None:
    if estimate.has_interval:
        axes.plot([estimate.low, estimate.high], [row, row], "-", color=colour, linewidth=2, solid_capstyle="butt")
    face: dict[str, Any] = {"mfc": colour if is_filled else PAPER, "mec": colour, "mew": 1.6, "ms": size}
    axes.plot([estimate.value], [row], marker=marker, linestyle="none", **face)


def _before_and_after(axes: Axes, before: Estimate, after: Estimate, row: int) -> None:
    axes.plot([before.value, after.value], [row - 0.14, row + 0.14], color=GRID, linewidth=1.5)
    _dot_with_interval(axes, before, row - 0.14, SERIES[0], "o", is_filled=False, size=7)
    _dot_with_interval(axes, after, row + 0.14, SERIES[0], "o", size=7)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [textwrap.fill(within(name, 40), 20) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _reach(estimate: Estimate) -> float:
    ends = (estimate.value, estimate.low, estimate.high) if estimate.has_interval else (estimate.value,)
    return max(abs(end) for end in ends)


def _mean_curve(arm: Arm, unit: Literal["px", "hand sizes"]) -> Curve:
    """The mean of the seeds' curves on the thresholds of the first."""
    curves = [run.scores.pck_px if unit == "px" else run.scores.pck_relative for run in arm.runs]
    thresholds = curves[0].thresholds
    on_first = [np.interp(thresholds, curve.thresholds, curve.values) for curve in curves]
    return Curve(thresholds, tuple(float(value) for value in np.mean(on_first, axis=0)))


def _auc(arm: Arm, unit: Literal["px", "hand sizes"]) -> float:
    areas = [run.scores.auc_30px if unit == "px" else run.scores.auc_relative for run in arm.runs]
    return sum(area.value for area in areas) / len(areas)


def _thinned(points: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    bins = np.array_split(np.array(points, dtype=float), min(200, len(points)))
    means = np.array([part.mean(axis=0) for part in bins])
    return means[:, 0], means[:, 1]


def _last(metrics: Sequence[Mapping[str, float]], key: str) -> float:
    return next(line[key] for line in reversed(metrics) if key in line)
