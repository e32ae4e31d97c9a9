# SPDX-License-Identifier: Apache-2.0
"""Pose flows: short motions from one pose of a library to another, after seed document 003, equations 4.1 to 4.3.

Each frame goes ``alpha / frames`` of the way that is left to the end pose. The document then takes the nearest pose of
the library and goes on from there. Where a step is smaller than the gaps between poses, the nearest is the one it came
from, and the flow never leaves (seen: 10 steps through 200,000 normal points of 8 numbers cover 3 % of the way).
Carrying the running target on, and projecting only what is shown, always arrives. The library itself is only read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError, expect_above
from handcraft.hand.pose_library import PoseLibrary

FlowMode = Literal["carry", "document", "smooth"]


@dataclass(frozen=True)
class PoseFlowConfig:
    """How a pose flow goes from its first pose to its last."""

    mode: FlowMode = "carry"
    """``carry`` moves a target towards the end and shows the nearest pose of the library; ``document`` goes on from the
    pose shown, which stalls in sparse libraries; ``smooth`` bends every joint along its arc, through no library."""
    alpha: float = 1.2
    """Each frame covers this over the number of frames of the way that is left (equation 4.2)."""

    def __post_init__(self) -> None:
        expect_above(0, alpha=self.alpha)

    def step(self, frames: int) -> float:
        """The share of the way left that one frame covers.

        Raises:
            HandcraftError: so few frames that a step would overshoot the end.
        """
        if self.alpha > frames:
            raise HandcraftError(
                f"Expected `alpha` to be at most the {frames} frames of a flow, but got {self.alpha}; more overshoots."
            )
        return self.alpha / frames

    def arrival(self, frames: int) -> float:
        """The share of the whole way that an unprojected flow covers: ``1 - (1 - alpha / frames)^(frames - 1)``."""
        return 1 - (1 - self.step(frames)) ** (frames - 1)


@dataclass(frozen=True)
class PoseFlow:
    """One motion."""

    angles_rad: Float[Tensor, "frame 22"]
    indices: tuple[int, ...]
    """Which pose of the library each frame shows; for ``smooth``, the first pose and -1 for those of no library."""
    progress: float
    """Share of the way to the end pose that the last frame has covered: along the straight line to it, between joints
    or, for ``smooth``, between angles."""

    @property
    def distinct_frames(self) -> int:
        """How many of the frames show different poses."""
        return len(self.angles_rad.unique(dim=0))


def pose_flow(library: PoseLibrary, start: int, end: int, frames: int, config: PoseFlowConfig) -> PoseFlow:
    """The flow from pose ``start`` of the library towards pose ``end``."""
    if config.mode == "smooth":
        first, last = library.angles_rad[start], library.angles_rad[end]
        left = (1 - config.step(frames)) ** torch.arange(frames)
        # Joints have one axis at a time, so the shortest arc of each is the straight line between its angles.
        angles_rad = torch.lerp(last, first, left[:, None])
        return PoseFlow(angles_rad, (start, *[-1] * (frames - 1)), covered(first, last, angles_rad[-1]))
    positions = library.joints_m.flatten(1)

    def nearest(position: Float[Tensor, " coordinate"]) -> int:
        return int(library.nearest(position.reshape(1, 21, 3))[0, 0])

    indices = flow_through(positions, start, end, frames, config, nearest)
    progress = covered(positions[start], positions[end], positions[indices[-1]])
    return PoseFlow(library.angles_rad[list(indices)], indices, progress)


def flow_through(
    positions: Float[Tensor, "pose coordinate"],
    start: int,
    end: int,
    frames: int,
    config: PoseFlowConfig,
    nearest: Callable[[Float[Tensor, " coordinate"]], int],
) -> tuple[int, ...]:
    """Rows of ``positions`` that a flow from ``start`` towards ``end`` shows (equations 4.1 to 4.3)."""
    indices, target = [start], positions[start]
    for _ in range(frames - 1):
        if config.mode == "document":
            target = positions[indices[-1]]
        target = torch.lerp(target, positions[end], config.step(frames))
        indices.append(nearest(target))
    return tuple(indices)


def covered(
    first: Float[Tensor, " coordinate"], last: Float[Tensor, " coordinate"], reached: Float[Tensor, " coordinate"]
) -> float:
    """The share of the way from ``first`` to ``last`` that ``reached`` is at, along it; 1 if it has no length."""
    way = last - first
    length = float(way @ way)
    return float((reached - first) @ way) / length if length > 0 else 1.0


@dataclass(frozen=True)
class FlowReport:
    """How much motion there is in a set of flows: a stall shows here and nowhere else."""

    flows: int
    distinct_frames: float
    """Mean number of different poses in a flow."""
    progress: float
    """Mean share of the way to the end pose that flows cover."""
    stalled: float
    """Share of flows that never leave their first pose."""


def report_flows(flows: Sequence[PoseFlow]) -> FlowReport:
    """Distinct frames and progress over a set of flows."""
    if not flows:
        raise HandcraftError("Expected at least one pose flow to report on, but got none.")
    distinct = torch.tensor([float(flow.distinct_frames) for flow in flows])
    progress = torch.tensor([flow.progress for flow in flows])
    stalled = (distinct == 1).float()
    return FlowReport(len(flows), float(distinct.mean()), float(progress.mean()), float(stalled.mean()))
