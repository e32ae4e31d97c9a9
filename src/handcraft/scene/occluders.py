# SPDX-License-Identifier: Apache-2.0
"""What stands between camera and hand: boxes, balls and rods of any size, and another person's hand.

All solids share one topology, a cube whose faces are grids, which is pushed out into a ball or a rod; so a batch of
different solids is one array of vertices. They are values in the camera's frame and can be moved like the hand.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand.model import HandMesh
from handcraft.scene.draws import normal_from_uniform
from handcraft.scene.placement import PlacementConfig, camera_rotation

SOLIDS = 2
"""Solids before one hand, at most."""
SOLID_UNIFORMS = 20
OCCLUDER_UNIFORMS = 2 + SOLIDS * SOLID_UNIFORMS
OTHER_PLACE_UNIFORMS = 9

NEAREST_HAND_M = 0.12
"""Another hand nearer than this would fill the picture."""

GRID = 8
"""Squares along the edge of each face of a solid."""


@dataclass(frozen=True)
class OccluderConfig:
    """How often something is in the way."""

    share: float = 0.0
    """Share of samples with one or two solid objects before the hand, where there is room for them."""
    hand_share: float = 0.0
    """Share of samples with another person's hand before the hand, where there is room for one."""

    def __post_init__(self) -> None:
        for name in ("share", "hand_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise HandcraftError(f"Expected `{name}` to be within 0 and 1, but got {getattr(self, name)}.")


class SolidKind(IntEnum):
    """What a cube is pushed out into."""

    BOX = 0
    BALL = 1
    ROD = 2
    """A cylinder along z: a pen, a handle, a cup."""


@dataclass(frozen=True)
class Solids:
    """Solid objects before each frame's hand; colours are linear-light reflectances."""

    kind: Int[Tensor, "batch solids"]
    present: Bool[Tensor, "batch solids"]
    camera_from_solid: Float[Tensor, "batch solids 4 4"]
    half_size_m: Float[Tensor, "batch solids 3"]
    colour: Float[Tensor, "batch solids 3"]
    second_colour: Float[Tensor, "batch solids 3"]
    stripe_m: Float[Tensor, "batch solids"]
    """Width of the stripes along the solid's z axis."""

    @staticmethod
    def none(count: int) -> "Solids":
        """Nothing before any of ``count`` hands."""
        empty = torch.zeros(count, 0)
        three, four = empty[..., None].expand(count, 0, 3), empty[..., None, None].expand(count, 0, 4, 4)
        return Solids(empty.long(), empty.bool(), four, three, three, three, empty)

    def surface(self) -> tuple[Float[Tensor, "batch vertices 3"], Float[Tensor, "batch vertices 3"]]:
        """Vertices and unit outward normals of all solids in the camera's frame; absent ones are behind the camera."""
        local, normals = solid_surface(self.kind)
        rotation = self.camera_from_solid[..., :3, :3].transpose(-1, -2)
        vertices_m = (local * self.half_size_m[..., None, :]) @ rotation + self.camera_from_solid[..., None, :3, 3]
        outwards = (normals / self.half_size_m[..., None, :]) @ rotation
        vertices_m = torch.where(self.present[..., None, None], vertices_m, -1.0)
        return vertices_m.flatten(1, 2), torch.nn.functional.normalize(outwards, dim=-1).flatten(1, 2)

    def faces(self) -> Int[Tensor, "faces 3"]:
        """Triangles over the vertices of :meth:`surface`, wound as those of a right hand."""
        grid, triangles = cube_grid()
        return torch.cat([triangles + number * len(grid) for number in range(self.kind.shape[1])])


def solid_surface(
    kind: Int[Tensor, "batch solids"],
) -> tuple[Float[Tensor, "batch solids vertices 3"], Float[Tensor, "batch solids vertices 3"]]:
    """Vertices and outward normals of solids that fill the cube from -1 to 1."""
    cube, _ = cube_grid()
    square_normal = torch.where(cube.abs() > 1 - 1e-6, cube, 0.0)
    of_face = torch.nn.functional.one_hot(_face_axes(), 3).to(cube) * square_normal
    ball = torch.nn.functional.normalize(cube, dim=-1)
    flat = cube[:, :2]  # squares round the axis become circles
    rod = torch.cat([flat * flat.abs().amax(-1, keepdim=True) / flat.norm(dim=-1, keepdim=True).clamp_min(1e-9),
                     cube[:, 2:]], -1)  # fmt: skip
    side = torch.nn.functional.normalize(rod * torch.tensor([1.0, 1.0, 0.0]), dim=-1)
    rod_normal = torch.where((_face_axes() == 2)[:, None], of_face, side)
    return torch.stack([cube, ball, rod])[kind], torch.stack([of_face, ball, rod_normal])[kind]


@cache
def cube_grid() -> tuple[Float[Tensor, "vertices 3"], Int[Tensor, "faces 3"]]:
    """A cube from -1 to 1 whose six faces are grids of their own, and its triangles."""
    steps = torch.linspace(-1, 1, GRID + 1)
    across, along = (values.flatten() for values in torch.meshgrid(steps, steps, indexing="ij"))
    vertices: list[Tensor] = []
    triangles: list[Tensor] = []
    corner = (torch.arange(GRID)[:, None] * (GRID + 1) + torch.arange(GRID)).flatten()
    upper = torch.stack([corner, corner + GRID + 1, corner + GRID + 2], -1)
    lower = torch.stack([corner, corner + GRID + 2, corner + 1], -1)
    square = torch.cat([upper, lower])  # counter-clockwise seen from the side of axis across x along
    for axis in range(3):
        for sign in (-1.0, 1.0):
            face = torch.zeros(len(across), 3)
            face[:, axis], face[:, (axis + 1) % 3], face[:, (axis + 2) % 3] = sign, across, along
            triangles.append((square if sign > 0 else square.flip(-1)) + len(vertices) * len(across))
            vertices.append(face)
    return torch.cat(vertices), torch.cat(triangles)


def _face_axes() -> Int[Tensor, " vertices"]:
    """Which axis each vertex's face is square to."""
    return torch.arange(3).repeat_interleave(2 * (GRID + 1) ** 2)


def sample_solids(
    uniform: Float[Tensor, "batch columns"], joints_m: Float[Tensor, "batch 21 3"], config: OccluderConfig
) -> Solids:
    """One or two solids before some of the hands, on the way from the camera to one of the hand's keypoints.

    Each stands wholly before the hand's nearest keypoint, so that nothing passes through it.
    """
    count = len(uniform)
    numbers = uniform[:, 2:].reshape(count, SOLIDS, SOLID_UNIFORMS)
    occluded = (uniform[:, 0] < config.share)[:, None]
    present = occluded & torch.stack([torch.ones(count), uniform[:, 1] < 0.3], 1).bool()
    kind = (3 * numbers[..., 0]).long().clamp_max(2)
    length_m, width_m = 0.02 + 0.08 * numbers[..., 1].square(), 0.008 + 0.03 * numbers[..., 2:4]
    of_kind = torch.stack([
        torch.cat([width_m, length_m[..., None]], -1),
        (0.012 + 0.035 * numbers[..., 2:3]).expand(-1, -1, 3),
        torch.cat([0.4 * width_m[..., :1].expand(-1, -1, 2), 1.2 * length_m[..., None]], -1),
    ])  # fmt: skip
    half_size_m = torch.gather(of_kind, 0, kind[None, ..., None].expand(1, -1, -1, 3))[0]
    target = (21 * numbers[..., 4]).long().clamp_max(20)
    aimed_m = torch.gather(joints_m, 1, target[..., None].expand(-1, -1, 3))
    aimed_m = aimed_m + 0.04 * (numbers[..., 5:8] - 0.5) * torch.tensor([1.0, 1.0, 0.0])
    nearest_m = joints_m[..., 2].amin(1)[:, None] - 0.02
    depth_m = nearest_m - half_size_m.norm(dim=-1) - 0.1 * numbers[..., 8] * nearest_m
    present = present & (depth_m - half_size_m.norm(dim=-1) > 0.05)
    # What is nearer to the camera is smaller, so that it looks as large as if it were at the hand.
    half_size_m = half_size_m * (depth_m / aimed_m[..., 2]).clamp(0.2, 1)[..., None]
    centre_m = aimed_m * (depth_m / aimed_m[..., 2])[..., None]
    transform = torch.eye(4).repeat(count, SOLIDS, 1, 1)
    transform[..., :3, :3] = rotation_from_axis_angle(3 * normal_from_uniform(numbers[..., 9:12]))
    transform[..., :3, 3] = centre_m
    colour, second = 0.02 + 0.8 * numbers[..., 12:15].square(), 0.02 + 0.8 * numbers[..., 15:18].square()
    second = torch.where(numbers[..., 18:19] < 0.5, colour, second)
    return Solids(kind, present, transform, half_size_m, colour, second, 0.004 + 0.02 * numbers[..., 19])


def place_before(
    uniform: Float[Tensor, "batch 9"], other: HandMesh, hidden_m: Float[Tensor, "batch points 3"], share: float
) -> Float[Tensor, "batch 4 4"]:
    """``camera_from_hand`` of other hands that reach in before some of the points ``hidden_m`` (camera frame).

    Each stands wholly before the nearest of the points, with one of its keypoints before one of them and the rest of it
    on the side away from the rest of them, so that not all is hidden. A hand that is not drawn, by chance or because it
    would be nearer than ``NEAREST_HAND_M``, is put behind the camera.
    """
    rows = torch.arange(len(uniform))
    reaching = uniform[:, :8] * torch.tensor([1.0, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0])  # tilted away: arms come near
    rotation = camera_rotation(reaching, PlacementConfig())
    touching = (21 * uniform[:, 0]).long().clamp_max(20)
    points = hidden_m.shape[1]
    aimed_m = hidden_m[rows, (points * uniform[:, 5]).long().clamp_max(points - 1)]
    own_m = other.keypoints_m @ rotation.transpose(-1, -2)
    away_m, hidden_away_m = own_m.mean(1) - own_m[rows, touching], hidden_m.mean(1) - aimed_m
    same_side = (away_m * hidden_away_m)[:, :2].sum(1) > 0
    half_turn = torch.where(same_side, -1.0, 1.0)[:, None] * torch.tensor([1.0, 1.0, 0.0]) + torch.tensor([0, 0, 1.0])
    rotation = half_turn[..., None] * rotation
    turned_m, own_m = (points @ rotation.transpose(-1, -2) for points in (other.vertices_m, other.keypoints_m))
    touching_m = own_m[rows, touching]
    depth_m = hidden_m[..., 2].amin(1) - 0.005 - 0.05 * uniform[:, 6] - turned_m[..., 2].amax(1)
    seen_m = aimed_m * ((depth_m + touching_m[:, 2]) / aimed_m[:, 2])[:, None]
    absent = (uniform[:, 8] >= share) | (depth_m + own_m[..., 2].amin(1) < NEAREST_HAND_M)
    transform = torch.eye(4).repeat(len(uniform), 1, 1)
    transform[:, :3, :3] = rotation
    transform[:, :2, 3] = (seen_m - touching_m)[:, :2]
    transform[:, 2, 3] = torch.where(absent, -10.0, depth_m)
    return transform
