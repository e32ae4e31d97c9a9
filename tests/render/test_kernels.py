# SPDX-License-Identifier: Apache-2.0
"""Laws of the rasteriser, on a few triangles of known shape."""

import torch
import warp as wp
from torch import Tensor

from handcraft.render import kernels
from handcraft.render.renderer import NEAREST_DEPTH_M

NOTHING = int(torch.iinfo(torch.int64).max)


def nearest_faces(corners: Tensor, faces: Tensor, size: int, *, facing: float = 1.0) -> Tensor:
    """Which triangle each pixel of each frame shows; -1 where none. Corners are (u px, v px, depth m)."""
    keys = torch.full((len(corners), size, size), NOTHING)
    arguments = [
        kernels.warp_array(corners, wp.vec3), kernels.warp_array(faces.int(), wp.vec3i),
        kernels.warp_array(torch.full((len(corners),), facing), wp.float32), 1.0, NEAREST_DEPTH_M,
        kernels.warp_array(keys, wp.int64),
    ]  # fmt: skip
    wp.launch(kernels.rasterise, dim=(len(corners), len(faces)), inputs=arguments, device="cpu")
    return torch.where(keys == NOTHING, -1, keys % (1 << 20))


def test_pixels_whose_centre_lies_inside_are_drawn() -> None:
    corners = torch.tensor([[[1.0, 1.0, 0.5], [1.0, 5.0, 0.5], [5.0, 1.0, 0.5]]])
    drawn = nearest_faces(corners, torch.tensor([[0, 1, 2]]), 6)[0] == 0
    rows, columns = torch.meshgrid(torch.arange(6) + 0.5, torch.arange(6) + 0.5, indexing="ij")
    assert torch.equal(drawn, (rows > 1) & (columns > 1) & (rows + columns <= 6))


def test_a_triangle_is_seen_from_one_side_only_and_from_the_other_for_a_left_hand() -> None:
    corners = torch.tensor([[[1.0, 1.0, 0.5], [1.0, 5.0, 0.5], [5.0, 1.0, 0.5]]])
    outwards, inwards = torch.tensor([[0, 1, 2]]), torch.tensor([[0, 2, 1]])
    for faces, facing in ((inwards, 1.0), (outwards, -1.0)):
        assert (nearest_faces(corners, faces, 6, facing=facing) == -1).all()
    assert torch.equal(nearest_faces(corners, inwards, 6, facing=-1.0), nearest_faces(corners, outwards, 6))


def test_the_nearer_of_two_triangles_is_seen_in_perspective() -> None:
    """One goes from 0.2 m on the left to 2 m on the right, the other stands square at 0.6 m."""
    slanting = torch.tensor([[0.0, 0.0, 0.2], [0.0, 200.0, 0.2], [200.0, 0.0, 2.0]])
    square = torch.tensor([[0.0, 0.0, 0.6], [0.0, 200.0, 0.6], [200.0, 0.0, 0.6]])
    seen = nearest_faces(torch.cat([slanting, square])[None], torch.tensor([[0, 1, 2], [3, 4, 5]]), 199)[0]
    columns = torch.arange(199) + 0.5
    inverse_depth = torch.lerp(torch.tensor(1 / 0.2), torch.tensor(1 / 2.0), columns / 200)  # linear in the image
    assert torch.equal(seen[0], (inverse_depth < 1 / 0.6).long())
    assert 0.1 < seen[0].float().mean() < 0.4


def test_the_drawing_order_does_not_matter() -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(1, 60, 3, generator=generator) * torch.tensor([40.0, 40.0, 1.0]) + torch.tensor([0.0, 0, 0.3])
    faces = torch.randint(0, 60, (200, 3), generator=generator)
    forwards, backwards = nearest_faces(corners, faces, 40), nearest_faces(corners, faces.flip(0), 40)
    assert torch.equal(forwards, torch.where(backwards < 0, -1, 199 - backwards))


def test_triangles_that_share_an_edge_leave_no_crack_between_them() -> None:
    """Edges that run through many pixels' centres, where rounding decides which side a centre is on."""
    generator = torch.Generator().manual_seed(0)
    rise, run = torch.randint(1, 20, (2, 400), generator=generator).float()
    back, on = -4 - torch.rand(400, generator=generator), 12 + torch.rand(400, generator=generator)
    first, second = (torch.stack([32.5 + run * way, 32.5 + rise * way], -1) for way in (back, on))
    upper, lower = torch.tensor([1e3, -1e3]).expand(400, 2), torch.tensor([-1e3, 1e3]).expand(400, 2)
    places = torch.stack([first, second, upper, lower], 1)
    corners = torch.cat([places, torch.full((400, 4, 1), 0.5)], -1)
    seen = nearest_faces(corners, torch.tensor([[0, 1, 2], [1, 0, 3]]), 64)
    for frame in range(400):
        along = torch.arange(-1, 2)
        rows, columns = (32 + rise[frame] * along).long(), (32 + run[frame] * along).long()
        assert (seen[frame, rows, columns] >= 0).all()


def test_a_triangle_that_reaches_behind_the_camera_is_dropped() -> None:
    corners = torch.tensor([[[1.0, 1.0, 0.5], [1.0, 5.0, 0.5], [5.0, 1.0, -0.5]]])
    assert (nearest_faces(corners, torch.tensor([[0, 1, 2]]), 6) == -1).all()
