# SPDX-License-Identifier: Apache-2.0
"""From scenes to samples: render them and write down everything that is known of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data.sample import HandSample
from handcraft.hand.mano_hand import MANOHand
from handcraft.hand.model import HandModel
from handcraft.hand.motion import FlowReport, report_flows
from handcraft.hand.pose_library import PoseLibrary
from handcraft.hand.skeleton import FOREARM_ID
from handcraft.render.flow import SeenMesh, optical_flow
from handcraft.render.pictures import take_depth, take_pictures
from handcraft.render.renderer import Renderer, Rendering
from handcraft.scene.scene import Look, SampledHands, Scene, SceneConfig, sample_scenes
from handcraft.scene.sequences import SequenceConfig, load_library, sample_sequences, sequence_flow

SOURCE_OF_LOOK = {"plain": "plain renders", "photographic": "simulated photographs"}

RENDERED_TOGETHER = 32
"""Frames whose pictures are computed together."""

SetConfig = SceneConfig | SequenceConfig
"""What a set is like: still hands, or sequences of moving ones."""


def scenes_of(config: SetConfig) -> SceneConfig:
    """What the single scenes of a set are like."""
    return config.scenes if isinstance(config, SequenceConfig) else config


def sample_key(look: Look, seed: int, index: int) -> str:
    """What sample ``index`` of a set is called."""
    return f"{look}-{seed}-{index:07d}"


def render_samples(config: SetConfig, seed: int, indices: Sequence[int]) -> list[HandSample]:
    """The samples ``indices`` of the set that (config, seed) describes, with all their labels."""
    return [sample for batch in render_some(config, seed, indices, indices) for sample in batch]


def render_some(
    config: SetConfig, seed: int, drawn: Sequence[int], wanted: Sequence[int]
) -> Iterator[list[HandSample]]:
    """Those of the samples ``drawn`` that are ``wanted``, a batch at a time.

    Hands are drawn for all of ``drawn``, because that is quicker together, and rendered a few at a time, because that
    stays in the processor's cache; so the result depends on ``drawn``, in its last bits.
    """
    scenes = scenes_of(config)
    renderer = renderer_of(scenes.mano, scenes.supersampling)
    if isinstance(config, SequenceConfig):
        frames = _with_following(drawn, config.frames)
        library = pose_library(config)
        scene, hands = sample_sequences(renderer.model, library, config, seed, frames)
        made = Made.of(renderer, config, seed, frames, scene, hands)
        yield [made.sample(row) for row, index in enumerate(frames) if index in wanted]
        return
    scene, hands = sample_scenes(renderer.model, config, seed, drawn)
    for first in range(0, len(drawn), RENDERED_TOGETHER):
        part = slice(first, first + RENDERED_TOGETHER)
        if any(index in wanted for index in drawn[part]):
            made = Made.of(renderer, config, seed, drawn[part], scene.rows(part), hands.rows(part))
            yield [made.sample(row) for row, index in enumerate(drawn[part]) if index in wanted]


@cache
def renderer_of(mano: Path | None, supersampling: int) -> Renderer:
    """One renderer per process and kind: it keeps what follows from its hand model."""
    return Renderer(rendering_model(mano), supersampling)


@cache
def rendering_model(mano: Path | None) -> HandModel:
    """Each hand model once per process: loading takes a second, and it never changes.

    A scene makes left hands by itself, so MANO's left file, too, gives a right hand here.
    """
    return HandModel.load() if mano is None else HandModel.of(MANOHand.load(mano), "right")


@cache
def pose_library(config: SequenceConfig) -> PoseLibrary:
    """One library of poses per process and configuration."""
    return load_library(rendering_model(config.scenes.mano), config)


def flow_report(config: SequenceConfig, seed: int, sequences: Sequence[int]) -> FlowReport:
    """How much the poses of these sequences change; nothing is rendered."""
    library = pose_library(config)
    return report_flows([sequence_flow(library, config, seed, sequence) for sequence in sequences])


def _with_following(indices: Sequence[int], frames: int) -> list[int]:
    """The frames ``indices`` and, as far as sequences go, the frame after each."""
    following = (index + 1 for index in indices if (index + 1) % frames)
    return sorted({*indices, *following})


@dataclass(frozen=True)
class Made:
    """Rendered scenes and everything that is known of them, one row per sample."""

    config: SetConfig
    seed: int
    indices: Sequence[int]
    scene: Scene
    hands: SampledHands
    rendering: Rendering
    images: Float[Tensor, "batch 3 height width"]
    sensed_depth_m: tuple[Float[Tensor, "height width"], ...]
    """One per row where the set has a depth sensor, else none."""
    flow_px: dict[int, Float[Tensor, "2 height width"]]
    """By row, for those whose next frame is here."""

    @staticmethod
    def of(
        renderer: Renderer, config: SetConfig, seed: int, indices: Sequence[int], scene: Scene, hands: SampledHands
    ) -> "Made":
        """The scenes' pictures and labels."""
        scenes, rendering = scenes_of(config), renderer.render(scene)
        cameras = hands.people if isinstance(config, SequenceConfig) else ()
        images = take_pictures(rendering, scenes.effects, seed, indices, cameras)
        has_sensor = scenes.depth_sensor.present
        sensed = take_depth(rendering, scenes.depth_sensor, seed, indices, cameras) if has_sensor else ()
        flow = _flow(renderer, config.frames, indices, scene, rendering) if isinstance(config, SequenceConfig) else {}
        return Made(config, seed, indices, scene, hands, rendering, images, tuple(sensed), flow)

    def sample(self, row: int) -> HandSample:
        """The record of one row."""
        index, look, rendering, hands = self.indices[row], scenes_of(self.config).look, self.rendering, self.hands
        frames = self.config.frames if isinstance(self.config, SequenceConfig) else 0
        return HandSample(
            key=sample_key(look, self.seed, index),
            image=self.images[row],
            source=SOURCE_OF_LOOK[look],
            is_real=False,
            subject=f"rendered-{self.seed}-{hands.people[row]}",
            side="left" if hands.mesh.is_left[row] else "right",
            mask=rendering.mask[row],
            keypoints_px=rendering.keypoints_px[row],
            confidence=torch.ones(21),
            visible=rendering.visible[row],
            joints_m=rendering.joints_m[row],
            intrinsics=rendering.camera.intrinsics[row],
            depth_m=rendering.depth_m[row],
            parts=rendering.parts[row],
            normals=rendering.normals[row],
            sensed_depth_m=self.sensed_depth_m[row] if self.sensed_depth_m else None,
            flow_px=self.flow_px.get(row),
            angles_rad=hands.angles_rad[row],
            shape=hands.shape[row],
            vertices_m=self._vertices_m(row) if scenes_of(self.config).vertices else None,
            camera_from_hand=self.scene.camera_from_hand[row],
            skin_tone=float(self.scene.skin.monk[row]) if self.scene.skin.textured else None,
            seed=self.seed,
            index=index,
            sequence=index // frames if frames else None,
            frame=index % frames if frames else None,
        )

    def _vertices_m(self, row: int) -> Float[Tensor, "vertex 3"]:
        return SeenMesh.of(self.scene).select(torch.tensor([row])).vertices_m[0]


def _flow(
    renderer: Renderer, frames: int, indices: Sequence[int], scene: Scene, rendering: Rendering
) -> dict[int, Float[Tensor, "2 height width"]]:
    """Optical flow by row, from each frame whose successor in its sequence is here."""
    row_of = {index: row for row, index in enumerate(indices)}
    pairs = [(row, row_of[i + 1]) for i, row in row_of.items() if (i + 1) % frames and i + 1 in row_of]
    if not pairs:
        return {}
    now, after = torch.tensor(pairs).T
    seen, parts = SeenMesh.of(scene), rendering.parts[now]
    covered = (parts > 0) & (parts <= FOREARM_ID)
    faces = renderer.model.topology.faces
    flow_px = optical_flow(seen.select(now), seen.select(after), faces, rendering.depth_m[now], covered)
    return dict(zip(now.tolist(), flow_px, strict=True))
