# SPDX-License-Identifier: Apache-2.0
"""The colour pass: gathers what the shading kernels need of a scene and runs them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int32, Int64
from torch import Tensor

from handcraft.hand.model import HandModel
from handcraft.hand.skeleton import BONES
from handcraft.render import kernels, matte, occlusion, painting, shading
from handcraft.render.shadow_map import LampView, shadow_maps
from handcraft.render.template import painted_template
from handcraft.scene.lights import Lights
from handcraft.scene.scene import Scene
from handcraft.scene.skin import Skin
from handcraft.scene.wear import Wear

SHADOW_TEXELS_PER_PIXEL = 1.5
FLESH_M = (0.012, 0.013, 0.0095, 0.008, *4 * (0.011, 0.0088, 0.0075, 0.0065))
"""Radius of the flesh round each of ``BONES``: thumb to little finger, from the wrist outwards."""


@dataclass(frozen=True)
class Surfaces:
    """A batch of posed meshes before the camera, as the colour pass needs them; all in the camera's frame."""

    corners: Float[Tensor, "batch vertices 3"]
    """(u px, v px, depth m)."""
    normals: Float[Tensor, "batch vertices 3"]
    positions_m: Float[Tensor, "batch vertices 3"]
    joints_m: Float[Tensor, "batch 21 3"]
    facing: Float[Tensor, " batch"]
    """1 for right hands, -1 for left ones."""


@dataclass(frozen=True)
class ColourPass:
    """Light from hands of one model."""

    model: HandModel
    supersampling: int

    def colours(
        self,
        surfaces: Surfaces,
        keys: Int64[Tensor, "batch fine_height fine_width"],
        scene: Scene,
        normal_image: Float[Tensor, "batch 3 height width"],
        behind: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, "batch 4 height width"]:
        """Light of every pixel, laid over what is ``behind``, and coverage, the fourth channel.

        ``normal_image`` is the normals at the pixels' centres.
        """
        camera = scene.camera
        shape = (len(keys), 4, camera.height_px, camera.width_px)
        if is_matte(scene):
            colour = keys.new_empty(shape, dtype=torch.float32)
            self._matte(surfaces, keys, scene, normal_image, behind, colour)
            return colour
        colour = keys.new_zeros(shape, dtype=torch.float32)
        pixels = covered_pixels(keys, self.supersampling)
        if len(pixels) > 0:
            self._general(surfaces, keys, scene, pixels, colour)
        colour[:, :3].addcmul_(1 - colour[:, 3:], behind)
        return colour

    def _matte(
        self, surfaces: Surfaces, keys: Tensor, scene: Scene, normal_image: Tensor, behind: Tensor, colour: Tensor
    ) -> None:
        device, rows = surfaces.corners.device, (len(colour), colour.shape[2])
        tones = kernels.warp_array(scene.skin.tone.to(device), wp.vec3)
        lights, what = _lights(scene.lights, device), kernels.warp_array(keys, wp.int64)
        below, into = wp.from_torch(behind), kernels.warp_array(colour, wp.float32)  # a view of one number stays one
        if self.supersampling == 1:
            of_labels = kernels.warp_array(normal_image, wp.float32)
            kernels.launch(matte.resolve_matte_centres, rows, [of_labels, tones, lights, what, below, into], device)
            return
        arguments = [
            kernels.warp_array(surfaces.corners, wp.vec3), kernels.warp_array(surfaces.normals, wp.vec3),
            self._template.faces, tones, lights, self.supersampling, what, below, into,
        ]  # fmt: skip
        kernels.launch(matte.resolve_matte, rows, arguments, device)

    def _general(self, surfaces: Surfaces, keys: Tensor, scene: Scene, pixels: Tensor, colour: Tensor) -> None:
        device = surfaces.corners.device
        arguments = [
            kernels.warp_array(surfaces.corners, wp.vec3), kernels.warp_array(surfaces.normals, wp.vec3),
            kernels.warp_array(surfaces.positions_m, wp.vec3),
            kernels.warp_array(self._openness(surfaces, scene.lights), wp.float32), self._template,
            _structures(painting.SkinOfFrame, scene.skin, device),
            _structures(painting.WearOfFrame, scene.wear, device),
            _lights(scene.lights, device), self._shadows(surfaces, scene),
            wp.array(list(scene.texture_seeds), dtype=wp.int32, device=str(device)),
            int(scene.skin.textured), self.supersampling,
            kernels.warp_array(keys, wp.int64), kernels.warp_array(pixels, wp.vec3i),
            kernels.warp_array(colour, wp.float32),
        ]  # fmt: skip
        kernels.launch(shading.resolve_colour, (len(pixels),), arguments, device)

    def _openness(self, surfaces: Surfaces, lights: Lights) -> Float[Tensor, "batch vertices"]:
        """How much of the sky each vertex sees; not computed where no light asks."""
        positions_m, joints_m = surfaces.positions_m, surfaces.joints_m
        if not bool((lights.occlusion > 0).any()):
            return positions_m.new_ones(1, 1)
        return openness(positions_m, surfaces.normals, joints_m)

    def _shadows(self, surfaces: Surfaces, scene: Scene) -> Any:  # noqa: ANN401 (Warp's structures are values)
        """What the first lamp sees; one empty texel where it casts no shadows."""
        lights, positions_m = scene.lights, surfaces.positions_m
        casts = bool((lights.shadow > 0).any())
        texels = int(SHADOW_TEXELS_PER_PIXEL * scene.camera.height_px) if casts else 1
        view = LampView.towards(surfaces.joints_m, lights.directions[:, 0].to(positions_m), texels)
        if not casts:
            return shadow_maps(view, torch.zeros((1, 1, 1), dtype=torch.int64, device=positions_m.device))
        faces = self.model.topology.faces.to(device=positions_m.device, dtype=torch.int32)
        return shadow_maps(view, view.keys(positions_m, faces, surfaces.facing, texels))

    @cached_property
    def _template(self) -> Any:  # noqa: ANN401 (Warp's structures are values)
        return painted_template(self.model)


def is_matte(scene: Scene) -> bool:
    """Whether light depends on normals alone: flat skin without gloss, lamps without shadows, no surroundings."""
    lights = scene.lights
    lit_by_more = (lights.environment != 0).any() | (lights.occlusion > 0).any() | (lights.shadow > 0).any()
    return not (scene.skin.textured or bool(lit_by_more) or bool((scene.skin.gloss > 0).any()))


def openness(
    positions_m: Float[Tensor, "batch vertices 3"],
    normals: Float[Tensor, "batch vertices 3"],
    joints_m: Float[Tensor, "batch 21 3"],
) -> Float[Tensor, "batch vertices"]:
    """Share of the sky over each vertex that the hand's segments leave free; see ``occlusion.resolve_openness``."""
    device = positions_m.device
    free = torch.ones(positions_m.shape[:2], device=device)
    bones = torch.tensor(BONES, dtype=torch.int32, device=device)
    arguments = [
        kernels.warp_array(positions_m, wp.vec3), kernels.warp_array(normals, wp.vec3),
        kernels.warp_array(joints_m, wp.vec3), kernels.warp_array(bones, wp.vec2i),
        kernels.warp_array(torch.tensor(FLESH_M, device=device), wp.float32), kernels.warp_array(free, wp.float32),
    ]  # fmt: skip
    kernels.launch(occlusion.resolve_openness, tuple(free.shape), arguments, device)
    return free


def covered_pixels(keys: Int64[Tensor, "batch fine_height fine_width"], samples: int) -> Int32[Tensor, "pixels 3"]:
    """(frame, row, column) of the pixels in which a triangle was met at any of ``samples`` x ``samples`` positions."""
    met = keys != torch.iinfo(torch.int64).max
    if samples > 1:
        met = met.unflatten(2, (-1, samples)).any(3).unflatten(1, (-1, samples)).any(2)
    return met.nonzero().int()


def _lights(lights: Lights, device: torch.device) -> Any:  # noqa: ANN401 (Warp's structures are values)
    batch = shading.LightsOfBatch()
    for name in ("directions", "colours", "sky", "ground"):
        setattr(batch, name, kernels.warp_array(getattr(lights, name).to(device), wp.vec3))
    for name in ("shadow", "softness_m", "occlusion"):
        setattr(batch, name, kernels.warp_array(getattr(lights, name).to(device), wp.float32))
    lit = bool((lights.environment != 0).any())
    environment = lights.environment if lit else lights.environment[:0]
    batch.environment = kernels.warp_array(environment.to(device), wp.vec3)
    return batch


def _structures(kind: Any, values: Skin | Wear, device: torch.device) -> Any:  # noqa: ANN401 (Warp types by value)
    """The frames' values as an array of Warp structures whose fields have the same names."""
    layout = kind.numpy_dtype()
    columns = [getattr(values, name) for name in layout["names"]]
    rows = torch.cat([column if column.ndim == 2 else column[:, None] for column in columns], dim=1)
    structured = rows.float().contiguous().cpu().numpy().view(layout)[:, 0]
    return wp.array(structured, dtype=kind, device=str(device))
