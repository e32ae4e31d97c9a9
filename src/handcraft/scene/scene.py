# SPDX-License-Identifier: Apache-2.0
"""A scene is everything the renderer needs, as values; ``sample_scenes`` draws them, sample i from (seed, i) only."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.cameras import Camera
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.model import HandMesh, HandModel, ShapedHand
from handcraft.hand.pose_library import PoseLibrary
from handcraft.hand.poses import POSE_UNIFORMS, PoseConfig, open_until_free, poses_from_uniform
from handcraft.scene.backdrop import plain_backdrops, sample_backdrops
from handcraft.scene.draws import Stream, uniform_rows
from handcraft.scene.lights import ENVIRONMENT_UNIFORMS, LightConfig, Lights, plain_lights, sample_lights
from handcraft.scene.occluders import (
    OCCLUDER_UNIFORMS,
    OTHER_PLACE_UNIFORMS,
    OccluderConfig,
    Solids,
    place_before,
    sample_solids,
)
from handcraft.scene.photographs import WINDOW_UNIFORMS, BackdropConfig, backdrop_folder, sample_windows
from handcraft.scene.placement import PLACEMENT_UNIFORMS, PlacementConfig, sample_placement
from handcraft.scene.sensors import DepthSensorConfig, SensorConfig
from handcraft.scene.shapes import sample_shapes
from handcraft.scene.skin import DETAIL_UNIFORMS, Skin, SkinConfig, plain_skin, sample_skin
from handcraft.scene.wear import WEAR_UNIFORMS, Wear, WearConfig, bare_hands, clothed, sample_wear

Values = TypeVar("Values", Skin, Wear, Lights, Solids)

Look = Literal["plain", "photographic"]


@dataclass(frozen=True)
class SceneConfig:
    """What the scenes of one data set are like."""

    look: Look = "plain"
    """``plain``: matte, flat skin, one simple light, even backdrop: the synthetic source. ``photographic``: human skin
    tones, creases and nails, coloured lights, textured backdrops: the stand-in for photographs."""
    backdrop: Literal["of the look", "even", "textured", "photographs"] = "of the look"
    """``even`` grey goes with the plain look, ``textured`` with the photographic one; either can be had with both, and
    so can the user's ``photographs``."""
    photographs: BackdropConfig = field(default_factory=BackdropConfig)
    spectrum: Literal["of the look", "clean", "camera"] = "of the look"
    """``clean`` is the light itself and goes with the plain look; a ``camera`` has the effects of `sensor`."""
    sensor: SensorConfig = field(default_factory=SensorConfig)
    depth_sensor: DepthSensorConfig = field(default_factory=DepthSensorConfig)
    forearm: bool = True
    """Without it the hand ends at an open wrist."""
    occlusion: OccluderConfig = field(default_factory=OccluderConfig)
    mano: Path | None = None
    """The user's own `MANO_RIGHT.pkl` or `MANO_LEFT.pkl`: its hand is drawn, of either side, in place of Anny's."""
    size_px: int = 128
    supersampling: int = 2
    """Colour is averaged over this many positions squared in every pixel: 1 is quickest, and has hard edges."""
    left_share: float = 0.5
    """Share of left hands."""
    frames_per_person: int = 8
    """Neighbouring samples that show one person: the same shape and, in the photographic look, the same skin."""
    skin: SkinConfig = field(default_factory=SkinConfig)
    wear: WearConfig = field(default_factory=WearConfig)
    lights: LightConfig = field(default_factory=LightConfig)
    vertices: bool = False
    """Adds the mesh's vertices to the labels: 20 kB a sample."""
    pose: PoseConfig = field(default_factory=PoseConfig)
    poses: Path | None = None
    """A library of `handcraft poses`: still hands take its poses, in place of sampled ones. The wrist is sampled."""
    placement: PlacementConfig = field(default_factory=PlacementConfig)

    def __post_init__(self) -> None:
        if self.size_px < 8:
            raise HandcraftError(f"Expected `size_px` to be at least 8, but got {self.size_px}.")
        if not 1 <= self.supersampling <= 8:
            raise HandcraftError(f"Expected `supersampling` to be within 1 and 8, but got {self.supersampling}.")
        if not 0 <= self.left_share <= 1:
            raise HandcraftError(f"Expected `left_share` to be within 0 and 1, but got {self.left_share}.")
        if self.frames_per_person < 1:
            raise HandcraftError(f"Expected `frames_per_person` to be at least 1, but got {self.frames_per_person}.")
        if self.depth_sensor.present and self.placement.camera != "pinhole":
            raise HandcraftError(
                f"Expected a pinhole camera for a depth sensor, but got {self.placement.camera}; disparity needs one."
            )

    @property
    def effects(self) -> SensorConfig:
        """The effects of the camera that takes the pictures."""
        usual = "clean" if self.look == "plain" else "camera"
        is_clean = (usual if self.spectrum == "of the look" else self.spectrum) == "clean"
        return SensorConfig.without_effects() if is_clean else self.sensor


@dataclass(frozen=True)
class Scene:
    """A batch of hands before cameras."""

    mesh: HandMesh
    camera_from_hand: Float[Tensor, "batch 4 4"]
    camera: Camera
    skin: Skin
    wear: Wear
    lights: Lights
    backdrop: Float[Tensor, "batch 3 height width"]
    """Linear light."""
    texture_seeds: tuple[int, ...]
    """One per frame: which blotches and grain its skin has."""
    forearm: bool = True
    """Whether forearms are drawn."""
    solids: Solids = field(default_factory=lambda: Solids.none(0))
    """Objects that may hide the hand."""
    others: tuple["Scene", ...] = ()
    """Scenes of other hands in the same pictures, frame by frame, that may hide the hand; only their hands count."""

    def rows(self, part: slice) -> "Scene":
        """Some of the frames, without copying."""
        return Scene(
            self.mesh.rows(part),
            self.camera_from_hand[part],
            replace(self.camera, intrinsics=self.camera.intrinsics[part]),
            _rows_of(self.skin, part),
            _rows_of(self.wear, part),
            _rows_of(self.lights, part),
            self.backdrop[part],
            self.texture_seeds[part],
            self.forearm,
            _rows_of(self.solids, part),
            tuple(other.rows(part) for other in self.others),
        )


def _rows_of(values: Values, part: slice) -> Values:
    """The same values of fewer frames: every tensor has a row per frame."""
    every = ((each.name, getattr(values, each.name)) for each in fields(values))
    chosen: dict[str, Any] = {name: value[part] for name, value in every if isinstance(value, Tensor)}
    return replace(values, **chosen)


@dataclass(frozen=True)
class SampledHands:
    """Hands drawn for a batch of samples, and who and how they are."""

    mesh: HandMesh
    angles_rad: Float[Tensor, "batch dof"]
    shape: Float[Tensor, "batch shape"]
    """Of the hand model: Anny's phenotypes, MANO's betas."""
    people: tuple[int, ...]

    def rows(self, part: slice) -> "SampledHands":
        """Some of the hands, without copying."""
        return SampledHands(self.mesh.rows(part), self.angles_rad[part], self.shape[part], self.people[part])


def sample_hands(model: HandModel, config: SceneConfig, seed: int, indices: Sequence[int]) -> SampledHands:
    """Identities, sides and poses of the samples ``indices``."""
    people = tuple(index // config.frames_per_person for index in indices)
    known = sorted(set(people))
    shapes = sample_shapes(model, seed, known)
    row_of = {person: row for row, person in enumerate(known)}
    rows = torch.tensor([row_of[person] for person in people])
    shaped = model.with_shape(shapes).select(rows)
    mesh, angles_rad = _posed(
        shaped, uniform_rows(seed, indices, Stream.POSE, POSE_UNIFORMS), uniform_rows(seed, indices, Stream.SIDE, 1),
        config,
    )  # fmt: skip
    return SampledHands(mesh, angles_rad, shapes[rows], people)


def _posed(
    shaped: ShapedHand, pose: Float[Tensor, "batch numbers"], side: Float[Tensor, "batch 1"], config: SceneConfig
) -> tuple[HandMesh, Float[Tensor, "batch dof"]]:
    """The hands' meshes, in the pose and of the side that uniform numbers stand for, and their angles."""
    drawn_rad = poses_from_uniform(pose, config.pose)
    if config.poses is not None:
        drawn_rad = _from_library(_library(config.poses), pose, drawn_rad)
    angles_rad, _ = open_until_free(shaped, drawn_rad)
    return shaped.with_pose(angles_rad).skin().mirror_where(side[:, 0] < config.left_share), angles_rad


@cache
def _library(path: Path) -> PoseLibrary:
    """One library per process and file."""
    return PoseLibrary.load(path)


def _from_library(
    library: PoseLibrary, uniform: Float[Tensor, "batch numbers"], sampled_rad: Float[Tensor, "batch dof"]
) -> Float[Tensor, "batch dof"]:
    """Poses of the library, any of them as likely, on sampled wrists, which libraries do not have."""
    rows = (uniform[:, 0] * len(library)).long()
    is_wrist = torch.tensor([name.startswith("wrist") for name in DOF_NAMES])
    return torch.where(is_wrist, sampled_rad, library.angles_rad[rows])


def sample_scenes(
    model: HandModel, config: SceneConfig, seed: int, indices: Sequence[int]
) -> tuple[Scene, SampledHands]:
    """The scenes of the samples ``indices``: the same whether they are drawn alone or in any batch."""
    hands, size = sample_hands(model, config, seed, indices), config.size_px
    placement = sample_placement(
        uniform_rows(seed, indices, Stream.PLACEMENT, PLACEMENT_UNIFORMS),
        hands.mesh.keypoints_m, hands.mesh.is_left, size, size, config.placement,
    )  # fmt: skip
    wear = _wear(config, seed, hands.people)
    scene = Scene(
        clothed(hands.mesh, wear), placement.camera_from_hand, placement.camera(size, size),
        _skin(config, seed, hands.people), wear, _lights(config, seed, indices), _backdrops(config, seed, indices),
        hands.people, config.forearm,
    )  # fmt: skip
    return with_occluders(model, scene, config, seed, indices), hands


def _skin(config: SceneConfig, seed: int, people: Sequence[int]) -> Skin:
    if config.look == "plain":
        return plain_skin(len(people))
    detail = uniform_rows(seed, people, Stream.SKIN_DETAIL, DETAIL_UNIFORMS)
    return sample_skin(uniform_rows(seed, people, Stream.SKIN, 10), detail, config.skin)


def _wear(config: SceneConfig, seed: int, people: Sequence[int]) -> Wear:
    if config.look == "plain":
        return bare_hands(len(people))
    return sample_wear(uniform_rows(seed, people, Stream.WEAR, WEAR_UNIFORMS), config.wear)


def _lights(config: SceneConfig, seed: int, indices: Sequence[int]) -> Lights:
    if config.look == "plain":
        return plain_lights(uniform_rows(seed, indices, Stream.LIGHT, 2))
    around = uniform_rows(seed, indices, Stream.ENVIRONMENT, ENVIRONMENT_UNIFORMS)
    return sample_lights(uniform_rows(seed, indices, Stream.LIGHT, 21), around, config.lights)


def with_occluders(model: HandModel, scene: Scene, config: SceneConfig, seed: int, indices: Sequence[int]) -> Scene:
    """The scene with what ``config.occlusion`` puts before its hands; everything else stays as it is."""
    rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
    joints_m = scene.mesh.keypoints_m @ rotation.transpose(-1, -2) + offset
    if config.occlusion.share > 0:
        numbers = uniform_rows(seed, indices, Stream.OCCLUDER, OCCLUDER_UNIFORMS)
        scene = replace(scene, solids=sample_solids(numbers, joints_m, config.occlusion))
    if config.occlusion.hand_share > 0:
        scene = replace(scene, others=(_other_hands(model, scene, joints_m, config, seed, indices),))
    return scene


def _other_hands(
    model: HandModel, scene: Scene, joints_m: Float[Tensor, "batch 21 3"], config: SceneConfig, seed: int,
    indices: Sequence[int],
) -> Scene:  # fmt: skip
    """Hands of strangers, who have numbers below zero, before the same cameras in the same light."""
    strangers = tuple(-1 - index // config.frames_per_person for index in indices)
    numbers = uniform_rows(seed, indices, Stream.OTHER_HAND, POSE_UNIFORMS + 1 + OTHER_PLACE_UNIFORMS)
    pose, side, place = numbers.split((POSE_UNIFORMS, 1, OTHER_PLACE_UNIFORMS), dim=1)
    shaped = model.with_shape(sample_shapes(model, seed, strangers))
    mesh, _ = _posed(shaped, pose, side, config)
    flesh_m = torch.tensor([0.0, 0.0, 0.02])
    camera_from_hand = place_before(place, mesh, joints_m - flesh_m, config.occlusion.hand_share)
    wear = _wear(config, seed, strangers)
    return replace(
        scene, mesh=clothed(mesh, wear), camera_from_hand=camera_from_hand, skin=_skin(config, seed, strangers),
        wear=wear, texture_seeds=strangers,
    )  # fmt: skip


def _backdrops(config: SceneConfig, seed: int, indices: Sequence[int]) -> Float[Tensor, "batch 3 height width"]:
    usual, size = "even" if config.look == "plain" else "textured", config.size_px
    kind = usual if config.backdrop == "of the look" else config.backdrop
    if kind == "even":
        return plain_backdrops(len(indices), size, size)
    if kind == "textured":
        return sample_backdrops(seed, indices, size, size)
    folder = backdrop_folder(config.photographs)
    uniform = uniform_rows(seed, indices, Stream.BACKDROP, WINDOW_UNIFORMS)
    return folder.cut(sample_windows(uniform, len(folder.paths), config.photographs), size, size)
