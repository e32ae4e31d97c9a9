# SPDX-License-Identifier: Apache-2.0
"""Moving hands: scenes in sequences, after seed document 003, chapter 4.3.

A sequence is one person's hand under one light: shape, skin, side, texture, light and whatever stands in the way stay.
The pose follows a flow through a library of poses; the camera goes from one placement towards another, turning on the
sphere of rotations at constant speed; the window on the backdrop moves. Sample ``i`` of a set is frame
``i % frames`` of sequence ``i // frames``, and depends on (seed, i) only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.interpolation import slerp
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.model import HandModel
from handcraft.hand.motion import PoseFlow, PoseFlowConfig, pose_flow
from handcraft.hand.pose_library import PoseLibrary
from handcraft.hand.poses import POSE_UNIFORMS, poses_from_uniform
from handcraft.scene.draws import Stream, uniform_rows
from handcraft.scene.opening import open_smoothly
from handcraft.scene.placement import PLACEMENT_UNIFORMS, Placement, sample_placement
from handcraft.scene.scene import (
    SampledHands,
    Scene,
    SceneConfig,
    sample_scenes,
    with_occluders,
)
from handcraft.scene.shapes import sample_shapes
from handcraft.scene.spreading import spread
from handcraft.scene.travelling import travelling_backdrops

MOTION_UNIFORMS = 3 + POSE_UNIFORMS + PLACEMENT_UNIFORMS
"""Numbers for the flow's two poses, the view, the last wrist and the last placement."""
_WRIST = [DOF_NAMES.index(name) for name in DOF_NAMES if name.startswith("wrist")]


@dataclass(frozen=True)
class MotionConfig:
    """What moves in a sequence, and how far."""

    flow: PoseFlowConfig = field(default_factory=lambda: PoseFlowConfig("smooth"))
    """How poses follow each other; sampled libraries are sparse, and only `smooth` goes through them without jumps."""
    library: Path | None = None
    """Poses that flows go through, as `handcraft poses build` writes them; without it they are sampled."""
    sampled_poses: int = 20_000
    """Size of the library that is sampled."""
    camera_share: float = 0.3
    """How much of the way to another placement, drawn like the first, the camera goes; 0 holds it still."""
    backdrop_share: float = 0.3
    """How much of the way to another place the window on the backdrop goes."""
    egocentric_share: float = 0.0
    """Share of sequences that are seen by the hand's owner, whatever the view of the others."""

    def __post_init__(self) -> None:
        for name in ("camera_share", "backdrop_share", "egocentric_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise HandcraftError(f"Expected `{name}` to be within 0 and 1, but got {getattr(self, name)}.")
        if self.sampled_poses < 2:
            raise HandcraftError(f"Expected `sampled_poses` to be at least 2, but got {self.sampled_poses}.")


@dataclass(frozen=True)
class SequenceConfig:
    """What the sequences of one data set are like."""

    scenes: SceneConfig = field(default_factory=SceneConfig)
    """`frames_per_person` does not count here: every sequence shows a person of its own."""
    frames: int = 10
    motion: MotionConfig = field(default_factory=MotionConfig)

    def __post_init__(self) -> None:
        if self.frames < 2:
            raise HandcraftError(f"Expected `frames` to be at least 2, but got {self.frames}; one frame does not move.")
        self.motion.flow.step(self.frames)


def load_library(model: HandModel, config: SequenceConfig) -> PoseLibrary:
    """The poses that flows go through: the file's, or sampled ones, the same for every seed."""
    motion = config.motion
    if motion.library is not None:
        return PoseLibrary.load(motion.library)
    return PoseLibrary.sampled(model, motion.sampled_poses, 0, config.scenes.pose)


def sequence_flow(library: PoseLibrary, config: SequenceConfig, seed: int, sequence: int) -> PoseFlow:
    """The pose flow of one sequence: two different poses of the library, drawn evenly, and the way between them."""
    first, other = uniform_rows(seed, [sequence], Stream.MOTION, MOTION_UNIFORMS)[0, :2].double().tolist()
    start = int(first * len(library))
    end = (start + 1 + int(other * (len(library) - 1))) % len(library)
    return pose_flow(library, start, end, config.frames, config.motion.flow)


def sample_sequences(
    model: HandModel, library: PoseLibrary, config: SequenceConfig, seed: int, indices: Sequence[int]
) -> tuple[Scene, SampledHands]:
    """The scenes of the frames ``indices``: the same whether they are drawn alone or in any batch."""
    scenes, sequences = config.scenes, sorted({index // config.frames for index in indices})
    row_of = {sequence: row for row, sequence in enumerate(sequences)}
    rows = torch.tensor([row_of[index // config.frames] for index in indices])
    frame = torch.tensor([index % config.frames for index in indices])
    shapes = sample_shapes(model, seed, sequences)
    shaped = model.with_shape(shapes)
    is_left = uniform_rows(seed, sequences, Stream.SIDE, 1)[:, 0] < scenes.left_share
    angles_rad = torch.stack([_sequence_angles(library, config, seed, sequence) for sequence in sequences])
    if config.motion.flow.mode == "smooth":
        angles_rad = open_smoothly(shaped, angles_rad)
    first = shaped.with_pose(angles_rad[:, 0]).skin().mirror_where(is_left)
    last = shaped.with_pose(angles_rad[:, -1]).skin().mirror_where(is_left)
    share = frame / (config.frames - 1)
    path = CameraPath.sampled(config, seed, sequences, first.keypoints_m, last.keypoints_m, is_left)
    still = path.at(torch.arange(len(sequences)), torch.zeros(len(sequences)))
    seen = _first_scene(model, config, seed, sequences)
    seen = replace(
        seen, mesh=first, camera_from_hand=still.camera_from_hand, camera=still.camera(scenes.size_px, scenes.size_px)
    )
    seen = with_occluders(model, seen, replace(scenes, frames_per_person=1), seed, sequences)
    angles_rad = angles_rad[rows, frame]
    mesh = shaped.select(rows).with_pose(angles_rad).skin().mirror_where(is_left[rows])
    placement = path.at(rows, share)
    scene = replace(
        spread(seen, rows),
        mesh=mesh, camera_from_hand=placement.camera_from_hand,
        camera=placement.camera(scenes.size_px, scenes.size_px),
        backdrop=travelling_backdrops(scenes, seed, sequences, rows, share * config.motion.backdrop_share),
    )  # fmt: skip
    return scene, SampledHands(mesh, angles_rad, shapes[rows], tuple(sequences[row] for row in rows.tolist()))


def _sequence_angles(
    library: PoseLibrary, config: SequenceConfig, seed: int, sequence: int
) -> Float[Tensor, "frame 22"]:
    """A flow's poses with a wrist that bends: a library's are straight."""
    angles_rad = sequence_flow(library, config, seed, sequence).angles_rad.clone()
    numbers = uniform_rows(seed, [sequence], Stream.MOTION, MOTION_UNIFORMS)[:, 3 : 3 + POSE_UNIFORMS]
    ends = torch.cat([uniform_rows(seed, [sequence], Stream.POSE, POSE_UNIFORMS), numbers])
    first, last = poses_from_uniform(ends, config.scenes.pose)[:, _WRIST]
    left = (1 - config.motion.flow.step(config.frames)) ** torch.arange(config.frames)
    angles_rad[:, _WRIST] = torch.lerp(last, first, left[:, None])
    return angles_rad


def _first_scene(model: HandModel, config: SequenceConfig, seed: int, sequences: Sequence[int]) -> Scene:
    """What stays in each sequence: the still scene of its number, whose hand, camera and backdrop are replaced."""
    bare = replace(config.scenes, frames_per_person=1, backdrop="even", occlusion=type(config.scenes.occlusion)())
    return sample_scenes(model, bare, seed, sequences)[0]


@dataclass(frozen=True)
class CameraPath:
    """Ways of cameras between two placements: the hand's middle moves along a line, turns are on the sphere."""

    start: Placement
    end: Placement
    start_middle_m: Float[Tensor, "batch 3"]
    """The middle of the first frame's hand, hand frame."""
    end_middle_m: Float[Tensor, "batch 3"]
    share: float = 1.0
    """How much of the way is gone in all."""

    @staticmethod
    def sampled(
        config: SequenceConfig, seed: int, sequences: Sequence[int], first_m: Float[Tensor, "batch 21 3"],
        last_m: Float[Tensor, "batch 21 3"], is_left: Bool[Tensor, " batch"],
    ) -> "CameraPath":  # fmt: skip
        """The paths of sequences whose first and last hands have these keypoints."""
        size, motion = config.scenes.size_px, config.motion
        numbers = uniform_rows(seed, sequences, Stream.MOTION, MOTION_UNIFORMS)
        of_owner, ends = numbers[:, 2] < motion.egocentric_share, numbers[:, -PLACEMENT_UNIFORMS:]
        starts = uniform_rows(seed, sequences, Stream.PLACEMENT, PLACEMENT_UNIFORMS)

        def placed(uniform: Float[Tensor, "batch 8"], keypoints_m: Float[Tensor, "batch 21 3"]) -> Placement:
            usual, owners = (
                sample_placement(uniform, keypoints_m, is_left, size, size, replace(config.scenes.placement, view=view))
                for view in (config.scenes.placement.view, "egocentric")
            )
            return _chosen(of_owner, owners, usual)

        middles_m = _middle(first_m), _middle(last_m)
        return CameraPath(placed(starts, first_m), placed(ends, last_m), *middles_m, motion.camera_share)

    def at(self, rows: Int[Tensor, " frame"], share: Float[Tensor, " frame"]) -> Placement:
        """Where path ``rows[i]`` is after ``share[i]`` of its time: at its ends for 0 and, all the way gone, for 1."""
        start, end = spread(self.start, rows), spread(self.end, rows)
        gone = share * self.share
        middle_m = torch.lerp(self.start_middle_m[rows], self.end_middle_m[rows], share[:, None])
        start_m, end_m = (
            each.position_m + (each.rotation @ middle[rows][..., None])[..., 0]
            for each, middle in ((start, self.start_middle_m), (end, self.end_middle_m))
        )
        rotation = slerp(start.rotation, end.rotation, gone)
        position_m = torch.lerp(start_m, end_m, gone[:, None]) - (rotation @ middle_m[..., None])[..., 0]
        scale = start.scale * (end.scale / start.scale) ** gone
        return Placement(rotation, position_m, scale, start.projection)


def _chosen(rows: Bool[Tensor, " batch"], one: Placement, other: Placement) -> Placement:
    """``one`` in the rows that are true, ``other`` elsewhere."""
    rotation = torch.where(rows[:, None, None], one.rotation, other.rotation)
    position_m = torch.where(rows[:, None], one.position_m, other.position_m)
    return Placement(rotation, position_m, torch.where(rows, one.scale, other.scale), one.projection)


def _middle(keypoints_m: Float[Tensor, "batch 21 3"]) -> Float[Tensor, "batch 3"]:
    return 0.5 * (keypoints_m.amin(1) + keypoints_m.amax(1))
