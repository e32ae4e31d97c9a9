# SPDX-License-Identifier: Apache-2.0
"""Figure 4.11 of seed 003 as a picture: per joint and finger what it moves through, beside the reference."""

from pathlib import Path

from handcraft.files import atomic_path
from handcraft.hand.skeleton import FINGER_COLOURS
from handcraft.measure.range_of_motion import (
    DIP_REFERENCE_DEG,
    MEASURED_ANGLES,
    MEASURED_FINGERS,
    PIP_REFERENCE_DEG,
    RangeOfMotion,
)

_TITLES = ("MCP flexion", "MCP abduction", "PIP flexion", "DIP flexion")
_REFERENCE_DEG = {"pip_flexion": PIP_REFERENCE_DEG, "dip_flexion": (DIP_REFERENCE_DEG - 1, DIP_REFERENCE_DEG)}


def draw_range_of_motion(measured: RangeOfMotion, path: Path) -> None:
    """Write a PNG: bars from 1 to 99 of 100 poses, whiskers over all, a dot at the median, grey the reference."""
    from matplotlib.figure import Figure  # here, not above: it takes a second that other uses should not pay

    drawn = Figure(figsize=(11, 3.6), layout="constrained")
    for axes, angle, title in zip(drawn.subplots(1, 4, sharey=True), MEASURED_ANGLES, _TITLES, strict=True):
        if angle in _REFERENCE_DEG:
            axes.axhspan(*_REFERENCE_DEG[angle], color="0.8", linewidth=0)
        for place, finger in enumerate(MEASURED_FINGERS):
            degrees, colour = measured.degrees[finger][angle], FINGER_COLOURS[finger]
            axes.bar(place, degrees["p99"] - degrees["p1"], bottom=degrees["p1"], color=colour, width=0.6)
            axes.plot([place, place], [degrees["min"], degrees["max"]], color="0.2", linewidth=1)
            axes.plot(place, degrees["p50"], "o", color="white", markeredgecolor="0.2", markersize=5)
        axes.axhline(0, color="0.2", linewidth=0.8)
        axes.set_xticks(range(len(MEASURED_FINGERS)), MEASURED_FINGERS)
        axes.set_title(title, fontsize=11)
    drawn.axes[0].set_ylabel("degrees")
    drawn.suptitle(f"Range of motion: {measured.source}, {measured.poses} poses", fontsize=12)
    with atomic_path(path) as beside:
        drawn.savefig(beside, format="png", dpi=110)
