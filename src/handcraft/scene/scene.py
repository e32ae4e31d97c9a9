# SPDX-License-Identifier: Apache-2.0
"""A scene is everything the renderer needs, as values; ``sample_scenes`` draws them, sample i from (seed, i) only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.cameras import Camera
from handcraft.hand.model import HandMesh, HandModel
from handcraft.hand.poses import POSE_UNIFORMS, PoseConfig, open_until_free, poses_from_uniform
from handcraft.scene.backdrop import plain_backdrops, sample_backdrops
from handcraft.scene.draws import Stream, normal_from_uniform, uniform_rows
from handcraft.scene.lights import Lights, plain_lights, sample_lights
from handcraft.scene.placement import PLACEMENT_UNIFORMS, PlacementConfig, sample_placement
from handcraft.scene.skin import Skin, plain_skin, sample_skin

Look = Literal["plain", "photographic"]


@dataclass(frozen=True)
class SceneConfig:
    """What the scenes of one data set are like."""

    look: Look = "plain"
    """``plain``: matte, flat skin, one simple light, even backdrop: the synthetic source. ``photographic``: human skin
    tones, creases and nails, coloured lights, textured backdrops: the stand-in for photographs."""
    backdrop: Literal["of the look", "even", "textured"] = "of the look"
    """``even`` grey goes with the plain look, ``textured`` with the photographic one; either can be had with both."""
    size_px: int = 128
    left_share: float = 0.5
    """Share of left hands."""
    frames_per_person: int = 8
    """Neighbouring samples that show one person: the same shape and, in the photographic look, the same skin."""
    pose: PoseConfig = field(default_factory=PoseConfig)
    placement: PlacementConfig = field(default_factory=PlacementConfig)

    def __post_init__(self) -> None:
        if self.size_px < 8:
            raise HandcraftError(f"Expected `size_px` to be at least 8, but got {self.size_px}.")
        if not 0 <= self.left_share <= 1:
            raise HandcraftError(f"Expected `left_share` to be within 0 and 1, but got {self.left_share}.")
        if self.frames_per_person < 1:
            raise HandcraftError(f"Expected `frames_per_person` to be at least 1, but got {self.frames_per_person}.")


@dataclass(frozen=True)
class Scene:
    """A batch of hands before cameras."""

    mesh: HandMesh
    camera_from_hand: Float[Tensor, "batch 4 4"]
    camera: Camera
    skin: Skin
    lights: Lights
    backdrop: Float[Tensor, "batch 3 height width"]
    """Linear light."""
    texture_seeds: tuple[int, ...]
    """One per frame: which blotches and grain its skin has."""


@dataclass(frozen=True)
class SampledHands:
    """Hands drawn for a batch of samples, and who and how they are."""

    mesh: HandMesh
    angles_rad: Float[Tensor, "batch dof"]
    phenotypes: Float[Tensor, "batch 6"]
    people: tuple[int, ...]


def sample_hands(model: HandModel, config: SceneConfig, seed: int, indices: Sequence[int]) -> SampledHands:
    """Identities, sides and poses of the samples ``indices``."""
    people = tuple(index // config.frames_per_person for index in indices)
    known = sorted(set(people))
    phenotypes = phenotypes_from_uniform(uniform_rows(seed, known, Stream.IDENTITY, 6))
    row_of = {person: row for row, person in enumerate(known)}
    rows = torch.tensor([row_of[person] for person in people])
    shaped = model.with_shape(phenotypes).select(rows)
    angles_rad = poses_from_uniform(uniform_rows(seed, indices, Stream.POSE, POSE_UNIFORMS), config.pose)
    angles_rad, _ = open_until_free(shaped, angles_rad)
    is_left = uniform_rows(seed, indices, Stream.SIDE, 1)[:, 0] < config.left_share
    mesh = shaped.with_pose(angles_rad).skin().mirror_where(is_left)
    return SampledHands(mesh, angles_rad, phenotypes[rows], people)


def phenotypes_from_uniform(uniform: Float[Tensor, "batch 6"]) -> Float[Tensor, "batch 6"]:
    """Adults and older children of both genders: ages above 0.45 on Anny's scale, the rest near the middle."""
    normal = normal_from_uniform(uniform)
    spread = torch.tensor([0.0, 0.0, 0.2, 0.2, 0.12, 0.15])
    phenotypes = (0.5 + spread * normal).clamp(0.05, 0.95)
    phenotypes[:, 0] = uniform[:, 0]
    phenotypes[:, 1] = 0.45 + 0.5 * uniform[:, 1]
    return phenotypes


def sample_scenes(
    model: HandModel, config: SceneConfig, seed: int, indices: Sequence[int]
) -> tuple[Scene, SampledHands]:
    """The scenes of the samples ``indices``: the same whether they are drawn alone or in any batch."""
    hands, size = sample_hands(model, config, seed, indices), config.size_px
    camera_from_hand, camera = sample_placement(
        uniform_rows(seed, indices, Stream.PLACEMENT, PLACEMENT_UNIFORMS),
        hands.mesh.keypoints_m, size, size, config.placement,
    )  # fmt: skip
    if config.look == "plain":
        skin = plain_skin(len(indices))
        lights = plain_lights(uniform_rows(seed, indices, Stream.LIGHT, 2))
    else:
        skin = sample_skin(uniform_rows(seed, hands.people, Stream.SKIN, 10))
        lights = sample_lights(uniform_rows(seed, indices, Stream.LIGHT, 21))
    usual = "even" if config.look == "plain" else "textured"
    is_even = (usual if config.backdrop == "of the look" else config.backdrop) == "even"
    backdrop = plain_backdrops(len(indices), size, size) if is_even else sample_backdrops(seed, indices, size, size)
    scene = Scene(hands.mesh, camera_from_hand, camera, skin, lights, backdrop, hands.people)
    return scene, hands
