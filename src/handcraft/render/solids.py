# SPDX-License-Identifier: Apache-2.0
"""Solid objects in the picture: which pixels they own is decided with the hand's; what those show is computed here."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Int64, UInt8
from torch import Tensor

from handcraft.hand.skeleton import OCCLUDER_ID
from handcraft.render.kernels import FACE_BITS
from handcraft.scene.lights import Lights, irradiance
from handcraft.scene.occluders import Solids, cube_grid, solid_surface

NOTHING = torch.iinfo(torch.int64).max
FACES_OF_SOLID = len(cube_grid()[1])


@dataclass(frozen=True)
class SolidPixels:
    """Where solids are seen on a grid of pixels or of positions in them, and on which place of which triangle."""

    frame: Int[Tensor, " seen"]
    row: Int[Tensor, " seen"]
    column: Int[Tensor, " seen"]
    solid: Int[Tensor, " seen"]
    corner: Int[Tensor, "seen 3"]
    weight: Float[Tensor, "seen 3"]

    @staticmethod
    def of(
        keys: Int64[Tensor, "batch height width"], corners: Float[Tensor, "batch vertices 3"],
        faces: Int[Tensor, "faces 3"], samples: int,
    ) -> "SolidPixels":  # fmt: skip
        """Read them from the rasteriser's keys; ``samples`` is how finely the pixels of ``corners`` are divided."""
        frame, row, column = (keys != NOTHING).nonzero(as_tuple=True)
        face = keys[frame, row, column] & (int(FACE_BITS) - 1)
        corner = faces[face]
        points = corners[frame[:, None], corner]
        here = (torch.stack([column, row], -1).to(points) + 0.5) / samples
        a, b, c = (points[..., :2] - here[:, None]).unbind(1)
        sides = torch.stack([_area(b, c), _area(c, a), _area(a, b)], -1) / points[..., 2]
        weight = sides / sides.sum(-1, keepdim=True)
        return SolidPixels(frame, row, column, face // FACES_OF_SOLID, corner, weight)

    def interpolated(self, values: Float[Tensor, "batch vertices channels"]) -> Float[Tensor, "seen channels"]:
        """What a quantity known at the vertices is there."""
        return (values[self.frame[:, None], self.corner] * self.weight[..., None]).sum(1)


def label_solids(
    seen: SolidPixels,
    corners: Float[Tensor, "batch vertices 3"],
    normals: Float[Tensor, "batch vertices 3"],
    shape: tuple[int, int, int],
) -> tuple[
    Float[Tensor, "batch height width"], UInt8[Tensor, "batch height width"], Float[Tensor, "batch 3 height width"]
]:
    """Depth, part and normal images of the given shape, zero where no solid is seen."""
    place, device = (seen.frame, seen.row, seen.column), corners.device
    depth_m, parts = torch.zeros(shape, device=device), torch.zeros(shape, dtype=torch.uint8, device=device)
    normal_image = torch.zeros((*shape, 3), device=device)
    depth_m[place] = seen.interpolated(corners[..., 2:])[:, 0]
    parts[place] = OCCLUDER_ID
    normal_image[place] = torch.nn.functional.normalize(seen.interpolated(normals), dim=-1)
    return depth_m, parts, normal_image.permute(0, 3, 1, 2)


def colour_solids(
    seen: SolidPixels, light: Float[Tensor, "seen 3"], shape: tuple[int, int, int], samples: int
) -> Float[Tensor, "batch 4 height width"]:
    """Light averaged over the ``samples`` x ``samples`` positions of every pixel; channel 3 is coverage."""
    total = torch.zeros((*shape, 4), device=light.device)
    here = torch.cat([light, torch.ones_like(light[:, :1])], 1) / (samples * samples)
    total.index_put_((seen.frame, seen.row // samples, seen.column // samples), here, accumulate=True)
    return total.permute(0, 3, 1, 2)


def _area(a: Float[Tensor, "seen 2"], b: Float[Tensor, "seen 2"]) -> Float[Tensor, " seen"]:
    """Twice the area of the triangle of two points and the origin."""
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def shade_solids(
    seen: SolidPixels, normals: Float[Tensor, "batch vertices 3"], solids: Solids, lights: Lights
) -> Float[Tensor, "seen 3"]:
    """Matte, striped along the solids' axes, lit like the hand."""
    local, _ = solid_surface(solids.kind)
    along_m = seen.interpolated((local * solids.half_size_m[..., None, :]).flatten(1, 2))[:, 2]
    stripe = (along_m / solids.stripe_m[seen.frame, seen.solid]).floor() % 2 == 0
    albedo = torch.where(
        stripe[:, None], solids.colour[seen.frame, seen.solid], solids.second_colour[seen.frame, seen.solid]
    )
    normal = torch.nn.functional.normalize(seen.interpolated(normals), dim=-1)
    light = torch.lerp(lights.ground[seen.frame], lights.sky[seen.frame], 0.5 - 0.5 * normal[:, 1:2])
    light = light + irradiance(lights.environment[seen.frame], normal[:, None])[:, 0]
    facing = torch.einsum("sld,sd->sl", lights.directions[seen.frame], normal).clamp_min(0)
    return albedo * (light + torch.einsum("sl,slc->sc", facing, lights.colours[seen.frame]))
